"""Records one stream: decides where segments, runs and periods begin and end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import msgspec

from handfast.kit.clock import Clock
from handfast.kit.ids import Ids
from handfast.media.feed import Feed, SegmentClosed, StreamGauge
from handfast.media.lane import FileClosed
from handfast.media.live_tap import LiveTap
from handfast.media.periods import PeriodMint
from handfast.media.sealing import OpenSegment
from handfast.media.stream_periods import SECOND_US, StreamPeriods
from handfast.media.units import VIDEO, AccessUnit, Codec, StreamKey, TrackConfig
from handfast.media.writer import MIB, Volume
from handfast.model.media import Stream
from handfast.seal.close import encode_config
from handfast.seal.format import NO_PREDECESSOR, SegmentHeader
from handfast.seal.format import Codec as SealedCodec
from handfast.seal.format import TrackConfig as SealedTrack
from handfast.seal.keytree import LEAVES

_GOLDEN: Final = 0.618034
_CODECS: Final = {
    Codec.H264: SealedCodec.H264,
    Codec.H265: SealedCodec.H265,
    Codec.AAC: SealedCodec.AAC,
    Codec.PCMU: SealedCodec.PCMU,
    Codec.PCMA: SealedCodec.PCMA,
    Codec.OPUS: SealedCodec.OPUS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPolicy:
    """How long segments, groups of pictures and periods may become.

    Attributes:
        segment_s: A segment closes at the first keyframe after this long.
        late_keyframe_s: The camera is asked for a keyframe this often when none comes.
        longest_s: A segment without a keyframe ends after this long; what follows is lost
            up to the next keyframe, because a segment has to begin with one.
        largest_bytes: Likewise by size.
        group_bytes: Most that is kept of a group of pictures for viewers who join.
        period_s: A key period ends at the first keyframe after this long.
        clock_step_us: A period also ends when the system's clock has moved this much against
            the monotonic clock.
    """

    segment_s: float = 10.0
    late_keyframe_s: float = 30.0
    longest_s: float = 600.0
    largest_bytes: int = 512 * MIB
    group_bytes: int = 4 * MIB
    period_s: float = 24 * 3600.0
    clock_step_us: int = SECOND_US


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderParts:
    """What every stream of an ingest process records with.

    Attributes:
        owner: Stands in every header.
        ask_keyframe: Asks a camera for a keyframe; must not call back.
    """

    owner: UUID
    clock: Clock
    ids: Ids
    mint: PeriodMint
    feed: Feed
    policy: SegmentPolicy
    ask_keyframe: Callable[[StreamKey], None]


class StreamRecorder:
    """One stream on its way to one volume. Ingest thread only; never waits.

    Attributes:
        stream: Whose pictures.
        volume: Where they go.
        lane: The way there.
        tap: Where viewers join.
        predecessor: Id of the newest segment that goes to disk, or 16 zero bytes.
    """

    def __init__(
        self,
        stream: StreamKey,
        parts: RecorderParts,
        *,
        volume: Volume,
        predecessor: bytes = NO_PREDECESSOR,
        number: int = 0,
    ) -> None:
        """Order the first key period.

        Args:
            stream: Whose pictures.
            parts: What to record with.
            volume: Where to.
            predecessor: Id of the newest segment that is stored of this stream.
            number: Different for each stream; spreads the ends of segments over time.
        """
        self.stream = stream
        self.volume = volume
        self.lane = volume.lane()
        self.tap = LiveTap(stream, parts.feed, group_bytes=parts.policy.group_bytes)
        self._parts = parts
        self._policy = parts.policy
        self._monotonic = parts.clock.monotonic
        self.predecessor = predecessor
        # Otherwise all streams of a node would close their files in the same second.
        self._first_s = self._policy.segment_s * (1 - number * _GOLDEN % 1)
        self._begun = 0
        self._config = b""
        self._reconfigured = True
        self._periods = StreamPeriods(
            stream,
            mint=parts.mint,
            clock=parts.clock,
            period_s=parts.policy.period_s,
            clock_step_us=parts.policy.clock_step_us,
        )
        self._segment: OpenSegment | None = None
        self._closing: dict[bytes, SegmentClosed] = {}
        self._missed = 0  # video units lost since the last segment that was stored
        self._keyframe_at = 0.0
        self._asked_at = 0.0
        self._units = self._bytes = self._lost_units = self._late_keyframes = 0

    def configured(self, tracks: tuple[TrackConfig, ...]) -> None:
        """Take what decoders need from the next keyframe on; a new segment begins there."""
        self._config = encode_config([_sealed_track(track) for track in tracks])
        self._reconfigured = True

    def unit(self, unit: AccessUnit, received_us: int) -> None:
        """Seal one unit, or count it as lost while there is nothing it could belong to."""
        now = self._monotonic()
        if unit.key and unit.track == VIDEO:
            self._begin_group(now)
        elif self._segment is not None and now >= self._segment.leaf_end:
            self._go_on(now, self._segment)
        if (segment := self._segment) is None:
            self._lost_units += unit.track == VIDEO
            self._missed += unit.track == VIDEO
            return
        self._units += 1
        self._bytes += segment.seal(unit, now, received_us)

    def sweep(self) -> None:
        """End a run whose second is over although no unit came since; a few times a second."""
        now = self._monotonic()
        if self._segment is not None and self._segment.is_idle(now):
            self._segment.end_run(now)

    def close_segment(self) -> None:
        """End the segment in progress; recording goes on with the next keyframe."""
        segment, self._segment = self._segment, None
        if segment is None:
            return
        closed = segment.close(self._monotonic())
        if closed.path:
            self._closing[closed.segment] = closed
        else:
            self._missed += closed.lost_units
            self._lost_units += closed.lost_units
            self._parts.feed.emit(closed)

    def file_closed(self, outcome: FileClosed) -> None:
        """Tell that a segment is durable."""
        closed = self._closing.pop(outcome.segment)
        self._lost_units += outcome.lost_pictures
        if not outcome.bytes and self.predecessor == outcome.segment:
            self.predecessor = NO_PREDECESSOR
        self._parts.feed.emit(_settled(closed, outcome))

    @property
    def prepared(self) -> bool:
        """Whether there is a key period, so that units need not be lost."""
        return self._periods.prepared

    @property
    def closing(self) -> bool:
        """Whether a file is still to be closed."""
        return bool(self._closing)

    def gauge(self) -> StreamGauge:
        """Return the counts so far."""
        return StreamGauge(
            stream=self.stream,
            units=self._units,
            bytes=self._bytes,
            lost_units=self._lost_units,
            late_keyframes=self._late_keyframes,
        )

    def _begin_group(self, now: float) -> None:
        self._keyframe_at = self._asked_at = now
        if self._must_roll(now):
            self.close_segment()
            self._open_segment(now)
        elif self._segment is not None:
            self._segment.begin_run(now, self._config)
            self._periods.check(now)

    def _must_roll(self, now: float) -> bool:
        segment = self._segment
        if segment is None or self._reconfigured or self._periods.change():
            return True
        refused = segment.stored and self.volume.overflows(self.lane)
        if refused or segment.stored != self.volume.accepts(self.lane):
            return True
        target_s = self._first_s if self._begun == 1 else self._policy.segment_s
        return now - segment.opened >= target_s

    def _go_on(self, now: float, segment: OpenSegment) -> None:
        """Begin a new run within a group of pictures when the second is over."""
        leaf = segment.leaf_at(now)
        if leaf == segment.leaf:
            return  # the clocks' fractions differ by a microsecond
        self._periods.check(now)
        self._check_keyframe(now)
        if self._is_too_long(now, leaf, segment):
            self.close_segment()
            self._parts.ask_keyframe(self.stream)
            return
        segment.begin_run(now, None)

    def _is_too_long(self, now: float, leaf: int, segment: OpenSegment) -> bool:
        policy = self._policy
        if segment.stored and self.volume.overflows(self.lane):
            return True
        long = now - segment.opened >= policy.longest_s
        return long or segment.size >= policy.largest_bytes or leaf >= LEAVES

    def _open_segment(self, now: float) -> None:
        if self._periods.current is None:
            self._periods.change()
        clock = self._periods.current
        if clock is None or clock.leaf(now) >= LEAVES:
            return
        header = SegmentHeader(
            stream=Stream(self.stream.stream),
            rendition=self.stream.rendition,
            owner=self._parts.owner,
            camera=self.stream.camera,
            period=clock.period.id,
            segment=self._parts.ids.secret(16),
            period_start_us=clock.period.started_us,
            start_us=clock.wall_us(now),
            predecessor=self.predecessor,
        )
        stored = self.volume.accepts(self.lane)
        self._segment = OpenSegment(
            header,
            clock=clock,
            lane=self.lane if stored else None,
            tap=self.tap,
            opened=now,
        )
        if stored:
            self.predecessor = header.segment
            self._segment.lost_units, self._missed = self._missed, 0
        self._reconfigured = False
        self._begun += 1
        self._segment.begin_run(now, self._config)
        self._periods.check(now)

    def _check_keyframe(self, now: float) -> None:
        if now - self._asked_at >= self._policy.late_keyframe_s:
            self._asked_at = now
            self._late_keyframes += 1
            self._parts.ask_keyframe(self.stream)


def _settled(closed: SegmentClosed, outcome: FileClosed) -> SegmentClosed:
    return msgspec.structs.replace(
        closed,
        bytes=outcome.bytes,
        lost_units=closed.lost_units + outcome.lost_pictures,
        recovered=outcome.broken,
    )


def _sealed_track(track: TrackConfig) -> SealedTrack:
    return SealedTrack(
        track=track.track,
        codec=_CODECS[track.codec],
        clock_rate=track.clock_rate,
        width=track.width,
        height=track.height,
        channels=track.channels,
        extradata=track.extradata,
    )
