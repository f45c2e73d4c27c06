"""A hub with a school's node and people, in process or served for real."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec

from handfast.bus.local_bus import LocalBus
from handfast.bus.nats_node import NatsNodeBus
from handfast.bus.node_login import HubLogin
from handfast.bus.ports import NodeBus
from handfast.bus.tokens import BusTokens
from handfast.hub.app import BusSide, Hub, Readiness, World, build_hub, hear_nodes, run_hub
from handfast.hub.config import BusSection, HttpSection, HubConfig, LimitSection
from handfast.hub.journal import Journal
from handfast.hub.metrics import Metrics
from handfast.hub.serve import HttpServer, listen, url_of, uvicorn_config
from handfast.hub.usecases.admit import admit
from handfast.kit.clock import Clock, SystemClock
from handfast.kit.ids import Ids, SystemIds
from handfast.protocol.wire import LoginAnswer, LoginChallenge
from handfast.storage.sqlite_hub import SqliteHubStore
from tests.city.people import FIRE, HUB, NODE, POLICE, SCHOOL, Device, Organisation
from tests.city.scripted_node import Decide, ScriptedNode
from tests.fakes.steady import CountingIds, HandClock

ORIGIN = "https://police.example"
JSON = {"Content-Type": "application/json"}


@dataclass(kw_only=True)
class HubWorld:
    """A running hub and who is around it."""

    hub: Hub
    clock: Clock
    ids: Ids
    client: httpx.AsyncClient
    url: str
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Found a school, the police and the fire brigade, and equip them."""
        now_us = self.clock.now_us()
        self.school = Organisation(id=SCHOOL, name="School", ids=self.ids, now_us=now_us)
        self.police = Organisation(id=POLICE, name="Police", ids=self.ids, now_us=now_us)
        self.fire = Organisation(id=FIRE, name="Fire", ids=self.ids, now_us=now_us)
        self.node_device = self.school.node(NODE)
        self.officer = self.police.officer()
        self.dispatch = self.police.dispatch()

    async def enrol(self) -> None:
        """Admit the three organisations as the operator does."""
        now_us = self.clock.now_us()
        owner, police = self.school.card(), self.police.card(*self.dispatch.chain)
        transact = self.hub.services.store.transact
        await transact(lambda tables: admit(tables, "owner", owner, now_us=now_us))
        await transact(lambda tables: admit(tables, "agency", police, now_us=now_us))
        fire = self.fire.card()
        await transact(lambda tables: admit(tables, "agency", fire, now_us=now_us))

    async def admit_owner(self, owner: Organisation) -> None:
        """Admit another owner."""
        now_us = self.clock.now_us()
        await self.hub.services.store.transact(
            lambda tables: admit(tables, "owner", owner.card(), now_us=now_us)
        )

    async def post(self, path: str, body: object, token: str | None = None) -> httpx.Response:
        """Post JSON under /api/v1."""
        headers = JSON if token is None else {**JSON, "Authorization": f"Bearer {token}"}
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return await self.client.post(f"/api/v1{path}", content=content, headers=headers)

    async def get(self, path: str, token: str | None = None) -> httpx.Response:
        """Get under /api/v1."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return await self.client.get(f"/api/v1{path}", headers=headers)

    async def challenge(self, device: Device, *, of: str = "/login") -> LoginChallenge:
        """Fetch a challenge to log in."""
        said = await self.post(f"{of}/challenge", {"device": device.key.fingerprint})
        return msgspec.json.decode(said.content, type=LoginChallenge)

    async def log_in(self, device: Device) -> str:
        """Log an officer in and return the token."""
        challenge = await self.challenge(device)
        ask = device.log_in(challenge.challenge, challenge.audience, at_us=self.clock.now_us())
        said = await self.post("/login", ask)
        assert said.status_code == 200, said.text
        return msgspec.json.decode(said.content, type=LoginAnswer).token

    async def join(self, bus: NodeBus, decide: Decide) -> ScriptedNode:
        """Let the school's node connect."""
        node = ScriptedNode(self.node_device, decide)
        node.bus = bus
        there = asyncio.Event()
        bus.on_connection(lambda connected: there.set() if connected else None)
        self.tasks.append(asyncio.create_task(bus.run(node)))
        await asyncio.wait_for(there.wait(), 10)
        return node

    async def stop(self) -> None:
        """Let the nodes leave."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def config_in(directory: Path, **limits: int) -> HubConfig:
    """Return a configuration on free ports of the loopback."""
    return HubConfig(
        id=HUB,
        directory=str(directory),
        http=HttpSection(port=0, agency_origins=(ORIGIN,)),
        bus=BusSection(port=0),
        limits=LimitSection(**limits),
    )


@dataclass(kw_only=True)
class LocalHub(HubWorld):
    """A hub in process, on a bus in process, with a clock that tests move."""

    bus: LocalBus
    manual: HandClock

    async def node(self, decide: Decide) -> ScriptedNode:
        """Log the school's node in over HTTP and connect it to the bus."""
        challenge = await self.challenge(self.node_device, of="/nodes/login")
        ask = self.node_device.log_in(
            challenge.challenge, challenge.audience, at_us=self.clock.now_us()
        )
        said = await self.post("/nodes/login", ask)
        assert said.status_code == 200, said.text
        return await self.join(self.bus.node(NODE), decide)


@asynccontextmanager
async def local_hub(directory: Path, **limits: int) -> AsyncIterator[LocalHub]:
    """Run a hub in process; HTTP goes straight into the application."""
    clock, ids = HandClock(), CountingIds()
    config, logger = config_in(directory, **limits), logging.getLogger("test.hub")
    store, bus = SqliteHubStore(directory / "hub.sqlite"), LocalBus()
    side = BusSide(
        bus=bus,
        tokens=BusTokens(clock=clock, ids=ids),
        url="nats://127.0.0.1:1",
        is_ready=Readiness(),
    )
    hub = build_hub(
        config,
        World(clock=clock, ids=ids, logger=logger),
        store=store,
        side=side,
        metrics=Metrics(),
        journal=Journal(logger, clock),
    )
    transport = httpx.ASGITransport(app=hub.api)  # type: ignore[arg-type] # types ASGI loosely
    async with AsyncExitStack() as stack:
        stack.callback(store.close)
        await stack.enter_async_context(hear_nodes(hub))
        client = httpx.AsyncClient(transport=transport, base_url="http://hub")
        await stack.enter_async_context(client)
        world = LocalHub(
            hub=hub, clock=clock, ids=ids, client=client, url="", bus=bus, manual=clock
        )
        stack.push_async_callback(world.stop)
        await world.enrol()
        yield world


@dataclass(kw_only=True)
class ServedHub(HubWorld):
    """A hub served over HTTP with its NATS server."""

    tls: ssl.SSLContext | None = None

    async def node(self, decide: Decide) -> ScriptedNode:
        """Connect the school's node as a real one does."""
        bus = NatsNodeBus(
            NODE,
            fetch_access=self.login(tls=self.tls),
            ids=self.ids,
            on_notice=lambda _: None,
            tls=self.tls,
        )
        return await self.join(bus, decide)

    def login(self, *, tls: ssl.SSLContext | None) -> HubLogin:
        """Return how the school's node logs in."""
        return HubLogin(
            self.url,
            key=self.node_device.key,
            certificate=self.node_device.chain[0],
            clock=self.clock,
            tls=tls,
        )

    def socket_url(self, path: str) -> str:
        """Return the URL of a WebSocket under /api/v1."""
        return f"{self.url.replace('http', 'ws', 1)}/api/v1{path}"


@asynccontextmanager
async def served_hub(
    directory: Path,
    *,
    config: HubConfig | None = None,
    tls: ssl.SSLContext | None = None,
    **limits: int,
) -> AsyncIterator[ServedHub]:
    """Run a hub as `handfast hub run` does, inside this process."""
    clock = SystemClock()
    ids = SystemIds(clock)
    config = config or config_in(directory, **limits)
    world_in = World(clock=clock, ids=ids, logger=logging.getLogger("test.hub"))
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(run_hub(config, world_in))
        listening = listen(config.http)
        server = HttpServer(uvicorn_config(config.http, hub.api))
        serving = asyncio.create_task(server.serve(sockets=[listening]))

        async def stop() -> None:
            server.stop()
            await serving

        stack.push_async_callback(stop)
        url = url_of(config.http, listening)
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=url, verify=tls or True)
        )
        world = ServedHub(hub=hub, clock=clock, ids=ids, client=client, url=url, tls=tls)
        stack.push_async_callback(world.stop)
        await world.enrol()
        yield world
