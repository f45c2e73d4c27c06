"""The hub, put together. Read this first: nothing else constructs its parts.

nodes ==NATS==> bus -> NodeEar -> usecases -> store
pages --HTTP/WebSocket--> http -> pep -> usecases -> bus -> nodes
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from litestar import Litestar

from handfast.bus.callout import AccountKey, CalloutService
from handfast.bus.link import Login
from handfast.bus.nats_bus import NatsHubBus
from handfast.bus.nats_server import NatsServer, ServerPlan
from handfast.bus.ports import HubBus
from handfast.bus.tokens import BusTokens
from handfast.hub.config import HubConfig
from handfast.hub.event_board import EventBoard
from handfast.hub.hearing import EarParts, NodeEar, Terms
from handfast.hub.http.routes import build_api
from handfast.hub.journal import Journal
from handfast.hub.limits import RateLimit
from handfast.hub.live import LiveRelay
from handfast.hub.metrics import Metrics
from handfast.hub.pep import HubPep
from handfast.hub.ports import HubStore
from handfast.hub.presence import Presence
from handfast.hub.services import Services
from handfast.hub.sessions import Challenges, Sessions
from handfast.hub.usecases.forward_request import Forwarder
from handfast.hub.usecases.relay_recorded import RecordedRelay
from handfast.kit.clock import Clock
from handfast.kit.ids import Ids
from handfast.storage.files import make_directory
from handfast.storage.sqlite_hub import SqliteHubStore

DATABASE: Final = "hub.sqlite"
_CALLOUT_INBOX: Final = "_INBOX_callout"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the hub is given from outside: time, chance and where to write lines."""

    clock: Clock
    ids: Ids
    logger: logging.Logger


@dataclass(frozen=True, slots=True, kw_only=True)
class BusSide:
    """A bus that runs: the hub's side, where nodes dial, and whether it is reachable."""

    bus: HubBus
    tokens: BusTokens
    url: str
    is_ready: "Readiness"


class Readiness:
    """Whether the bus is reachable; a bus in process always is."""

    def __init__(self, bus: NatsHubBus | None = None) -> None:
        """Ask `bus`."""
        self._bus = bus

    def __call__(self) -> bool:
        """Return whether it is reachable now."""
        return self._bus is None or self._bus.connected


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A hub that hears its nodes; `api` is served by whoever runs it."""

    services: Services
    ear: NodeEar
    api: Litestar


@asynccontextmanager
async def run_hub(config: HubConfig, world: World) -> AsyncIterator[Hub]:
    """Run a whole hub: database, NATS server, callout, bus. Everything stops on leaving.

    Raises:
        UnavailableError: The NATS server does not start.
        InvalidError: The database was written by another version.
    """
    directory = Path(config.directory)
    make_directory(directory)
    async with AsyncExitStack() as stack:
        store = SqliteHubStore(directory / DATABASE)
        stack.callback(store.close)
        metrics = Metrics()
        journal = Journal(world.logger, world.clock)
        side = await stack.enter_async_context(_run_bus(config, world, metrics, journal))
        hub = build_hub(config, world, store=store, side=side, metrics=metrics, journal=journal)
        await stack.enter_async_context(hear_nodes(hub))
        yield hub


def build_hub(
    config: HubConfig,
    world: World,
    *,
    store: HubStore,
    side: BusSide,
    metrics: Metrics,
    journal: Journal,
) -> Hub:
    """Put the parts together; nothing runs yet."""
    clock, ids = world.clock, world.ids
    board, presence = EventBoard(), Presence(clock)
    live = LiveRelay(
        bus=side.bus,
        metrics=metrics,
        journal=journal,
        clock=clock,
        limit=config.limits.viewer_queue,
    )
    pep = HubPep(
        config.id,
        store=store,
        challenges=Challenges(clock=clock, ids=ids),
        sessions=Sessions(clock=clock, ids=ids, most=config.limits.sessions),
        clock=clock,
    )
    services = Services(
        config=config,
        clock=clock,
        store=store,
        bus=side.bus,
        bus_url=lambda: side.url,
        is_ready=side.is_ready,
        tokens=side.tokens,
        pep=pep,
        presence=presence,
        board=board,
        live=live,
        recorded=RecordedRelay(bus=side.bus, metrics=metrics),
        forwarder=Forwarder(store=store, bus=side.bus, clock=clock),
        metrics=metrics,
        journal=journal,
        logins=RateLimit(config.limits.logins_per_minute, clock=clock),
        malformed=RateLimit(config.limits.malformed_per_minute, clock=clock),
    )
    parts = EarParts(
        store=store,
        presence=presence,
        board=board,
        live=live,
        metrics=metrics,
        journal=journal,
        clock=clock,
        ids=ids,
        terms=Terms(
            radius_m=config.incidents.radius_m,
            close_after_us=config.incidents.close_after_s * 1_000_000,
        ),
    )
    return Hub(services=services, ear=NodeEar(parts), api=build_api(services, world.logger))


@asynccontextmanager
async def hear_nodes(hub: Hub) -> AsyncIterator[None]:
    """Listen to all nodes and keep time, until left."""
    subscription = await hub.services.bus.hear_nodes(hub.ear)
    keeping = asyncio.create_task(hub.ear.keep_time(), name="hub-time")
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await subscription.close()


@asynccontextmanager
async def _run_bus(
    config: HubConfig, world: World, metrics: Metrics, journal: Journal
) -> AsyncIterator[BusSide]:
    clock, ids = world.clock, world.ids

    def _notice(text: str) -> None:
        metrics.notices.inc()
        journal.warn(f"bus {text}", f"bus: {text}")

    key = AccountKey(ids.secret(32))
    tokens = BusTokens(clock=clock, ids=ids)
    server = NatsServer(_server_plan(config), issuer=key.public, ids=ids, on_notice=_notice)
    tls = _trust(config.bus.authority) if config.bus.certificate else None
    async with AsyncExitStack() as stack:
        await server.start()
        stack.push_async_callback(server.stop)
        callout = CalloutService(key=key, redeem=tokens.redeem, clock=clock, on_notice=_notice)
        await callout.open(
            Login(
                url=server.url,
                user="callout",
                password=server.callout_password,
                inbox_prefix=_CALLOUT_INBOX,
                tls=tls,
            )
        )
        stack.push_async_callback(callout.close)
        bus = NatsHubBus(on_notice=_notice)
        await bus.open(server.url, user="hub", password=server.hub_password, tls=tls)
        stack.push_async_callback(bus.close)
        yield BusSide(bus=bus, tokens=tokens, url=server.public_url, is_ready=Readiness(bus))


def _server_plan(config: HubConfig) -> ServerPlan:
    bus = config.bus
    return ServerPlan(
        directory=Path(config.directory) / "bus",
        host=bus.host,
        port=bus.port,
        certificate=Path(bus.certificate) if bus.certificate else None,
        key=Path(bus.key) if bus.key else None,
        name=bus.name or None,
    )


def _trust(authority: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority or None)
