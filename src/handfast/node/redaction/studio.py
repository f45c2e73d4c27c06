"""The node's side of its redaction processes: starts, feeds, listens, replaces, ends them."""

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio
import msgspec
from anyio.abc import TaskGroup

from handfast.kit.clock import Clock
from handfast.media.feed import Event, RenditionState, UnitCopied
from handfast.media.units import StreamKey
from handfast.media.worker_link import Attach, Frames, RequestKeyframe, Stop, frame
from handfast.node.redaction.orders import Begin, Order

_LOG: Final = logging.getLogger(__name__)
_READ: Final = 1 << 18
_EVENTS_AHEAD: Final = 1024
_EXIT_S: Final = 5.0
_PAUSE_S: Final = 1.0
_LINGER_S: Final = 15.0
_BACKLOG: Final = 4 << 20  # bytes that wait for a process before pictures are left out
_PROGRAM: Final = "handfast.node.redaction.process"  # not imported: it loads the models
FAILED: Final = "redaction-failed"


def redaction_command(periods: Path, key_file: Path) -> tuple[str, ...]:
    """Return the command line, to which `Studio` appends the descriptor.

    Args:
        periods: Database of `SqlitePeriods`.
        key_file: Its wrapping key; both must exist.
    """
    return (sys.executable, "-m", _PROGRAM, str(periods), str(key_file))


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioSetup:
    """How redaction processes are started.

    Attributes:
        command: Program and arguments; the number of the descriptor that connects it to the
            node is appended.
        begin: Returns what a process is told first about a stream.
    """

    command: Sequence[str]
    begin: Callable[[StreamKey], Begin]


@dataclass(slots=True)
class _Making:
    """One rendition being made. Event loop only."""

    stream: StreamKey
    writer: asyncio.StreamWriter | None = None
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    ends_at: float | None = None  # monotonic; nobody looks, but somebody may come back
    skipping: bool = False

    def tell(self, order: Order) -> None:
        """Send an order if the process is there; its successor begins anew anyway."""
        if self.writer is not None and not self.writer.is_closing():
            self.writer.write(frame(msgspec.msgpack.encode(order)))

    def feed(self, unit: UnitCopied) -> None:
        """Send a picture; one that lags goes on with a later keyframe."""
        if self.writer is None:
            return
        waiting = self.writer.transport.get_write_buffer_size()
        self.skipping = waiting > _BACKLOG or (self.skipping and not unit.key)
        if not self.skipping:
            self.tell(unit)


class Studio:
    """All redaction processes of a node. Event loop only; only `run` and `events` wait.

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
        self._decode = msgspec.msgpack.Decoder(Event).decode

    async def run(self) -> None:
        """Keep the processes running until cancelled; all of them end then."""
        async with anyio.create_task_group() as group:
            self._group = group
            for making in self._made.values():
                group.start_soon(self._make, making)
            try:
                while True:
                    await anyio.sleep(1)
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
        making = self._made.get(stream)
        if making is not None:
            making.ends_at = None
            making.tell(Attach(stream=stream))
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
        if making := self._made.get(stream):
            making.tell(RequestKeyframe(stream=stream))

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
                making.tell(Stop())
                making.scope.cancel()

    async def _make(self, making: _Making) -> None:
        """Run processes for a rendition until it is not wanted; a broken one is replaced."""
        with making.scope:
            while True:
                code = await self._live(making)
                _LOG.error("redaction of %s ended with status %s", making.stream, code)
                await self._events.put(
                    RenditionState(stream=making.stream, state="whole", reason=FAILED)
                )
                await anyio.sleep(_PAUSE_S)

    async def _live(self, making: _Making) -> int:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self._setup.command,
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
            )
        reader, making.writer = await asyncio.open_connection(sock=ours)
        try:
            making.skipping = True  # a decoder begins with a key unit
            making.tell(self._setup.begin(making.stream))
            making.tell(Attach(stream=making.stream))
            await self._listen(reader)
        finally:
            making.writer.close()
            making.writer = None
            with anyio.CancelScope(shield=True):
                code = await _exit_status(process)
        return code

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        frames = Frames()
        with suppress(ConnectionError):
            while data := await reader.read(_READ):
                for message in frames.feed(data):
                    await self._events.put(self._decode(message))


async def _exit_status(process: asyncio.subprocess.Process) -> int:
    """Wait until the process has exited; one that does not is killed."""
    with anyio.move_on_after(_EXIT_S):
        return await process.wait()
    process.kill()
    return await process.wait()
