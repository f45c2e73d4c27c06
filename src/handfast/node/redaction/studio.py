"""Live redacted renditions: a process for each, while somebody looks."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import anyio
from anyio.abc import TaskGroup

from handfast.kit.clock import Clock
from handfast.media.feed import (
    Event,
    Gauges,
    RenditionState,
    SegmentOpened,
    TracksFollowed,
    UnitCopied,
    WorkerLost,
)
from handfast.media.units import KeptTrack, StreamKey
from handfast.media.worker_link import Attach, Detach, RequestKeyframe
from handfast.model.media import TrackKind
from handfast.node.redaction.child import Child
from handfast.node.redaction.orders import Begin
from handfast.node.redaction.standby import Standby
from handfast.seal.format import decode_header

_LOG: Final = logging.getLogger(__name__)
_EVENTS_AHEAD: Final = 1024
_PAUSE_S: Final = 1.0
_LINGER_S: Final = 15.0
_LOOK_S: Final = 1.0
_EXIT_S: Final = 5.0
_BACKLOG: Final = 4 << 20  # bytes that wait for a process before pictures are left out
FAILED: Final = "redaction-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioSetup:
    """How redaction processes are started.

    Attributes:
        standby: Gives out processes.
        begin: Returns what a process is told first about a stream.
    """

    standby: Standby
    begin: Callable[[StreamKey], Begin]


@dataclass(slots=True)
class _Making:
    """One rendition being made, and those of it that leave one track clear. Event loop only.

    What its process has told is forgotten with the process: another one counts anew.
    """

    stream: StreamKey
    child: Child | None = None
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    life: anyio.CancelScope = field(default_factory=anyio.CancelScope)  # of one process
    attached: set[StreamKey] = field(default_factory=set)
    ends_at: float | None = None  # monotonic; nobody looks, but somebody may come back
    skipping: bool = True
    segments: set[bytes] = field(default_factory=set)
    tracks: dict[int, TrackKind] = field(default_factory=dict)

    def hear(self, event: Event) -> None:
        """Take note of what the numbers of tracks mean."""
        match event:
            case SegmentOpened() if event.stream == self.stream:
                self.segments.add(decode_header(event.header).segment)
            case TracksFollowed():
                self.tracks = event.tracks
            case _:
                pass

    def kind_of(self, kept: KeptTrack) -> TrackKind | None:
        """Return what a track is; `None` when the process that gave its number has gone."""
        return self.tracks.get(kept.track) if kept.seen_in in self.segments else None

    def begin_with(self, child: Child) -> None:
        """Tell a new process what is wanted."""
        child.tell(Attach(stream=self.stream))
        self.skipping = True  # a decoder begins with a key unit
        self.child = child

    def lose_child(self) -> None:
        """Forget what the numbers of tracks meant, and whatever was made by them."""
        self.child = None
        self.segments.clear()
        self.tracks = {}
        self.attached = {each for each in self.attached if each.kept is None}

    def renew(self) -> None:
        """Have another process go on; one that has not been told what to make need not."""
        if self.child is not None:
            self.lose_child()
            self.life.cancel()

    def feed(self, unit: UnitCopied) -> None:
        """Send a picture; one that lags goes on with a later keyframe."""
        if self.child is None:
            return
        self.skipping = self.child.waiting > _BACKLOG or (self.skipping and not unit.key)
        if not self.skipping:
            self.child.tell(unit)


class Studio:
    """All live renditions of a node. Event loop only; only `run` and `events` wait.

    A process lives while its rendition is attached, and a little longer: whoever looks at
    another camera and back need not wait for a new one.
    """

    def __init__(self, setup: StudioSetup, *, clock: Clock) -> None:
        """Start nothing yet."""
        self._setup = setup
        self._clock = clock
        self._made: dict[StreamKey, _Making] = {}
        self._events: asyncio.Queue[Event] = asyncio.Queue(_EVENTS_AHEAD)
        self._group: TaskGroup | None = None

    async def run(self) -> None:
        """Keep the processes running until cancelled; all of them end then."""
        async with anyio.create_task_group() as group:
            self._group = group
            for making in self._made.values():
                group.start_soon(self._make, making)
            try:
                while True:
                    await anyio.sleep(_LOOK_S)
                    self._end_unwatched()
            finally:
                self._group = None

    async def events(self) -> AsyncIterator[Event]:
        """Yield what happens to the renditions, in order for each stream, for ever."""
        while True:
            yield await self._events.get()

    @property
    def making(self) -> frozenset[StreamKey]:
        """Renditions that are being made."""
        return frozenset(self._made)

    def attach(self, stream: StreamKey) -> None:
        """Make a rendition if it is not made already; tell it from the present group on.

        One with a track that is not followed is not made.
        """
        if stream.kept is not None and self.kind_of(stream) is None:
            return
        making = self._made.get(stream.redacted)
        if making is None:
            making = self._made[stream] = _Making(stream)
            if self._group is not None:
                self._group.start_soon(self._make, making)
        making.ends_at = None
        making.attached.add(stream)
        if making.child is not None:
            making.child.tell(Attach(stream=stream))

    def detach(self, stream: StreamKey) -> None:
        """Nobody looks any more; the process ends unless somebody comes back soon."""
        making = self._made.get(stream.redacted)
        if making is None:
            return
        making.attached.discard(stream)
        if stream.kept is not None and making.child is not None:
            making.child.tell(Detach(stream=stream))
        if not making.attached:
            making.ends_at = self._clock.monotonic() + _LINGER_S

    def request_keyframe(self, stream: StreamKey) -> None:
        """Begin a group of pictures with the next picture."""
        making = self._made.get(stream.redacted)
        if making is not None and making.child is not None:
            making.child.tell(RequestKeyframe(stream=stream))

    def kind_of(self, stream: StreamKey) -> TrackKind | None:
        """Return what the track is that a stream keeps (`handfast.node.ports.LiveTracks`)."""
        making = self._made.get(stream.redacted)
        if making is None or stream.kept is None:
            return None
        return making.kind_of(stream.kept)

    def renew(self, camera: UUID) -> None:
        """Make a camera's renditions anew (`handfast.node.ports.LiveTracks`)."""
        for making in self._made.values():
            if making.stream.camera == camera:
                making.renew()
        for _ in range(self._events.qsize()):
            event = self._events.get_nowait()
            if isinstance(event, Gauges | WorkerLost) or event.stream.camera != camera:
                self._events.put_nowait(event)

    def feed(self, unit: UnitCopied) -> None:
        """Give a picture in the clear to every rendition that is made of its stream."""
        for making in self._made.values():
            if making.stream.source == unit.stream:
                making.feed(unit)

    def _end_unwatched(self) -> None:
        now = self._clock.monotonic()
        for making in tuple(self._made.values()):
            if making.ends_at is not None and now >= making.ends_at:
                del self._made[making.stream]
                making.scope.cancel()

    async def _make(self, making: _Making) -> None:
        """Run processes for a rendition until it is not wanted; a broken one is replaced."""
        with making.scope:
            while True:
                with anyio.CancelScope() as making.life:
                    status = await self._live(making)
                if making.life.cancelled_caught:
                    continue
                _LOG.error("redaction of %s ended with status %s", making.stream, status)
                failed = RenditionState(stream=making.stream, state="whole", reason=FAILED)
                await self._events.put(failed)
                await anyio.sleep(_PAUSE_S)

    async def _live(self, making: _Making) -> int:
        child = await self._setup.standby.take()
        child.tell(self._setup.begin(making.stream))
        making.begin_with(child)
        try:
            async for event in child.events():
                if making.child is not child:
                    break  # what it has made since is covered as it should not be any more
                making.hear(event)
                await self._events.put(event)
        finally:
            patience_s = _EXIT_S if making.child is child else 0.0
            making.lose_child()
            status = await child.end(patience_s=patience_s)
        return status
