"""The Merkle tree of RFC 9162 section 2.1 (the same as RFC 6962): roots and proofs.

Hashes of complete subtrees are addressed by `(level, index)`: level 0 are the leaf hashes,
and `(level, index)` covers the leaves `index << level` to `(index + 1) << level`, end
exclusive. They never change once written, which is why they can be stored and tiled.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from handfast.kit.errors import CorruptError, InvalidError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Coordinate: TypeAlias = "tuple[int, int]"  # (level, index)
ReadHashes: TypeAlias = "Callable[[Sequence[Coordinate]], Sequence[bytes]]"


class ProofError(CorruptError):
    """A proof does not lead to the root: the log, the entry or the proof was changed."""


def leaf_hash(data: bytes) -> bytes:
    """Hash leaf data: SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """Return the largest power of two below `size` (RFC 9162 2.1.1), `size` at least 2."""
    return 1 << (size - 1).bit_length() - 1


class Edge:
    """The right edge of a growing tree: enough to append and to know the root.

    Not for several threads at once.
    """

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """Continue a tree of `size` leaves.

        Args:
            size: Leaves so far.
            peaks: Hashes at `peak_coordinates(size)`.
        """
        self._size = size
        self._peaks = list(peaks)
        if len(self._peaks) != size.bit_count():
            raise InvalidError(f"a tree of {size} leaves has {size.bit_count()} peaks")

    @property
    def size(self) -> int:
        """Leaves so far."""
        return self._size

    def add(self, data: bytes) -> list[tuple[Coordinate, bytes]]:
        """Append one leaf; return the hashes of all subtrees that it completes, leaf first."""
        index, level, value = self._size, 0, leaf_hash(data)
        complete = [((0, index), value)]
        while index & 1:
            value = node_hash(self._peaks.pop(), value)
            index >>= 1
            level += 1
            complete.append(((level, index), value))
        self._peaks.append(value)
        self._size += 1
        return complete

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


def peak_coordinates(size: int) -> list[Coordinate]:
    """List the complete subtrees that a tree of `size` leaves consists of, left to right."""
    levels = [level for level in range(size.bit_length()) if size >> level & 1]
    return [(level, (size >> level) - 1) for level in reversed(levels)]


class Tree:
    """A tree of one size over stored hashes: its root and its proofs.

    Remembers what it has read and computed, so that the proofs of neighbouring leaves cost
    little. Not for several threads at once.
    """

    def __init__(self, size: int, read: ReadHashes) -> None:
        """Look at the first `size` leaves; `read` returns hashes of complete subtrees."""
        self._size = size
        self._read = read
        self._known: dict[tuple[int, int], bytes] = {}  # by leaf range, end exclusive

    def root(self) -> bytes:
        """Return the root (RFC 9162 2.1.1)."""
        return self._subtree(0, self._size) if self._size else EMPTY_ROOT

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """Prove that leaf `index` is in the tree (RFC 9162 2.1.3.1), lowest hash first.

        Raises:
            InvalidError: The tree has no such leaf.
        """
        if not 0 <= index < self._size:
            raise InvalidError(f"entry {index} is not in a log of {self._size} entries")
        # Below the level where the leaf's path leaves that of the last leaf, and above it to
        # the left, siblings are complete; only where the two part may one be cut by the end.
        inner = (index ^ (self._size - 1)).bit_length()
        places = [(level, index >> level ^ 1) for level in range(inner - 1)]
        places += [
            (level, (index >> level) - 1)
            for level in range(inner, index.bit_length())
            if index >> level & 1
        ]
        hashes = self._read(places)
        if not inner:
            return tuple(hashes)
        cut = self._subtree((index >> inner - 1 ^ 1) << inner - 1, self._size)
        return (*hashes[: inner - 1], cut, *hashes[inner - 1 :])

    def consistency(self, old: int) -> tuple[bytes, ...]:
        """Prove that the first `old` leaves are unchanged (RFC 9162 2.1.4.1).

        Raises:
            InvalidError: `old` is 0 or larger than the tree.
        """
        if not 0 < old <= self._size:
            raise InvalidError(f"a log of {self._size} entries cannot continue one of {old}")
        first, end = 0, self._size
        hashes: list[bytes] = []
        while old != end:
            middle = first + _split(end - first)
            if old <= middle:
                hashes.append(self._subtree(middle, end))
                end = middle
            else:
                hashes.append(self._subtree(first, middle))
                first = middle
        if first:  # otherwise the old root itself is the starting point
            hashes.append(self._subtree(first, end))
        return tuple(reversed(hashes))

    def _subtree(self, first: int, end: int) -> bytes:
        """Return the hash over the leaves `first <= leaf < end`, a range of the tree's own."""
        known = self._known.get((first, end))
        if known is not None:
            return known
        count = end - first
        # Relative to its own start, a range of the tree decomposes like a tree of its size.
        parts = [(level, (first >> level) + index) for level, index in peak_coordinates(count)]
        hashes = self._read(parts)
        value = hashes[-1]
        for left in reversed(hashes[:-1]):
            value = node_hash(left, value)
        self._known[first, end] = value
        return value


def verify_inclusion(
    leaf: bytes, index: int, *, size: int, hashes: Sequence[bytes], root: bytes
) -> None:
    """Check an inclusion proof (RFC 9162 2.1.3.2).

    Args:
        leaf: Leaf hash (not leaf data).
        index: The leaf's position.
        size: Leaves of the tree.
        hashes: The proof, lowest first.
        root: The tree's root, from a signed checkpoint.

    Raises:
        ProofError: The proof does not lead to the root.
    """
    if not 0 <= index < size:
        raise ProofError(f"entry {index} cannot be in a log of {size} entries")
    position, last, value = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            raise ProofError(f"the inclusion proof of entry {index} is too long")
        if position & 1 or position == last:
            value = node_hash(sibling, value)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        position, last = position >> 1, last >> 1
    if last or value != root:
        raise ProofError(f"the inclusion proof of entry {index} does not lead to the root")


def verify_consistency(
    old: int, old_root: bytes, *, new: int, new_root: bytes, hashes: Sequence[bytes]
) -> None:
    """Check that a log of `new` leaves continues one of `old` (RFC 9162 2.1.4.2).

    Raises:
        ProofError: It does not: entries were changed or removed, or the proof is wrong.
    """
    if not 0 < old <= new:
        raise ProofError(f"a log of {new} entries does not continue one of {old}")
    if old == new:
        if hashes or old_root != new_root:
            raise ProofError(f"two logs of {old} entries differ")
        return
    path = list(hashes)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path or _climb(old - 1, new - 1, path) != (old_root, new_root):
        raise ProofError(f"the log of {new} entries does not continue the one of {old}")


def _climb(position: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Fold a consistency path into old and new root; `None` when its length is wrong."""
    while position & 1:
        position, last = position >> 1, last >> 1
    old_value = new_value = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            old_value = node_hash(sibling, old_value)
            new_value = node_hash(sibling, new_value)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new_value = node_hash(new_value, sibling)
        position, last = position >> 1, last >> 1
    return None if last else (old_value, new_value)
