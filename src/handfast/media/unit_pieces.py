"""The unit under construction: pieces of NAL units until they are joined."""

import struct
from typing import Final, TypeAlias

MOST_UNIT: Final = 4 << 20
"""Bytes of the largest picture accepted; a 4K keyframe is about 1 MiB."""

_LENGTH: Final = struct.Struct(">I").pack

Pieces: TypeAlias = list[bytes | memoryview]


class UnitPieces:
    """Collects NAL units, each behind its length, without copying them more than once.

    Pieces point into the receive buffer until `settle`, which has to be called before the
    buffer is reused. A byte is copied at most once there and once by `join`, however slowly
    it comes.

    Attributes:
        done: Finished NAL units with their lengths.
        open: Header and bodies of the fragmented NAL unit under way; the fast path appends.
    """

    __slots__ = ("_settled_done", "_settled_open", "_size", "done", "open")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.done: Pieces = []
        self.open: Pieces = []
        self._settled_done = self._settled_open = self._size = 0

    def add(self, nals: list[memoryview]) -> None:
        """Add whole NAL units."""
        for nal in nals:
            self.done += (_LENGTH(len(nal)), nal)

    def begin(self, header: bytes, body: memoryview) -> None:
        """Begin a fragmented NAL unit with its first body; one under way is dropped."""
        self.open = [header, body]
        self._settled_open = 0

    def close(self) -> None:
        """End the fragmented NAL unit under way."""
        pieces = self.open
        self.done.append(_LENGTH(sum(map(len, pieces))))
        self.done += pieces
        self.open = []
        self._settled_open = 0

    def join(self) -> bytes:
        """Return all finished NAL units and begin anew."""
        data = b"".join(self.done)
        self.clear()
        return data

    def clear(self) -> None:
        """Drop everything."""
        self.done = []
        self.open = []
        self._settled_done = self._settled_open = self._size = 0

    def settle(self) -> bool:
        """Copy what still points into the receive buffer.

        Returns:
            Whether the unit is still small enough; otherwise it has been dropped.
        """
        self._settled_done = self._copy(self.done, self._settled_done)
        self._settled_open = self._copy(self.open, self._settled_open)
        if self._size <= MOST_UNIT:
            return True
        self.clear()
        return False

    def _copy(self, pieces: Pieces, start: int) -> int:
        if len(pieces) > start:
            copy = b"".join(pieces[start:])
            pieces[start:] = [copy]
            self._size += len(copy)
        return len(pieces)
