"""Live redacted renditions: a process for each, while somebody looks."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import anyio
from anyio.abc import TaskGroup

from handfast.kit.clock import Clock
from handfast.media.feed import Event, RenditionState, UnitCopied
from handfast.media.units import StreamKey
from handfast.media.worker_link import Attach, RequestKeyframe
from handfast.node.redaction.child import Child
from handfast.node.redaction.orders import Begin

_LOG: Final = logging.getLogger(__name__)
_EVENTS_AHEAD: Final = 1024
_PAUSE_S: Final = 1.0
_LINGER_S: Final = 15.0
_LOOK_S: Final = 1.0
_BACKLOG: Final = 4 << 20  # bytes that wait for a process before pictures are left out
FAILED: Final = "redaction-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioSetup:
    """How redaction processes are started.

    Attributes:
        command: See `redaction_command`.
        begin: Returns what a process is told first about a stream.
    """

    command: Sequence[str]
    begin: Callable[[StreamKey], Begin]


@dataclass(slots=True)
class _Making:
    """One rendition being made. Event loop only."""

    stream: StreamKey
    child: Child | None = None
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    ends_at: float | None = None  # monotonic; nobody looks, but somebody may come back
    skipping: bool = True

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
        """Make a rendition if it is not made already; tell it from the present group on."""
        if making := self._made.get(stream):
            making.ends_at = None
            if making.child is not None:
                making.child.tell(Attach(stream=stream))
            return
        making = self._made[stream] = _Making(stream)
        if self._group is not None:
            self._group.start_soon(self._make, making)

    def detach(self, stream: StreamKey) -> None:
        """Nobody looks any more; the process ends unless somebody comes back soon."""
        if making := self._made.get(stream):
            making.ends_at = self._clock.monotonic() + _LINGER_S

    def request_keyframe(self, stream: StreamKey) -> None:
        """Begin a group of pictures with the next picture."""
        making = self._made.get(stream)
        if making is not None and making.child is not None:
            making.child.tell(RequestKeyframe(stream=stream))

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
                status = await self._live(making)
                _LOG.error("redaction of %s ended with status %s", making.stream, status)
                failed = RenditionState(stream=making.stream, state="whole", reason=FAILED)
                await self._events.put(failed)
                await anyio.sleep(_PAUSE_S)

    async def _live(self, making: _Making) -> int:
        child = await Child.start(self._setup.command)
        child.tell(self._setup.begin(making.stream))
        child.tell(Attach(stream=making.stream))
        making.skipping = True  # a decoder begins with a key unit
        making.child = child
        try:
            async for event in child.events():
                await self._events.put(event)
        finally:
            making.child = None
            status = await child.end()
        return status
