"""The ingest process: cameras in, sealed segments on disk, events to the node.

It holds no decision and no agreement. When the node goes, it finishes what it has, makes it
durable and exits.
"""

import gc
import logging
import select
from collections.abc import Iterable, Mapping
from pathlib import Path
from socket import socket
from typing import Final

from handfast.kit.clock import Clock
from handfast.kit.errors import InvalidError
from handfast.kit.ids import Ids
from handfast.media.ingest import TICK_S, IngestLoop
from handfast.media.periods import PeriodMint, PeriodStore
from handfast.media.recorder import Recorder
from handfast.media.recording import RecorderParts, SegmentPolicy
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
    NodeLink,
    RemoveStream,
    RequestKeyframe,
    Stop,
    decode_command,
)
from handfast.media.writer import Volume, WritePolicy

_YOUNG_OBJECTS: Final = 50_000
_LOG: Final = logging.getLogger(__name__)
_CONFIGURE_MS: Final = 10_000
_BREATH_S: Final = 0.003
"""Least time between two looks at watched cameras: packets of a picture come in bursts."""


class IngestWorker:
    """The composition of one ingest process and its only loop."""

    def __init__(
        self,
        link: NodeLink[Command],
        configure: Configure,
        *,
        store: PeriodStore,
        clock: Clock,
        ids: Ids,
    ) -> None:
        """Build recorder and reader; nothing runs before `run`."""
        self._link = link
        self._clock = clock
        self._running = True
        self._mint = PeriodMint(store, clock=clock)
        self._volumes = _volumes(configure, clock)
        parts = RecorderParts(
            owner=configure.owner,
            clock=clock,
            ids=ids,
            mint=self._mint,
            feed=link,
            policy=SegmentPolicy(),
            ask_keyframe=self._ask_keyframe,
        )
        self._recorder = Recorder(parts, volumes=self._volumes)
        self._loop = IngestLoop((), self._recorder, clock=clock, ids=ids)
        self._unprepared: list[CameraSource] = []
        self._poll = select.poll()
        self._patient = select.poll()
        self._poll.register(self._loop.urgent_fileno(), select.POLLIN)

    def run(self) -> None:
        """Record until the node says stop or has gone."""
        _quiet_collector()
        self._mint.start()
        for volume in self._volumes.values():
            volume.start()
        while self._running and not self._link.gone:
            due = self._clock.monotonic() + TICK_S
            self._connect()
            self._loop.run_once()
            self._recorder.tick()
            self._link.flush()
            self._wait(due)
        self._loop.close()
        self._recorder.close()
        self._link.close()

    def _connect(self) -> None:
        """Begin to read streams whose first key period is there, and not before."""
        waiting = []
        for source in self._unprepared:
            if self._recorder.prepared(source.key):
                self._loop.add(source)
            else:
                waiting.append(source)
        self._unprepared = waiting

    def _wait(self, due: float) -> None:
        """Wait for the next tick; serve the node and watched cameras meanwhile."""
        poll = self._poll
        while self._running and (left := due - self._clock.monotonic()) > 0:
            events = select.POLLIN | (select.POLLOUT if self._link.wants_write else 0)
            poll.register(self._link, events)
            ready = poll.poll(1000 * (left if poll is self._poll else min(left, _BREATH_S)))
            poll = self._poll
            for descriptor, _ in ready:
                if descriptor == self._link.fileno():
                    self._serve()
                else:
                    self._loop.run_urgent()
                    poll = self._patient
            self._link.flush()
            if self._link.gone:
                return

    def _serve(self) -> None:
        self.obey(self._link.receive())

    def obey(self, commands: Iterable[Command]) -> None:
        """Do what the node says; what makes no sense is logged and left."""
        for command in commands:
            try:
                self._obey(command)
            except InvalidError as error:
                _LOG.warning("command refused: %s", error)

    def _obey(self, command: Command) -> None:
        match command:
            case AddStream():
                root = Path(command.root)
                self._recorder.add(
                    command.source.key, root=root, predecessor=command.predecessor
                )
                self._unprepared.append(command.source)
            case RemoveStream():
                self._loop.relax(command.stream)
                self._loop.remove(command.stream)
                self._unprepared = [s for s in self._unprepared if s.key != command.stream]
                self._recorder.remove(command.stream)
            case Attach() | Detach() | Copy() | EndCopy():
                self._watch(command)
            case RequestKeyframe():
                self._loop.request_keyframe(command.stream)
            case Stop():
                self._running = False
            case Configure():
                raise InvalidError("an ingest process is configured once; start another one")

    def _watch(self, command: Attach | Detach | Copy | EndCopy) -> None:
        """Begin or end to tell units; what somebody waits for is read at once."""
        stream, recorder = command.stream, self._recorder
        match command:
            case Attach():
                recorder.attach(stream)
            case Detach():
                recorder.detach(stream)
            case Copy():
                recorder.copy(stream)
            case EndCopy():
                recorder.end_copy(stream)
        if stream in recorder.watched:
            self._loop.hurry(stream)
        else:
            self._loop.relax(stream)

    def _ask_keyframe(self, stream: StreamKey) -> None:
        self._loop.request_keyframe(stream)


def _quiet_collector() -> None:
    """Look for cycles rarely: units come and go by reference count alone.

    What is loaded now stays for good. Without any collector one run took a tenth less CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)


def run_worker(connection: socket, *, store: PeriodStore, clock: Clock, ids: Ids) -> None:
    """Be an ingest process on the connection to its node until either ends.

    Args:
        connection: A stream socket; the node says `Configure` on it first.
        store: Where key periods are made.
        clock: The system's.
        ids: The system's.
    """
    link: NodeLink[Command] = NodeLink(connection, decode_command)
    waiting = select.poll()
    waiting.register(link, select.POLLIN)
    first: list[Command] = []
    while not first and not link.gone and waiting.poll(_CONFIGURE_MS):
        first = link.receive()
    if not first or not isinstance(first[0], Configure):
        link.close()
        return
    worker = IngestWorker(link, first[0], store=store, clock=clock, ids=ids)
    worker.obey(first[1:])
    worker.run()


def _volumes(configure: Configure, clock: Clock) -> Mapping[Path, Volume]:
    return {
        Path(root): Volume(Path(root), clock=clock, policy=WritePolicy())
        for root in configure.roots
    }
