"""A log's store in memory."""

from collections.abc import Sequence
from threading import Lock

from handfast.audit.leaf import Opening
from handfast.audit.ports import Batch
from handfast.audit.tree import Coordinate
from handfast.kit.errors import ConflictError, NotFoundError, UnavailableError


class FakeLogStore:
    """Keeps the promises of `handfast.audit.ports.LogStore` as long as the process lives.

    Attributes:
        full: Set it and `append` fails as on a full disk.
        batches: What was written, for tests to look at.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.full = False
        self.batches: list[Batch] = []
        self._lock = Lock()
        self._leaves: list[bytes] = []
        self._openings: dict[int, Opening] = {}
        self._hashes: dict[Coordinate, bytes] = {}

    def size(self) -> int:
        """Return how many entries there are."""
        with self._lock:
            return len(self._leaves)

    def checkpoint(self) -> str | None:
        """Return the newest signed checkpoint."""
        with self._lock:
            return self.batches[-1].checkpoint if self.batches else None

    def hashes(self, coordinates: Sequence[Coordinate]) -> list[bytes]:
        """Return stored hashes of complete subtrees."""
        with self._lock:
            try:
                return [self._hashes[place] for place in coordinates]
            except KeyError as error:
                raise NotFoundError(f"no hash at {error}") from error

    def leaves(self, first: int, end: int) -> list[bytes]:
        """Return leaf data."""
        with self._lock:
            if end > len(self._leaves):
                raise NotFoundError(f"no entry {end - 1}")
            return self._leaves[first:end]

    def openings(self, first: int, end: int) -> list[Opening]:
        """Return openings, without erased ones."""
        with self._lock:
            known = (self._openings.get(index) for index in range(first, end))
            return [opening for opening in known if opening is not None]

    def append(self, batch: Batch) -> None:
        """Write a batch atomically."""
        with self._lock:
            if batch.first != len(self._leaves):
                raise ConflictError(f"there are {len(self._leaves)} entries, not {batch.first}")
            if self.full:
                raise UnavailableError("the disk is full")
            self._leaves += batch.leaves
            self._openings |= {opening.index: opening for opening in batch.openings}
            self._hashes |= dict(batch.hashes)
            self.batches.append(batch)

    def erase(self, indexes: Sequence[int]) -> None:
        """Delete salts and entries."""
        with self._lock:
            for index in indexes:
                self._openings.pop(index, None)
