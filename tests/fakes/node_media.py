"""A camera that seals real segments, a recorder that tells of them, viewers that listen."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from handfast.kit.errors import NotFoundError
from handfast.media.feed import (
    Event,
    RunEnded,
    RunStarted,
    SegmentClosed,
    SegmentOpened,
    UnitsSealed,
)
from handfast.media.units import StreamKey
from handfast.model.media import Stream, TrackKind
from handfast.seal.close import SegmentSealer
from handfast.seal.format import NO_PREDECESSOR, SegmentHeader, encode_header
from handfast.seal.keytree import LeafWalker
from handfast.storage.segments import BegunRun, IndexedRun, IndexedSegment, Recording
from handfast.storage.sqlite_periods import Period

SECOND_US = 1_000_000
OWNER = UUID("01900000-0000-7000-8000-00000000000b")


class MemoryPeriods:
    """Period roots in a dictionary."""

    def __init__(self) -> None:
        """Begin empty."""
        self._periods: dict[bytes, Period] = {}

    def add(self, period: Period) -> None:
        """Keep a period."""
        self._periods[period.id] = period

    def find(self, period: bytes) -> Period:
        """Return a period."""
        if period not in self._periods:
            raise NotFoundError("no such period; it was forgotten")
        return self._periods[period]


class FakeRecorder:
    """`handfast.node.ports.Recorder` whose events a test puts in."""

    def __init__(self) -> None:
        """Begin with nobody attached."""
        self.attached: list[StreamKey] = []
        self.keyframes: list[StreamKey] = []
        self.copied: list[StreamKey] = []
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()

    async def events(self) -> AsyncIterator[Event]:
        """Yield what was put in, until `stop`."""
        while (event := await self._events.get()) is not None:
            yield event

    def put(self, event: Event) -> None:
        """Let something happen."""
        self._events.put_nowait(event)

    def stop(self) -> None:
        """End the events."""
        self._events.put_nowait(None)

    def attach(self, stream: StreamKey) -> None:
        """Note that units are wanted."""
        self.attached.append(stream)

    def detach(self, stream: StreamKey) -> None:
        """Note that they are not."""
        self.attached = [each for each in self.attached if each != stream]

    def copy(self, stream: StreamKey) -> None:
        """Note that pictures in the clear are wanted."""
        self.copied.append(stream)

    def end_copy(self, stream: StreamKey) -> None:
        """Note that they are not."""
        self.copied = [each for each in self.copied if each != stream]

    def request_keyframe(self, stream: StreamKey) -> None:
        """Note the wish."""
        self.keyframes.append(stream)


class FakeTracks:
    """`handfast.node.ports.LiveTracks` in which a test says who is followed.

    Attributes:
        followed: What each track is, by redacted stream, number and a segment it was seen in.
        renewed: Cameras whose renditions were made anew, in order.
    """

    def __init__(self) -> None:
        """Begin with nobody in sight."""
        self.followed: dict[tuple[StreamKey, int, bytes], TrackKind] = {}
        self.renewed: list[UUID] = []

    def renew(self, camera: UUID) -> None:
        """Forget what a camera's numbers meant."""
        self.renewed.append(camera)
        self.followed = {
            seen: kind for seen, kind in self.followed.items() if seen[0].camera != camera
        }

    def kind_of(self, stream: StreamKey) -> TrackKind | None:
        """Return what the track is that a stream keeps."""
        kept = stream.kept
        if kept is None:
            return None
        return self.followed.get((stream.redacted, kept.track, kept.seen_in))


@dataclass
class FakeViewers:
    """`handfast.node.ports.Viewers` that keeps every frame, in order."""

    frames: list[tuple[str, bytes]] = field(default_factory=list)

    def stream(self, stream: StreamKey, frame: bytes) -> None:
        """Keep a shared frame under `stream`."""
        del stream  # stories have one camera
        self.frames.append(("stream", frame))

    def grant(self, grant: str, frame: bytes) -> None:
        """Keep a frame of one grant under its id."""
        self.frames.append((grant, frame))

    def of(self, name: str) -> list[bytes]:
        """Return the frames of a grant, or of `stream`."""
        return [frame for to, frame in self.frames if to == name]


@dataclass
class KeyCounter:
    """`handfast.node.ports.Observer` that counts."""

    live: list[tuple[str, int, int]] = field(default_factory=list)
    ranges: list[tuple[str, int, int]] = field(default_factory=list)

    def run_key_released(self, grant: str, *, since_us: int, until_us: int) -> None:
        """Keep what was released."""
        self.live.append((grant, since_us, until_us))

    def range_released(self, grant: str, *, since_us: int, until_us: int) -> None:
        """Keep what was released."""
        self.ranges.append((grant, since_us, until_us))


@dataclass
class Rings:
    """`handfast.node.ports.Bell` that keeps what rang."""

    rung: list[str] = field(default_factory=list)

    def ring(self, what: str) -> None:
        """Keep it."""
        self.rung.append(what)


class FakeCamera:
    """Seals pictures into segments and returns the events a recorder would tell.

    A picture may be taken at any instant not before the last one; a run begins with a new
    second of the period and at each keyframe, a segment when a test asks for it.
    """

    def __init__(
        self,
        camera: UUID,
        periods: MemoryPeriods,
        *,
        started_us: int,
        key: StreamKey | None = None,
    ) -> None:
        """Begin a period at an instant; `key` names another stream than the clear one."""
        self.key = key or StreamKey(camera, "main")
        self._name = b"" if key is None else self.key.rendition.value[:3].encode()
        self.recording = Recording(camera=camera, stream=Stream.MAIN)
        self.files: dict[bytes, bytes] = {}
        self.segments: dict[bytes, IndexedSegment] = {}
        self._periods = periods
        self._period_count = 0
        self.new_period(started_us)
        self._sealer: SegmentSealer | None = None
        self._segment = b""
        self._count = 0
        self._leaf = -1
        self._group: list[Event] = []
        self._start_us = 0
        self._first_pts = 0

    def new_period(self, started_us: int) -> None:
        """Begin a period, as a restart or a step of the clock does; a new segment follows."""
        self._period_count += 1
        name = str(self._period_count).encode()
        self._period = Period(
            id=(b"period" + self._name + name).ljust(16, b"."),
            root=(b"root" + self._name + name).ljust(32, b"."),
            camera=self.key.camera,
            stream=Stream.MAIN,
            rendition=self.key.rendition,
            started_us=started_us,
            monotonic=0.0,
        )
        self._periods.add(self._period)
        self._walker = LeafWalker(self._period.root)

    def picture(self, at_us: int, *, key: bool) -> list[Event]:
        """Take one picture."""
        leaf = (at_us - self._period.started_us) // SECOND_US
        events: list[Event] = []
        if self._sealer is None:
            events += self._open(at_us)
            key = True
        if key or leaf != self._leaf:
            events += self._end_run(at_us)
            events.append(self._begin_run(leaf, at_us, key=key))
        events.append(self._unit(at_us, key=key))
        return events

    def catch_up(self) -> list[Event]:
        """Return what an attached viewer is told of the present group."""
        opened = SegmentOpened(
            stream=self.key, header=self.files[self._segment][:104], path="x", catch_up=True
        )
        events: list[Event] = [opened]
        for event in self._group:
            last = events[-1]
            if isinstance(event, UnitsSealed) and isinstance(last, UnitsSealed):
                # A recorder repeats all units of a run at once.
                events[-1] = msgspec.structs.replace(
                    last,
                    records=last.records + event.records,
                    last_pts=event.last_pts,
                    received_us=event.received_us,
                )
            else:
                events.append(_again(event))
        return events

    def close_segment(self, at_us: int) -> list[Event]:
        """End the segment; the next picture begins another one."""
        events = self._end_run(at_us)
        segment = self.segments[self._segment]
        self._sealer = None
        return [
            *events,
            SegmentClosed(
                stream=self.key,
                segment=self._segment,
                path=segment.path,
                start_us=segment.start_us,
                end_us=at_us,
                bytes=len(self.files[self._segment]),
                lost_units=0,
                recovered=False,
            ),
        ]

    def find(self, segment: bytes) -> IndexedSegment | None:
        """Return one segment (`Segments`)."""
        return self.segments.get(segment)

    def overlapping(
        self, recording: Recording, *, since_us: int, until_us: int
    ) -> tuple[IndexedSegment, ...]:
        """Return segments that overlap a range (`Segments`)."""
        if recording != self.recording:
            return ()
        return tuple(
            each
            for each in self.segments.values()
            if each.runs and each.start_us < until_us and each.end_us > since_us
        )

    def begun(self, recording: Recording) -> tuple[BegunRun, ...]:
        """Return the run in progress (`Segments`)."""
        sealer = self._sealer
        if recording != self.recording or sealer is None or not sealer.unit:
            return ()
        run = BegunRun(
            segment=self._segment,
            period=self._period.id,
            run=sealer.run,
            leaf=self._leaf,
            start_us=self._start_us,
        )
        return (run,)

    def manifest(self, _segment: bytes) -> bytes | None:
        """Return no manifest: everything is still being written (`Segments`)."""
        return None

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Return bytes of a segment (`SegmentBytes`)."""
        if bytes.fromhex(path) not in self.files:
            raise NotFoundError(f"{path} is not here")
        return self.files[bytes.fromhex(path)][offset : offset + length]

    def _open(self, at_us: int) -> list[Event]:
        before = self._segment or NO_PREDECESSOR
        self._count += 1
        self._segment = (f"segment {self._count}".encode() + self._name).ljust(16, b".")
        header = SegmentHeader(
            stream=Stream.MAIN,
            rendition=self.key.rendition,
            owner=OWNER,
            camera=self.key.camera,
            period=self._period.id,
            segment=self._segment,
            period_start_us=self._period.started_us,
            start_us=at_us,
            predecessor=before,
        )
        self._sealer = SegmentSealer(header, self._walker.leaf)
        self._leaf = -1
        encoded = encode_header(header)
        self.files[self._segment] = encoded
        self.segments[self._segment] = IndexedSegment(
            id=self._segment,
            recording=self.recording,
            period=self._period.id,
            header=encoded,
            path=self._segment.hex(),
            start_us=at_us,
            end_us=at_us,
            bytes=len(encoded),
            open=True,
        )
        path = self._segment.hex()
        return [SegmentOpened(stream=self.key, header=encoded, path=path)]

    def _begin_run(self, leaf: int, at_us: int, *, key: bool) -> Event:
        sealer = self._current()
        record = sealer.begin_run(leaf, at_us, b"configuration" if key else None)
        self.files[self._segment] += record
        self._leaf, self._start_us, self._first_pts = leaf, at_us, _pts(at_us)
        event = RunStarted(
            stream=self.key,
            segment=self._segment,
            run=sealer.run,
            leaf=leaf,
            period=self._period.id,
            key=key,
            start_us=at_us,
            record=record,
        )
        if key:
            self._group = []
        self._group.append(event)
        return event

    def _unit(self, at_us: int, *, key: bool) -> Event:
        sealer = self._current()
        head, sealed = sealer.seal_unit(0, key, _pts(at_us), _pts(at_us), b"picture %d" % at_us)
        self.files[self._segment] += head + sealed
        event = UnitsSealed(
            stream=self.key,
            segment=self._segment,
            run=sealer.run,
            first_unit=sealer.unit,
            records=head + sealed,
            last_pts=_pts(at_us),
            received_us=at_us,
        )
        self._group.append(event)
        return event

    def _end_run(self, at_us: int) -> list[Event]:
        sealer = self._current()
        if not sealer.unit:
            return []
        digest = sealer.end_run()
        leaf_end_us = self._period.started_us + (self._leaf + 1) * SECOND_US
        end_us = min(at_us, leaf_end_us)
        run = IndexedRun(
            run=digest.run,
            key=digest.key,
            leaf=digest.leaf,
            start_us=digest.start_us,
            end_us=end_us,
            offset=digest.offset,
            length=digest.length,
            units=digest.units,
            first_pts=digest.first_pts,
            sha256=digest.sha256,
        )
        before = self.segments[self._segment]
        self.segments[self._segment] = IndexedSegment(
            id=before.id,
            recording=before.recording,
            period=before.period,
            header=before.header,
            path=before.path,
            start_us=before.start_us,
            end_us=end_us,
            bytes=digest.offset + digest.length,
            open=True,
            runs=(*before.runs, run),
        )
        return [
            RunEnded(
                stream=self.key,
                segment=self._segment,
                run=run.run,
                leaf=run.leaf,
                key=run.key,
                start_us=run.start_us,
                end_us=run.end_us,
                offset=run.offset,
                length=run.length,
                units=run.units,
                first_pts=run.first_pts,
                sha256=run.sha256,
            )
        ]

    def _current(self) -> SegmentSealer:
        if self._sealer is None:
            raise ValueError("no segment is open")
        return self._sealer


def _pts(at_us: int) -> int:
    return at_us * 9 // 100


def _again(event: Event) -> Event:
    if isinstance(event, RunStarted | UnitsSealed):
        return msgspec.structs.replace(event, catch_up=True)
    return event
