"""A running bus with a hub and nodes, in process or on a real NATS server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from handfast.bus.callout import AccountKey, CalloutService
from handfast.bus.link import Login
from handfast.bus.local_bus import LocalBus
from handfast.bus.nats_bus import NatsHubBus
from handfast.bus.nats_node import NatsNodeBus
from handfast.bus.nats_server import NatsServer, ServerPlan
from handfast.bus.ports import BusAccess, HubBus, NodeBus
from handfast.bus.tokens import BusTokens
from handfast.kit.clock import SystemClock
from handfast.kit.errors import HandfastError
from handfast.kit.ids import SystemIds
from handfast.protocol.wire import (
    AliveAnswer,
    AliveAsk,
    Ask,
    Attach,
    Attached,
    BytesAsk,
    Challenge,
    DecisionAnswer,
    Heartbeat,
    OutboxItem,
    Recordings,
    RecordingsAsk,
)
from handfast.seal.identity import Envelope, Signature

HOUR_US = 3600 * 1_000_000
CLOCK = SystemClock()
PAPER = Envelope(payloadType="x", payload="y", signatures=(Signature(keyid="k", sig="s"),))


class Answers:
    """A node that answers plainly, and fails where a test says so."""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        self.asked: list[object] = []
        self.failure: Exception | None = None
        self.detached = asyncio.Event()

    async def challenge(self) -> Challenge:
        """Answer with a constant."""
        if self.failure is not None:
            raise self.failure
        return Challenge(challenge="c", expires_us=5)

    async def access(self, ask: Ask) -> DecisionAnswer:
        """Hand the request's envelope back."""
        self.asked.append(ask)
        return DecisionAnswer(decision=ask.request)

    async def attach(self, ask: Attach) -> Attached:
        """Say yes."""
        self.asked.append(ask)
        return Attached(ok=True)

    async def alive(self, ask: AliveAsk) -> AliveAnswer:
        """Say no."""
        return AliveAnswer(alive=None, reason=ask.nonce)

    async def detach(self, ask: Attach) -> None:
        """Take note."""
        self.asked.append(ask)
        self.detached.set()

    async def recordings(self, ask: RecordingsAsk) -> Recordings:
        """Answer with one manifest."""
        self.asked.append(ask)
        return Recordings(manifests=[PAPER], open=[])

    async def read_bytes(self, ask: BytesAsk) -> bytes:
        """Return as many zeros as asked."""
        return bytes(ask.length)


class Hearer:
    """A hub that takes note, and refuses what a test says."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self.heartbeats: asyncio.Queue[tuple[str, Heartbeat]] = asyncio.Queue()
        self.committed: list[tuple[str, OutboxItem]] = []
        self.malformed: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.refusal: HandfastError | None = None

    def hear_heartbeat(self, node: str, heartbeat: Heartbeat) -> None:
        """Keep it."""
        self.heartbeats.put_nowait((node, heartbeat))

    async def commit(self, node: str, item: OutboxItem) -> None:
        """Keep it, or refuse."""
        if self.refusal is not None:
            raise self.refusal
        self.committed.append((node, item))

    def hear_malformed(self, node: str, what: str) -> None:
        """Keep it."""
        self.malformed.put_nowait((node, what))


@dataclass
class World:
    """A bus with a hub and any number of nodes."""

    hub: HubBus
    make: Callable[[str], NodeBus]
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def join(self, node: str, answers: Answers) -> NodeBus:
        """Return a node's side once it is connected."""
        bus = self.make(node)
        there = asyncio.Event()
        bus.on_connection(lambda connected: there.set() if connected else None)
        self.tasks.append(asyncio.create_task(bus.run(answers)))
        await asyncio.wait_for(there.wait(), 10)
        return bus

    async def stop(self) -> None:
        """Let all nodes leave."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def callout_login(server: NatsServer) -> Login:
    """Return how the hub's answering of log-ins logs in itself."""
    return Login(
        url=server.url,
        user="callout",
        password=server.callout_password,
        inbox_prefix="_INBOX_c",
    )


def ignore(_notice: str) -> None:
    """Hear nothing."""


@asynccontextmanager
async def local_world(_directory: Path) -> AsyncIterator[World]:
    """Run the bus in process."""
    bus = LocalBus()
    world = World(hub=bus, make=bus.node)
    yield world
    await world.stop()


@asynccontextmanager
async def nats_world(directory: Path) -> AsyncIterator[World]:
    """Run the bus on a server with the callout, as the hub does."""
    ids = SystemIds(CLOCK)
    key = AccountKey(ids.secret(32))
    tokens = BusTokens(clock=CLOCK, ids=ids)
    server = NatsServer(
        ServerPlan(directory=directory), issuer=key.public, ids=ids, on_notice=ignore
    )
    async with AsyncExitStack() as stack:
        await server.start()
        stack.push_async_callback(server.stop)
        callout = CalloutService(key=key, redeem=tokens.redeem, clock=CLOCK, on_notice=ignore)
        await callout.open(callout_login(server))
        stack.push_async_callback(callout.close)
        hub = NatsHubBus(on_notice=ignore)
        await hub.open(server.url, user="hub", password=server.hub_password)
        stack.push_async_callback(hub.close)

        def make(node: str) -> NodeBus:
            async def fetch() -> BusAccess:
                until_us = CLOCK.now_us() + HOUR_US
                token, expires_us = tokens.issue(node, session_until_us=until_us)
                return BusAccess(
                    node=node, token=token, url=server.public_url, expires_us=expires_us
                )

            return NatsNodeBus(node, fetch_access=fetch, ids=ids, on_notice=ignore)

        world = World(hub=hub, make=make)
        stack.push_async_callback(world.stop)
        yield world
