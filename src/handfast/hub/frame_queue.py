"""What one viewer still has to be sent, and what a slow one loses.

Rules (docs/reference/segment-format.md, "Live frames"): a viewer that falls behind loses
whole groups of pictures and continues at the next run that begins at a keyframe; what
belongs to its grant alone (keys, windows, ends, signs of life) is never dropped, but
bounded; after the end of the grant nothing passes. Pure: no I/O, no clock.
"""

import struct
from collections import deque
from dataclasses import dataclass
from typing import Final, NamedTuple

from handfast.kit.errors import CorruptError
from handfast.seal.frames import FrameType, begins_at_keyframe, frame_type

OWN_LIMIT: Final = 1024 * 1024  # bytes of keys and statements; hours of keys
_UNITS: Final = struct.Struct(">B16sII")
_RUN: Final = struct.Struct(">B16sBBII")  # up to and with the run number
_SEGMENT_ID: Final = slice(57, 73)  # of a type 1 frame: type byte, then the header
_SEGMENT_FRAME: Final = 105
_RECORD: Final = struct.Struct(">BBI")  # kind, flags, length
_RECORD_BYTES: Final = 22
_UNIT_KIND: Final = 0x55
_MEDIA: Final = frozenset({FrameType.SEGMENT, FrameType.RUN, FrameType.UNITS})


class _Run(NamedTuple):
    """A run that is being passed on."""

    segment: bytes
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A frame in the queue."""

    frame: bytes
    is_media: bool


class FrameQueue:
    """One viewer's frames, in order. Event loop only."""

    def __init__(self, *, limit: int, header: bytes | None = None) -> None:
        """Begin before the first keyframe.

        Args:
            limit: Bytes of pictures that may wait.
            header: The stream's present type 1 frame, when others already look at it.
        """
        self._limit = limit
        self._queue: deque[_Waiting] = deque()
        self._media_bytes = 0
        self._own_bytes = 0
        self._header = header
        self._header_sent: bytes | None = None  # id of the segment whose header was queued
        self._run: _Run | None = None  # what may be continued; None until the next keyframe
        self._next_unit = 1
        self._behind = False
        self._joined = False
        self.groups_lost = 0
        self.ended = False
        self.is_overrun = False

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def waiting_bytes(self) -> int:
        """How much waits to be sent."""
        return self._media_bytes + self._own_bytes

    def take(self) -> bytes | None:
        """Return the next frame to send; `None` when nothing waits."""
        if not self._queue:
            return None
        first = self._queue.popleft()
        if first.is_media:
            self._media_bytes -= len(first.frame)
        else:
            self._own_bytes -= len(first.frame)
        return first.frame

    def offer_shared(self, frame: bytes) -> None:
        """Take a frame that all viewers of the stream get.

        It counts only after the first frame of the grant: a run's key travels before the
        run, so that nothing earlier could be opened.

        Raises:
            CorruptError: It is cut, or no frame of types 1 to 3; it was dropped.
        """
        kind = frame_type(frame)
        if kind not in _MEDIA:
            raise CorruptError(f"a frame of type {kind.value} came on a stream; dropped")
        if kind is FrameType.SEGMENT:
            self._header = frame
        if self._joined:
            self._take_media(kind, frame)

    def offer_own(self, frame: bytes) -> None:
        """Take a frame of this viewer's grant.

        Raises:
            CorruptError: It is cut or of an unknown type; it was dropped.
        """
        kind = frame_type(frame)
        self._joined = True
        if kind in _MEDIA:
            self._take_media(kind, frame)
            return
        if self.ended or self.is_overrun:
            return
        if kind is FrameType.END:
            self.ended = True
            self._purge()
        if self._own_bytes + len(frame) > OWN_LIMIT and not self.ended:
            self.is_overrun = True
            return
        self._own_bytes += len(frame)
        self._queue.append(_Waiting(frame=frame, is_media=False))

    def _take_media(self, kind: FrameType, frame: bytes) -> None:
        if self.ended or self.is_overrun:
            return
        match kind:
            case FrameType.SEGMENT:
                self._take_header(frame)
            case FrameType.RUN:
                self._take_run(frame)
            case _:
                self._take_units(frame)

    def _take_header(self, frame: bytes) -> None:
        if len(frame) != _SEGMENT_FRAME:
            raise CorruptError("a segment frame is cut or too long; dropped")
        self._header = frame  # queued with the first run that needs it

    def _take_run(self, frame: bytes) -> None:
        if len(frame) < _RUN.size:
            raise CorruptError("a run frame is cut; dropped")
        _, segment, _, _, _, number = _RUN.unpack_from(frame)
        run = _Run(segment, number)
        if self._is_known(run):
            return
        is_key = begins_at_keyframe(frame)
        if not is_key and not self._continues(run):
            self._lose_sync()
            return
        if is_key and self._behind:
            self._purge()
            self._behind = False
        if not self._fits(frame):
            return
        self._queue_header(segment)
        self._queue_media(frame)
        self._run, self._next_unit = run, 1

    def _take_units(self, frame: bytes) -> None:
        segment, number, first, ends = _read_units(frame)
        current = self._run
        if current is None or _Run(segment, number) != current:
            if current is not None and not self._is_known(_Run(segment, number)):
                self._lose_sync()
            return
        if first > self._next_unit:
            self._lose_sync()  # units were lost on the way: the rest of the group is useless
            return
        known = self._next_unit - first
        if known >= len(ends):
            return
        if known:
            head = _UNITS.pack(FrameType.UNITS, segment, number, self._next_unit)
            frame = head + frame[ends[known - 1] :]
        if self._fits(frame):
            self._queue_media(frame)
            self._next_unit = first + len(ends)

    def _is_known(self, run: _Run) -> bool:
        # The present group comes once more on the grant's subject when a viewer joins.
        current = self._run
        return (
            current is not None
            and run.segment == current.segment
            and run.number <= current.number
        )

    def _continues(self, run: _Run) -> bool:
        current = self._run
        return (
            current is not None
            and run.segment == current.segment
            and run.number == current.number + 1
        )

    def _fits(self, frame: bytes) -> bool:
        if self._media_bytes and self._media_bytes + len(frame) > self._limit:
            self._behind = True
            self.groups_lost += 1
            self._lose_sync()
            return False
        return True

    def _lose_sync(self) -> None:
        self._run = None

    def _queue_header(self, segment: bytes) -> None:
        header = self._header
        if header is None or header[_SEGMENT_ID] != segment or self._header_sent == segment:
            return
        self._header_sent = segment
        self._queue_media(header)

    def _queue_media(self, frame: bytes) -> None:
        self._media_bytes += len(frame)
        self._queue.append(_Waiting(frame=frame, is_media=True))

    def _purge(self) -> None:
        """Drop all pictures that wait: what follows begins at a keyframe, or nothing does."""
        self._queue = deque(each for each in self._queue if not each.is_media)
        self._media_bytes = 0
        self._header_sent = None
        self._run = None


def _read_units(frame: bytes) -> tuple[bytes, int, int, list[int]]:
    """Return segment, run, first unit, and where each unit's record ends in the frame."""
    if len(frame) < _UNITS.size:
        raise CorruptError("a units frame is cut; dropped")
    _, segment, number, first = _UNITS.unpack_from(frame)
    ends: list[int] = []
    at = _UNITS.size
    while at < len(frame):
        if at + _RECORD_BYTES > len(frame):
            raise CorruptError("a units frame ends inside a record; dropped")
        kind, _, length = _RECORD.unpack_from(frame, at)
        at += _RECORD_BYTES + length
        if kind != _UNIT_KIND or at > len(frame):
            raise CorruptError("a units frame holds no whole records; dropped")
        ends.append(at)
    if not ends or first < 1:
        raise CorruptError("a units frame holds no units; dropped")
    return segment, number, first, ends
