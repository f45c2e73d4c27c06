"""What the node's heart is put between: outbox, recorder, viewers; fakes and the real ones."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from anyio import to_thread
from anyio.lowlevel import checkpoint

from handfast.bus.local_bus import LocalBus
from handfast.kit.errors import UnavailableError
from handfast.media.ingest_processes import IngestProcesses, IngestSetup
from handfast.media.units import StreamKey
from handfast.media.worker_link import Configure
from handfast.model.media import Rendition, Stream
from handfast.node.hub_link import BusViewers, HubOutbox
from handfast.node.metrics import NodeMetrics
from handfast.node.no_hub import NoHub
from handfast.node.ports import Recorder, ToHub, Viewers
from handfast.protocol.wire import OutboxItem, StreamName
from handfast.seal.identity import Envelope, Signature
from handfast.storage.outbox import Outbox
from tests.fakes.bus_world import Answers
from tests.fakes.node_media import FakeRecorder, FakeViewers
from tests.fakes.node_stores import MemoryOutbox
from tests.fakes.steady import CountingIds, HandClock

ENVELOPE = Envelope(payloadType="t", payload="p", signatures=(Signature(keyid="k", sig="s"),))
CAMERA = StreamKey(UUID(int=7), "main")


class Fake:
    """The fake outbox, read back."""

    def __init__(self, _folder: Path) -> None:
        """Open it."""
        self.outbox = MemoryOutbox()

    def port(self) -> ToHub:
        """Return the port."""
        return self.outbox

    def items(self) -> list[tuple[str, object]]:
        """Return what was put, as it travels."""
        return [(each.kind, each.body) for each in self.outbox.sent]


class Stored:
    """The real outbox, read back."""

    def __init__(self, folder: Path) -> None:
        """Open it."""
        self._path = folder / "outbox.db"
        self._port = HubOutbox(Outbox(self._path), ids=CountingIds(), keep=True)

    def port(self) -> ToHub:
        """Return the port."""
        return self._port

    def items(self) -> list[tuple[str, object]]:
        """Return what waits on the disk."""
        waiting = Outbox(self._path).waiting()
        return [(letter.kind, msgspec.json.decode(letter.body)) for letter in waiting]


def _as_json(value: object) -> object:
    return msgspec.json.decode(msgspec.json.encode(value))


@pytest.mark.parametrize("kind", [Fake, Stored])
async def test_an_outbox_keeps_what_was_put_in_order(
    kind: Callable[[Path], Fake | Stored], tmp_path: Path
) -> None:
    """Envelopes and the text of checkpoints."""
    outbox = kind(tmp_path)
    await to_thread.run_sync(outbox.port().put, "registration", ENVELOPE)
    await to_thread.run_sync(outbox.port().put, "checkpoint", "text\n")
    found = [
        (name, msgspec.json.decode(msgspec.json.encode(body))) for name, body in outbox.items()
    ]
    assert found == [
        ("registration", _as_json(ENVELOPE)),
        ("checkpoint", "text\n"),
    ]


def fake_recorder(_folder: Path) -> Recorder:
    """Return the fake."""
    return FakeRecorder()


def real_recorder(folder: Path) -> Recorder:
    """Return the ingest processes; none is started."""
    setup = IngestSetup(
        command=(sys.executable, "-c", "pass"),
        configure=Configure(owner=UUID(int=1), roots=(str(folder),)),
        count=1,
        predecessor=lambda _stream: bytes(16),
    )
    return IngestProcesses(setup, clock=HandClock())


@pytest.mark.parametrize("make", [fake_recorder, real_recorder])
async def test_a_recorder_takes_orders_for_any_stream_at_any_time(
    make: Callable[[Path], Recorder], tmp_path: Path
) -> None:
    """Unknown streams, double detaching: nothing happens, nothing blocks."""
    recorder = make(tmp_path)
    recorder.attach(CAMERA)
    recorder.attach(CAMERA)
    recorder.request_keyframe(CAMERA)
    recorder.detach(CAMERA)
    recorder.detach(CAMERA)


async def eventually(holds: Callable[[], bool]) -> None:
    """Let other tasks run until something holds."""
    async with asyncio.timeout(5):
        while not holds():
            await checkpoint()


@asynccontextmanager
async def fake_viewers() -> AsyncIterator[tuple[Viewers, Callable[[], list[bytes]]]]:
    """Yield the fake and what it has sent."""
    viewers = FakeViewers()
    yield viewers, lambda: [frame for _, frame in viewers.frames]


@asynccontextmanager
async def bus_viewers() -> AsyncIterator[tuple[Viewers, Callable[[], list[bytes]]]]:
    """Yield the real one on a bus in process, and what the hub has heard."""
    bus, heard = LocalBus(), list[bytes]()
    node = bus.node("n")
    viewers = BusViewers(node, metrics=NodeMetrics())
    connected = asyncio.create_task(node.run(Answers()))
    await eventually(lambda: node.connected)
    await bus.hear_grant("n", "g", heard.append)
    await bus.hear_stream("n", _named(), heard.append)
    task = asyncio.create_task(viewers.run())
    yield viewers, lambda: heard
    for each in (task, connected):
        each.cancel()
    await asyncio.gather(task, connected, return_exceptions=True)


def _named() -> StreamName:
    return StreamName(camera=str(CAMERA.camera), stream=Stream.MAIN, rendition=Rendition.CLEAR)


@pytest.mark.parametrize("make", [fake_viewers, bus_viewers])
async def test_viewers_get_frames_in_the_order_in_which_they_were_sent(
    make: Callable[[], object],
) -> None:
    """A key sent before the units it opens arrives before them."""
    async with make() as (viewers, heard):  # type: ignore[attr-defined] # each a context manager
        viewers.grant("g", b"key")
        viewers.stream(CAMERA, b"run")
        viewers.stream(CAMERA, b"units")
        viewers.grant("g", b"end")
        await eventually(lambda: len(heard()) == 4)
        assert heard() == [b"key", b"run", b"units", b"end"]


async def test_the_outbox_is_drained_in_order_and_only_once_committed(tmp_path: Path) -> None:
    """The hub is away, comes back, and gets everything; then nothing waits."""
    stored = Outbox(tmp_path / "outbox.db")
    outbox = HubOutbox(stored, ids=CountingIds(), keep=True)
    for number in range(5):
        await to_thread.run_sync(outbox.put, "checkpoint", str(number))
    hub = Committing()
    task = asyncio.create_task(outbox.drain(hub))
    await hub.heard(5)
    assert hub.committed == ["0", "1", "2", "3", "4"]
    await to_thread.run_sync(outbox.put, "checkpoint", "5")
    await hub.heard(6)
    await eventually(lambda: len(stored) == 0)
    assert hub.committed[-1] == "5"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Committing(NoHub):
    """A hub that refuses twice and then commits."""

    def __init__(self) -> None:
        """Begin away."""
        self.committed: list[object] = []
        self._refusals = 2
        self._more = asyncio.Condition()

    @property
    def connected(self) -> bool:
        """Always, as far as is known."""
        return True

    async def commit(self, item: OutboxItem) -> None:
        """Refuse twice, then commit."""
        if self._refusals:
            self._refusals -= 1
            raise UnavailableError("not yet")
        async with self._more:
            self.committed.append(item.body)
            self._more.notify_all()

    async def heard(self, count: int) -> None:
        """Wait until so many items were committed."""
        async with self._more, asyncio.timeout(10):
            await self._more.wait_for(lambda: len(self.committed) >= count)
