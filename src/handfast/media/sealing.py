"""One segment being recorded: units in, sealed runs out to its disk and to its viewers."""

from datetime import UTC, datetime

from handfast.media.feed import RunEnded, RunStarted, SegmentClosed, SegmentOpened
from handfast.media.lane import Lane
from handfast.media.live_tap import LiveTap
from handfast.media.stream_periods import SECOND_US, PeriodClock
from handfast.media.units import VIDEO, AccessUnit, StreamKey
from handfast.seal.close import SegmentSealer
from handfast.seal.format import RunDigest, SegmentHeader, encode_header

_DAY = "%Y%m%d"


class OpenSegment:
    """Seals one segment. Ingest thread only.

    Attributes:
        header: What it records.
        opened: Monotonic clock at its first unit.
        leaf: Second of the period that the run in progress or last ended belongs to.
        leaf_end: Monotonic clock at which that second is over.
        lost_units: Video units known to be missing before or inside it.
    """

    def __init__(
        self,
        header: SegmentHeader,
        *,
        clock: PeriodClock,
        lane: Lane | None,
        tap: LiveTap,
        opened: float,
    ) -> None:
        """Begin the segment; the first run must begin at a keyframe.

        Args:
            header: Its segment id must be new.
            clock: Of the header's period.
            lane: Where it is stored; `None` seals it for viewers only.
            tap: Where it is told.
            opened: Monotonic clock at its first unit.
        """
        self.header = header
        self.opened = opened
        self.lost_units = 0
        self.leaf = -1
        self.leaf_end = opened
        self._stream = tap.stream
        self._clock = clock
        self._lane = lane
        self._tap = tap
        self._sealer = SegmentSealer(header, clock.walker.leaf)
        self._chunks: list[bytes] = []
        self._pictures = 0
        self._began = opened
        self._newest = opened
        self._end_us = header.start_us
        self._path = segment_path(header) if lane is not None else ""
        head = encode_header(header)
        if lane is not None:
            lane.begin(self._path, head, opened)
        tap.segment_opened(SegmentOpened(stream=tap.stream, header=head, path=self._path))

    @property
    def stored(self) -> bool:
        """Whether what is sealed now goes to disk."""
        return self._lane is not None

    @property
    def size(self) -> int:
        """Length so far, bytes."""
        return self._sealer.offset

    def leaf_at(self, monotonic: float) -> int:
        """Return the second of the period that an instant lies in."""
        return self._clock.leaf(monotonic)

    def begin_run(self, monotonic: float, config: bytes | None) -> None:
        """End the run in progress, if any, and begin one; `config` at a keyframe only."""
        self.end_run(monotonic)
        leaf = self._clock.leaf(monotonic)
        start_us = self._clock.wall_us(monotonic)
        record = self._sealer.begin_run(leaf, start_us, config)
        self.leaf = leaf
        self.leaf_end = self._clock.leaf_end(leaf)
        self._began = monotonic
        self._chunks = [record]
        self._pictures = 0
        self._tap.run_started(
            RunStarted(
                stream=self._stream,
                segment=self.header.segment,
                run=self._sealer.run,
                leaf=leaf,
                period=self.header.period,
                key=config is not None,
                start_us=start_us,
                record=record,
            )
        )

    def seal(self, unit: AccessUnit, monotonic: float, received_us: int) -> int:
        """Seal a unit into the run in progress and return its bytes."""
        pts = unit.pts
        record, sealed = self._sealer.seal_unit(unit.track, unit.key, pts, unit.dts, unit.data)
        self._chunks += (record, sealed)
        self._pictures += unit.track == VIDEO
        self._newest = monotonic
        size = len(record) + len(sealed)
        self._tap.unit(record, sealed, size, pts, received_us)
        return size

    def end_run(self, monotonic: float) -> None:
        """End the run in progress, if any, and queue it for the disk."""
        if not self._chunks:
            return
        digest = self._sealer.end_run()
        chunks, self._chunks = self._chunks, []
        self._end_us = self._run_end_us(monotonic)
        if self._lane is None:
            self.lost_units += self._pictures
            return
        self._lane.append(
            chunks,
            pictures=self._pictures,
            since=self._began,
            ended=_run_ended(self._stream, self.header.segment, digest, self._end_us),
        )

    def is_idle(self, monotonic: float) -> bool:
        """Say whether a run is in progress whose second is over."""
        return bool(self._chunks) and self._leaf_end_us() <= self._clock.wall_us(monotonic)

    def close(self, monotonic: float) -> SegmentClosed:
        """End the segment.

        Returns:
            What to tell once the disk has it; `bytes` is filled in from `FileClosed`.
        """
        self.end_run(monotonic)
        if self._lane is not None:
            self._lane.finish(self.header.segment)
        return SegmentClosed(
            stream=self._stream,
            segment=self.header.segment,
            path=self._path,
            start_us=self.header.start_us,
            end_us=self._end_us,
            bytes=0,
            lost_units=self.lost_units,
            recovered=False,
        )

    def _leaf_end_us(self) -> int:
        return self._clock.period.started_us + (self.leaf + 1) * SECOND_US

    def _run_end_us(self, monotonic: float) -> int:
        newest = self._clock.wall_us(self._newest)
        return max(newest + 1, min(self._clock.wall_us(monotonic), self._leaf_end_us()))


def segment_path(header: SegmentHeader) -> str:
    """Return where a segment's file lies, relative to the root of its volume."""
    day = datetime.fromtimestamp(header.start_us // SECOND_US, UTC).strftime(_DAY)
    kind = f"{header.stream}-{header.rendition}"
    return f"{header.camera}/{kind}/{day}/{header.segment.hex()}.hfs"


def _run_ended(stream: StreamKey, segment: bytes, digest: RunDigest, end_us: int) -> RunEnded:
    return RunEnded(
        stream=stream,
        segment=segment,
        run=digest.run,
        leaf=digest.leaf,
        key=digest.key,
        start_us=digest.start_us,
        end_us=end_us,
        offset=digest.offset,
        length=digest.length,
        units=digest.units,
        first_pts=digest.first_pts,
        sha256=digest.sha256,
    )
