"""The node's side of its ingest processes: starts, feeds, listens, replaces and stops them."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Final

import anyio
import msgspec

from handfast.kit.clock import Clock
from handfast.media.feed import Event, WorkerLost
from handfast.media.source import CameraSource
from handfast.media.units import StreamKey
from handfast.media.worker_link import (
    AddStream,
    Attach,
    Command,
    Configure,
    Copy,
    Detach,
    EndCopy,
    Frames,
    RemoveStream,
    RequestKeyframe,
    Stop,
    frame,
)

_LOG: Final = logging.getLogger(__name__)
_CAMERAS_PER_PROCESS: Final = 100
_READ: Final = 1 << 18
_EVENTS_AHEAD: Final = 1024
_EXIT_S: Final = 15.0
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
_SOUND_S: Final = 60.0  # a process that lived this long did not fail from the start


def default_count(streams: int, cores: int) -> int:
    """Return how many processes to share `streams` among on a machine with `cores`."""
    return max(1, min(cores, ceil(streams / _CAMERAS_PER_PROCESS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSetup:
    """How ingest processes are started.

    Attributes:
        command: Program and arguments; the number of the descriptor that connects it to the
            node is appended. It calls `handfast.media.worker.run_worker`.
        configure: What each is told first.
        count: How many.
        predecessor: Returns the id of the newest segment of a stream, or 16 zero bytes;
            asked at each start of a process, on the event loop.
    """

    command: Sequence[str]
    configure: Configure
    count: int
    predecessor: Callable[[StreamKey], bytes]


@dataclass(slots=True)
class _Shard:
    """One process and what it records. Event loop only."""

    number: int
    streams: dict[StreamKey, tuple[CameraSource, Path]] = field(default_factory=dict)
    attached: set[StreamKey] = field(default_factory=set)
    copied: set[StreamKey] = field(default_factory=set)
    writer: asyncio.StreamWriter | None = None
    loss_handled: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, command: Command) -> None:
        """Send a command if the process is there; otherwise its successor learns the rest."""
        if self.writer is not None and not self.writer.is_closing():
            self.writer.write(frame(msgspec.msgpack.encode(command)))


class IngestProcesses:
    """All ingest processes of a node. Event loop only; only `run` and `events` wait."""

    def __init__(self, setup: IngestSetup, *, clock: Clock) -> None:
        """Start nothing yet; streams may be added already."""
        self._setup = setup
        self._clock = clock
        self._shards = [_Shard(number) for number in range(setup.count)]
        self._events: asyncio.Queue[tuple[_Shard, Event] | None] = asyncio.Queue(_EVENTS_AHEAD)
        self._lost: _Shard | None = None  # whose loss was yielded last
        self._stopping = asyncio.Event()
        self._decode = msgspec.msgpack.Decoder(Event).decode

    async def run(self) -> None:
        """Keep the processes running; returns after `stop`, when all of them have exited.

        Somebody has to read `events` meanwhile, otherwise the processes leave out live units
        and in the end `run` cannot return.
        """
        async with anyio.create_task_group() as group:
            for shard in self._shards:
                group.start_soon(self._supervise, shard)
        await self._events.put(None)

    async def events(self) -> AsyncIterator[Event]:
        """Yield what happens, in order for each stream, until everything has stopped.

        A process that was lost is replaced when the event after its `WorkerLost` is asked
        for: by then its files can have been recovered.
        """
        while True:
            if self._lost is not None:
                self._lost.loss_handled.set()
                self._lost = None
            item = await self._events.get()
            if item is None:
                return
            shard, event = item
            if isinstance(event, WorkerLost):
                self._lost = shard
            yield event

    def add(self, source: CameraSource, root: Path) -> None:
        """Read and record a stream on the volume at `root`; its settings may be new."""
        self.remove(source.key)
        shard = min(self._shards, key=lambda each: len(each.streams))
        shard.streams[source.key] = (source, root)
        shard.tell(self._addition(source, root))

    def remove(self, stream: StreamKey) -> None:
        """Read it no longer; unknown ones are ignored."""
        if shard := self._shard_of(stream):
            del shard.streams[stream]
            shard.attached.discard(stream)
            shard.copied.discard(stream)
            shard.tell(RemoveStream(stream=stream))

    def attach(self, stream: StreamKey) -> None:
        """Send the units of a stream too; first the present group, marked `catch_up`."""
        if shard := self._shard_of(stream):
            shard.attached.add(stream)
            shard.tell(Attach(stream=stream))

    def detach(self, stream: StreamKey) -> None:
        """Send its units no longer."""
        if shard := self._shard_of(stream):
            shard.attached.discard(stream)
            shard.tell(Detach(stream=stream))

    def copy(self, stream: StreamKey) -> None:
        """Send its pictures in the clear as well (`UnitCopied`), from a keyframe on."""
        if shard := self._shard_of(stream):
            shard.copied.add(stream)
            shard.tell(Copy(stream=stream))

    def end_copy(self, stream: StreamKey) -> None:
        """Send them no longer."""
        if shard := self._shard_of(stream):
            shard.copied.discard(stream)
            shard.tell(EndCopy(stream=stream))

    def request_keyframe(self, stream: StreamKey) -> None:
        """Ask the camera for a keyframe; it may not obey."""
        if shard := self._shard_of(stream):
            shard.tell(RequestKeyframe(stream=stream))

    def stop(self) -> None:
        """Have every process close and sync what it has and exit; `run` returns then."""
        self._stopping.set()
        for shard in self._shards:
            shard.loss_handled.set()
            shard.tell(Stop())

    def _shard_of(self, stream: StreamKey) -> _Shard | None:
        return next((each for each in self._shards if stream in each.streams), None)

    def _addition(self, source: CameraSource, root: Path) -> AddStream:
        predecessor = self._setup.predecessor(source.key)
        return AddStream(source=source, root=str(root), predecessor=predecessor)

    async def _supervise(self, shard: _Shard) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            began = self._clock.monotonic()
            code = await self._live(shard)
            if self._stopping.is_set():
                return
            reason = f"ingest process {shard.number} ended with status {code}"
            _LOG.error("%s; starting another one", reason)
            shard.loss_handled.clear()
            lost = WorkerLost(streams=tuple(shard.streams), reason=reason)
            await self._events.put((shard, lost))
            await shard.loss_handled.wait()
            if self._clock.monotonic() - began >= _SOUND_S:
                pause_s = _FIRST_PAUSE_S
            with anyio.move_on_after(pause_s):
                await self._stopping.wait()
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _live(self, shard: _Shard) -> int:
        """Run one process from start to exit and return its status."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self._setup.command,
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
            )
        reader, shard.writer = await asyncio.open_connection(sock=ours)
        try:
            self._begin(shard)
            await self._listen(shard, reader)
        finally:
            shard.writer.close()
            shard.writer = None
            with anyio.CancelScope(shield=True):
                code = await _exit_status(process)
        return code

    def _begin(self, shard: _Shard) -> None:
        shard.tell(self._setup.configure)
        for source, root in shard.streams.values():
            shard.tell(self._addition(source, root))
        for stream in shard.attached:
            shard.tell(Attach(stream=stream))
        for stream in shard.copied:
            shard.tell(Copy(stream=stream))
        if self._stopping.is_set():
            shard.tell(Stop())

    async def _listen(self, shard: _Shard, reader: asyncio.StreamReader) -> None:
        frames = Frames()
        with suppress(ConnectionError):
            while data := await reader.read(_READ):
                for message in frames.feed(data):
                    await self._events.put((shard, self._decode(message)))


async def _exit_status(process: asyncio.subprocess.Process) -> int:
    """Wait until the process has exited; one that does not is killed."""
    with anyio.move_on_after(_EXIT_S):
        return await process.wait()
    process.kill()
    return await process.wait()
