"""What the log needs from a store, in its own words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from handfast.audit.leaf import Opening
from handfast.audit.tree import Coordinate


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Everything that one group commit writes; it becomes visible at once or not at all.

    Attributes:
        first: Index of the first new entry; equals the size before.
        leaves: Leaf data (32 bytes) of the new entries, in order.
        openings: Salt and entry of each, in order.
        hashes: Hashes of all subtrees that became complete.
        checkpoint: The signed checkpoint over old and new entries.
    """

    first: int
    leaves: tuple[bytes, ...] = field(repr=False)
    openings: tuple[Opening, ...] = field(repr=False)
    hashes: tuple[tuple[Coordinate, bytes], ...] = field(repr=False)
    checkpoint: str


class LogReader(Protocol):
    """The reading side of a log's store. Safe from any thread; blocks for disk reads."""

    def size(self) -> int:
        """Return how many entries are durable."""
        ...

    def checkpoint(self) -> str | None:
        """Return the newest signed checkpoint, `None` before the first entry.

        Its size never exceeds `size()` asked afterwards.
        """
        ...

    def hashes(self, coordinates: Sequence[Coordinate]) -> list[bytes]:
        """Return stored hashes of complete subtrees, in the order asked.

        Raises:
            NotFoundError: One of them is not complete yet.
        """
        ...

    def leaves(self, first: int, end: int) -> list[bytes]:
        """Return the leaf data of the entries `first <= index < end`, 32 bytes each.

        Raises:
            NotFoundError: The log is shorter.
        """
        ...

    def openings(self, first: int, end: int) -> list[Opening]:
        """Return the openings of `first <= index < end`, in order, without erased ones."""
        ...


class LogStore(LogReader, Protocol):
    """A log's store. One process writes; any thread of it may call."""

    def append(self, batch: Batch) -> None:
        """Write a batch atomically; durable (fsynced) when it returns.

        Raises:
            ConflictError: The log does not have `batch.first` entries: somebody else wrote.
            UnavailableError: The disk is full or failed; nothing of the batch is visible.
        """
        ...

    def erase(self, indexes: Sequence[int]) -> None:
        """Delete salt and entry of these leaves for good; durable when it returns.

        The leaves, the tree and every proof given out stay valid. Indexes already erased
        or unknown are passed over.

        Raises:
            UnavailableError: Old pages are still being read by another process; they are
                gone from view but not from the disk. Erase again.
        """
        ...
