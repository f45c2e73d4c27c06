"""Who enters the bus and how far: on the real server with the real callout."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from handfast.bus.callout import AccountKey, CalloutService
from handfast.bus.link import Login, settle
from handfast.bus.nats_bus import NatsHubBus
from handfast.bus.nats_server import NatsServer, ServerPlan
from handfast.bus.tokens import LIFE_US, BusTokens
from handfast.kit.clock import SystemClock
from handfast.kit.errors import InvalidError, UnavailableError
from handfast.kit.ids import SystemIds
from handfast.protocol.subjects import inbox_prefix
from tests.fakes.bus_world import callout_login
from tests.fakes.steady import HandClock

A = "018f0000-0000-7000-8000-00000000000a"
B = "018f0000-0000-7000-8000-00000000000b"
HOUR_US = 3600 * 1_000_000
CLOCK = SystemClock()


@dataclass(kw_only=True)
class Gate:
    """A server whose door is kept, and raw clients that try it."""

    server: NatsServer
    tokens: BusTokens
    hub: NatsHubBus
    stack: AsyncExitStack
    notices: list[str] = field(default_factory=list)
    back: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, notice: str) -> None:
        """Keep a notice; `back` is set once the callout is connected again."""
        self.notices.append(notice)
        if notice == "callout connection back":
            self.back.set()

    def token(self, node: str, *, lasts_us: int = HOUR_US) -> str:
        """Issue a token."""
        token, _ = self.tokens.issue(node, session_until_us=CLOCK.now_us() + lasts_us)
        return token

    async def dial(self, user: str, password: str, errors: list[str] | None = None) -> Client:
        """Connect as a node of any making would; collects what the server complains of."""
        heard = errors if errors is not None else []

        async def note(error: Exception) -> None:
            heard.append(str(error))

        client = Client()
        self.stack.push_async_callback(client.close)  # refused ones hold a socket as well
        await client.connect(
            self.server.url,
            user=user,
            password=password,
            inbox_prefix=inbox_prefix(user),
            allow_reconnect=False,
            max_reconnect_attempts=1,
            error_cb=note,
        )
        return client


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    """Run server, callout and hub."""
    ids = SystemIds(CLOCK)
    key = AccountKey(ids.secret(32))
    tokens = BusTokens(clock=CLOCK, ids=ids)
    notices: list[str] = []
    server = NatsServer(
        ServerPlan(directory=tmp_path), issuer=key.public, ids=ids, on_notice=notices.append
    )
    async with AsyncExitStack() as stack:
        await server.start()
        stack.push_async_callback(server.stop)
        hub = NatsHubBus(on_notice=notices.append)
        gate = Gate(server=server, tokens=tokens, hub=hub, stack=stack)
        callout = CalloutService(
            key=key, redeem=tokens.redeem, clock=CLOCK, on_notice=gate.note
        )
        await callout.open(callout_login(server))
        stack.push_async_callback(callout.close)
        await hub.open(server.url, user="hub", password=server.hub_password)
        stack.push_async_callback(hub.close)
        yield gate


async def heard_by(client: Client, subject: str) -> asyncio.Queue[str]:
    """Return a queue of the subjects a client hears under a pattern, if it may."""
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def listen(message: Msg) -> None:
        heard.put_nowait(message.subject)

    await client.subscribe(subject, cb=listen)
    await settle(client)
    return heard


async def test_a_node_enters_with_its_token_and_speaks_as_itself(gate: Gate) -> None:
    """What it may say arrives at the hub."""
    own = await gate.dial("hub", gate.server.hub_password)
    heard = await heard_by(own, "hf.>")
    node = await gate.dial(A, gate.token(A))
    await node.publish(f"hf.{A}.heartbeat", b"{}")
    assert await asyncio.wait_for(heard.get(), 5) == f"hf.{A}.heartbeat"


async def test_a_node_cannot_speak_as_another(gate: Gate) -> None:
    """Neither as a node nor as the hub; the server refuses, whatever the node runs."""
    own = await gate.dial("hub", gate.server.hub_password)
    heard = await heard_by(own, ">")
    errors: list[str] = []
    node = await gate.dial(B, gate.token(B), errors)
    for subject in (f"hf.{A}.outbox", f"hub.{A}.access", f"_INBOX_{A}.x", "_INBOX_hub.x"):
        await node.publish(subject, b"forged")
    await node.publish(f"hf.{B}.heartbeat", b"{}")
    assert await asyncio.wait_for(heard.get(), 5) == f"hf.{B}.heartbeat"
    await settle(node)
    assert sum("permissions violation for publish" in each.lower() for each in errors) == 4


@pytest.mark.parametrize("pattern", [f"hub.{A}.>", "hub.>", ">", f"_INBOX_{A}.>", f"hf.{A}.>"])
async def test_a_node_cannot_hear_what_is_for_another(gate: Gate, pattern: str) -> None:
    """Asks, answers and frames of other nodes stay theirs."""
    mine, spy = await gate.dial(A, gate.token(A)), await gate.dial(B, gate.token(B))
    overheard = await heard_by(spy, pattern)
    asked = await heard_by(mine, f"hub.{A}.>")
    await gate.hub.tell(A, "access", b"secret question")
    assert await asyncio.wait_for(asked.get(), 5) == f"hub.{A}.access"
    await mine.publish(f"hf.{A}.grant.g", b"frame")
    await settle(mine)
    await settle(spy)
    assert overheard.empty()


async def test_an_answer_reaches_the_hub_and_nobody_can_answer_unasked(gate: Gate) -> None:
    """A node may answer exactly what it was asked, once."""
    errors: list[str] = []
    node = await gate.dial(A, gate.token(A), errors)
    replies: asyncio.Queue[str] = asyncio.Queue()

    async def answer(message: Msg) -> None:
        replies.put_nowait(message.reply)
        await message.respond(b"{}")

    await node.subscribe(f"hub.{A}.*", cb=answer)
    await settle(node)
    assert await gate.hub.ask(A, "challenge", b"", timeout_s=5) == b"{}"
    await node.publish(await replies.get(), b"again")
    await settle(node)
    assert any("permissions violation" in each.lower() for each in errors)


@pytest.mark.parametrize("user", [A, B, "hub", "callout", f"{A}.>", "*", "", "hub.>"])
async def test_a_forged_token_is_refused(gate: Gate, user: str) -> None:
    """Whoever one claims to be, the hub itself included."""
    with pytest.raises(nats.errors.Error):
        await gate.dial(user, "made-up")


async def test_a_token_opens_one_connection_of_one_node(gate: Gate) -> None:
    """Used again, or by another node, it is refused, and then it is burnt."""
    token = gate.token(A)
    await gate.dial(A, token)
    with pytest.raises(nats.errors.Error):
        await gate.dial(A, token)
    stolen = gate.token(A)
    with pytest.raises(nats.errors.Error):
        await gate.dial(B, stolen)
    with pytest.raises(nats.errors.Error):
        await gate.dial(A, stolen)
    assert "a connection to the bus was refused" in gate.notices


async def test_a_connection_closes_when_its_session_ends(gate: Gate) -> None:
    """Nobody has to come and end it."""
    closed = asyncio.Event()

    async def note() -> None:
        closed.set()

    client = await nats.connect(
        gate.server.url,
        user=A,
        password=gate.token(A, lasts_us=2_000_000),
        allow_reconnect=False,
        closed_cb=note,
        error_cb=_quiet,
    )
    gate.stack.push_async_callback(client.close)
    await asyncio.wait_for(closed.wait(), 10)


async def test_the_server_is_started_again_on_the_same_port_when_it_dies(gate: Gate) -> None:
    """Nodes find it where it was; the hub's connection and the callout mend themselves."""
    url, pid = gate.server.url, gate.server.pid
    assert pid is not None
    process = await asyncio.create_subprocess_exec("kill", "-9", str(pid))
    await process.wait()

    await asyncio.wait_for(gate.back.wait(), 20)
    assert gate.server.url == url
    assert gate.server.pid != pid
    await gate.dial(A, gate.token(A))


def test_beyond_loopback_the_bus_needs_tls(tmp_path: Path) -> None:
    """Tokens and requests never cross a network in the clear."""
    with pytest.raises(InvalidError, match="TLS"):
        ServerPlan(directory=tmp_path, host="0.0.0.0")  # noqa: S104 (refused, which is the point)
    with pytest.raises(InvalidError, match="tls"):
        Login(url="nats://10.0.0.1:4222", user="u", password="p", inbox_prefix="i")


async def test_a_server_that_cannot_start_says_where_to_look(tmp_path: Path) -> None:
    """A taken port or a broken certificate is named, not waited for."""
    plan = ServerPlan(
        directory=tmp_path, certificate=tmp_path / "none.pem", key=tmp_path / "none.key"
    )
    server = NatsServer(plan, issuer="A", ids=SystemIds(CLOCK), on_notice=lambda _: None)
    with pytest.raises(UnavailableError, match=r"nats\.log"):
        await server.start()
    await server.stop()


async def _quiet(_error: Exception) -> None:
    """Hear nothing."""


def test_a_token_expires_after_a_minute() -> None:
    """A login that led nowhere opens nothing later."""
    clock = HandClock()
    tokens = BusTokens(clock=clock, ids=SystemIds(CLOCK))
    early, _ = tokens.issue(A, session_until_us=HOUR_US)
    late, expires_us = tokens.issue(A, session_until_us=HOUR_US)
    clock.move(LIFE_US / 1e6 - 1)
    assert clock.now_us() < expires_us
    assert tokens.redeem(A, early) == HOUR_US
    clock.move(1)
    assert tokens.redeem(A, late) is None
