"""What the node knows of one stream while it is sealed: newest unit, newest run, its keys."""

from dataclasses import dataclass, field
from uuid import UUID

from handfast.kit.clock import Clock
from handfast.media.feed import RenditionState, RunEnded, RunStarted, SegmentOpened, UnitsSealed
from handfast.media.units import StreamKey
from handfast.model.media import Rendition, Stream
from handfast.node.release import StartedRun, derive_run_key
from handfast.seal.format import SegmentHeader, decode_header
from handfast.seal.keytree import LeafWalker
from handfast.storage.sqlite_periods import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest unit that was sealed.

    Attributes:
        received_us: Wall clock at which the node received its picture.
        heard: Monotonic seconds at which the node's main process learned of it.
    """

    segment: bytes
    run: int
    unit: int
    pts: int
    received_us: int
    heard: float


@dataclass(slots=True, kw_only=True)
class LiveStream:
    """One stream; changed by the event loop only, in the order of its events.

    Attributes:
        header: Of the segment being written; `None` before the first.
        newest: `None` until a unit was heard since somebody attached.
        last: Segment, run and hash of the newest finished run.
        repeated: A run of a repeated group whose units are still to come.
        redaction: How a redacted rendition is covered just now; `None` for others.
    """

    key: StreamKey
    header: SegmentHeader | None = None
    newest: Newest | None = None
    last: tuple[bytes, int, bytes] | None = None
    repeated: RunStarted | None = None
    redaction: RenditionState | None = None
    _period: bytes = b""
    _walker: LeafWalker | None = field(default=None, repr=False)

    def segment_opened(self, event: SegmentOpened) -> None:
        """Take note of a new segment."""
        self.header = decode_header(event.header)

    def units_sealed(self, event: UnitsSealed, *, clock: Clock) -> None:
        """Take note of the newest unit."""
        count = _count_units(event.records)
        self.newest = Newest(
            segment=event.segment,
            run=event.run,
            unit=event.first_unit + count - 1,
            pts=event.last_pts,
            received_us=event.received_us,
            heard=clock.monotonic(),
        )

    def run_ended(self, event: RunEnded) -> None:
        """Take note of a finished run."""
        self.last = (event.segment, event.run, event.sha256)

    def lacks_root_of(self, period: bytes) -> bool:
        """Tell whether the period's root must be fetched before `run_key`."""
        return self._walker is None or self._period != period

    def take_root(self, period: Period) -> None:
        """Take the root of the period being recorded."""
        self._period = period.id
        self._walker = LeafWalker(period.root)

    def forget_keys(self) -> None:
        """Drop the root: nobody watches."""
        self._walker = None
        self.newest = None
        self.repeated = None

    def run_key(self, run: StartedRun) -> bytes:
        """Derive the key of a run of the present period; `take_root` came before."""
        walker, header = self._walker, self.header
        if walker is None or header is None:
            message = f"stream {self.key.camera}: no root was taken for its run"
            raise ValueError(message)
        codes = (header.stream.code, header.rendition.code)
        return derive_run_key(walker.leaf(run.leaf), header.camera, codes, run)

    def is_of(self, camera: str, stream: Stream, rendition: Rendition) -> bool:
        """Tell whether the segment being written is of a grant's camera and rendition."""
        header = self.header
        if header is None:
            return False
        named = (header.camera, header.stream, header.rendition)
        return named == (UUID(camera), stream, rendition)


def age_us(newest: Newest, *, clock: Clock) -> int:
    """Return how old the newest picture is; a clock set back makes nothing younger."""
    since_heard_us = int((clock.monotonic() - newest.heard) * 1_000_000)
    return max(clock.now_us() - newest.received_us, since_heard_us, 0)


def _count_units(records: bytes) -> int:
    """Count unit records by their lengths; ciphertext is not touched."""
    count = offset = 0
    while offset + _UNIT_HEAD <= len(records):
        length = int.from_bytes(records[offset + 2 : offset + 6], "big")
        offset += _UNIT_HEAD + length
        count += 1
    return count


_UNIT_HEAD = 22  # bytes before the ciphertext (segment-format.md, "Unit record")
