"""The key tree of a period (GGM, HMAC-SHA256) and the keys that hang from its leaves.

A node of the tree gives everything below it and nothing beside or above it, so a range of
seconds is opened by at most 32 nodes. See docs/reference/segment-format.md, "Keys".
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from uuid import UUID

from handfast.kit.errors import InvalidError
from handfast.seal.suite import KEY_BYTES, require_length

DEPTH = 17
LEAVES = 1 << DEPTH  # seconds; a period is at most 24 h = 86,400 of them
COVER_NODES = 2 * (DEPTH - 1)  # the most that a range can need

_BITS = (b"\x00", b"\x01")
_LABEL = ">16sBB"
_NO_SALT: Final = bytes(KEY_BYTES)
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_INNER_PAD: Final = b"\x36" * KEY_BYTES
_OUTER_PAD: Final = b"\x5c" * KEY_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeNode:
    """One node with its key: opens 2^(17-depth) leaves, from `index << (17 - depth)` on.

    Attributes:
        depth: 0 for the root, 17 for a leaf.
        index: Position among the nodes of its depth, from 0.
    """

    depth: int
    index: int
    key: bytes = field(repr=False)

    def child(self, bit: int) -> "TreeNode":
        """Derive the node below on the left (0) or on the right (1)."""
        key = _child(self.key, bit)
        return TreeNode(depth=self.depth + 1, index=self.index << 1 | bit, key=key)


def _child(key: bytes, bit: int) -> bytes:
    return hmac_sha256(key, _BITS[bit])


def _descend(key: bytes, bits: int, levels: int) -> bytes:
    """Walk down `levels` levels along the low `levels` bits of `bits`, highest first."""
    for shift in range(levels - 1, -1, -1):
        key = _child(key, bits >> shift & 1)
    return key


def _require_leaf(leaf: int) -> None:
    if not 0 <= leaf < LEAVES:
        raise InvalidError(f"leaf {leaf} is not in 0..{LEAVES - 1}; begin a new period")


def derive_leaf(root: bytes, leaf: int) -> bytes:
    """Derive the key of second `leaf` of the period (17 HMACs).

    Raises:
        InvalidError: `leaf` is outside the tree, or `root` is no 32-byte key.
    """
    require_length("the period root", root, KEY_BYTES)
    _require_leaf(leaf)
    return _descend(root, leaf, DEPTH)


def cover(root: bytes, first: int, end: int) -> tuple[TreeNode, ...]:
    """Derive the fewest nodes that open the leaves `first <= leaf < end`, in order.

    Returns:
        At most 32 nodes.

    Raises:
        InvalidError: The range is empty or leaves the tree.
    """
    require_length("the period root", root, KEY_BYTES)
    if not 0 <= first < end <= LEAVES:
        raise InvalidError(f"leaves {first}..{end} (end exclusive) are no range of the period")
    nodes: list[TreeNode] = []
    open_ends = [TreeNode(depth=0, index=0, key=root)]
    while open_ends:
        node = open_ends.pop()
        levels = DEPTH - node.depth
        start, stop = node.index << levels, (node.index + 1) << levels
        if first <= start and stop <= end:
            nodes.append(node)
        elif start < end and first < stop:
            open_ends += [node.child(1), node.child(0)]
    return tuple(nodes)


def leaf_of_cover(nodes: Iterable[TreeNode], leaf: int) -> bytes | None:
    """Derive the key of `leaf` from a cover; `None` when the cover does not reach it."""
    _require_leaf(leaf)
    for node in nodes:
        levels = DEPTH - node.depth
        if leaf >> levels == node.index:
            return _descend(node.key, leaf, levels)
    return None


class LeafWalker:
    """Derives leaves in order for about two HMACs each: it keeps the path to the last one.

    Not for several threads at once. The whole path, root included, stays in memory.
    """

    def __init__(self, root: bytes) -> None:
        """Take the period's 32-byte root."""
        require_length("the period root", root, KEY_BYTES)
        self._path = [root]  # keys by depth; [0] is the root
        self._last = 0

    def leaf(self, leaf: int) -> bytes:
        """Return the key of second `leaf` of the period.

        Raises:
            InvalidError: `leaf` is outside the tree.
        """
        _require_leaf(leaf)
        shared = DEPTH - (leaf ^ self._last).bit_length()
        del self._path[shared + 1 :]
        for shift in range(DEPTH - len(self._path), -1, -1):
            self._path.append(_child(self._path[-1], leaf >> shift & 1))
        self._last = leaf
        return self._path[DEPTH]


def stream_label(camera: UUID, stream: int, rendition: int) -> bytes:
    """Name a camera's stream and rendition (their codes) in 18 bytes, for `run_key`."""
    return struct.pack(_LABEL, camera.bytes, stream, rendition)


def run_key(leaf_key: bytes, label: bytes, segment: bytes, run: int) -> bytes:
    """Derive the key that seals one run; different for every segment id and run number."""
    info = b"handfast/v1/run" + label + segment + run.to_bytes(4, "big")
    return hkdf(leaf_key, info)


def commitment(key: bytes) -> bytes:
    """Commit to a run key, because AES-GCM does not: two keys could open one ciphertext."""
    return hkdf(key, b"handfast/v1/commit")


def hkdf(key: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 without salt, 32 bytes: one block (RFC 5869 sections 2.2 and 2.3)."""
    require_length("a key", key, KEY_BYTES)
    return hmac_sha256(hmac_sha256(_NO_SALT, key), info + b"\x01")


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104) with a key of exactly 32 bytes, which is not checked.

    By hand, because OpenSSL 3 spends more time on finding its HMAC than on the hashing: 1.5 us
    instead of 2.8, and 3.2 instead of 14.5 us for `hkdf`. A run needs six of these.
    """
    inner = sha256(key.translate(_INNER) + _INNER_PAD + message).digest()
    return sha256(key.translate(_OUTER) + _OUTER_PAD + inner).digest()
