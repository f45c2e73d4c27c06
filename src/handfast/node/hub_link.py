"""The way to the hub: an outbox that is drained in order, live frames, heartbeats (P12)."""

import logging
from collections import deque
from threading import Lock

import anyio
import msgspec
from anyio import from_thread, to_thread

from handfast.bus.ports import NodeBus
from handfast.kit.errors import HandfastError, Kind
from handfast.kit.ids import Ids
from handfast.media.units import StreamKey
from handfast.model.media import Stream
from handfast.node.metrics import NodeMetrics
from handfast.node.ports import OutboxBody
from handfast.protocol.wire import OutboxItem, OutboxKind, StreamName
from handfast.storage.outbox import Draft, Letter, Outbox

_log = logging.getLogger(__name__)
_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 10.0
_FRAMES_AHEAD = 4000


class HubOutbox:
    """`handfast.node.ports.ToHub`: durable first, then sent in order, again and again.

    `put` is called from worker threads; `drain` belongs to the event loop.
    """

    def __init__(self, outbox: Outbox, *, ids: Ids, keep: bool) -> None:
        """Take the stored queue.

        Args:
            outbox: Where items wait.
            ids: Names for items.
            keep: Whether there is a hub at all; without one nothing is queued.
        """
        self._outbox = outbox
        self._ids = ids
        self._keep = keep
        self._wake = anyio.Event()
        self._lock = Lock()

    def put(self, kind: OutboxKind, body: OutboxBody) -> None:
        """Queue an item. Durable on return."""
        if not self._keep:
            return
        draft = Draft(id=str(self._ids.uuid7()), kind=kind, body=msgspec.json.encode(body))
        with self._lock:
            self._outbox.put([draft])
        from_thread.run_sync(self._wake.set)

    async def drain(self, bus: NodeBus) -> None:
        """Send what waits, in order, for ever; an item goes when the hub has committed it."""
        pause_s = _PAUSE_S
        while True:
            self._wake = anyio.Event()
            letters = await to_thread.run_sync(self._outbox.waiting)
            if not letters:
                await self._wake.wait()
                continue
            if bus.connected and await self._send(bus, letters):
                pause_s = _PAUSE_S
                continue
            with anyio.move_on_after(pause_s):
                await anyio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _send(self, bus: NodeBus, letters: tuple[Letter, ...]) -> bool:
        """Send letters until one fails; `False` when it should be tried again later."""
        for letter in letters:
            try:
                await bus.commit(
                    OutboxItem(
                        id=letter.id,
                        sequence=letter.sequence,
                        kind=msgspec.convert(letter.kind, OutboxKind),
                        body=msgspec.json.decode(letter.body),
                    )
                )
            except HandfastError as error:
                if error.kind is Kind.UNAVAILABLE:
                    return False
                _log.error("the hub refuses a %s for ever: %s", letter.kind, error)
            await to_thread.run_sync(self._outbox.delivered, letter.sequence)
        return True


class BusViewers:
    """`handfast.node.ports.Viewers`: a queue in front of the bus; belongs to one event loop.

    When the bus does not keep up, frames that viewers share are left out, never keys,
    windows or ends.
    """

    def __init__(self, bus: NodeBus, *, metrics: NodeMetrics) -> None:
        """Take the bus."""
        self._bus = bus
        self._metrics = metrics
        self._queue: deque[tuple[StreamKey | str, bytes]] = deque()
        self._wake = anyio.Event()

    def stream(self, stream: StreamKey, frame: bytes) -> None:
        """Send a live frame that all viewers of a stream share."""
        if len(self._queue) < _FRAMES_AHEAD:
            self._queue.append((stream, frame))
            self._wake.set()
        else:
            self._metrics.frames_dropped.inc()

    def grant(self, grant: str, frame: bytes) -> None:
        """Send a live frame of one grant, after everything sent before it."""
        self._queue.append((grant, frame))
        self._wake.set()

    async def run(self) -> None:
        """Send for ever; without a connection frames are dropped, viewers join again."""
        while True:
            while self._queue:
                to, frame = self._queue.popleft()
                if isinstance(to, str):
                    await self._bus.send_grant(to, frame)
                else:
                    await self._bus.send_live(_name(to), frame)
            self._wake = anyio.Event()
            if not self._queue:
                await self._wake.wait()


def _name(stream: StreamKey) -> StreamName:
    return StreamName(
        camera=str(stream.camera),
        stream=Stream(stream.stream),
        rendition=stream.rendition,
    )
