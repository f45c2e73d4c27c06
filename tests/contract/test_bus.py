"""Both buses keep the same promises: in process, and on a real NATS server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from handfast.bus.ports import MAX_PAYLOAD
from handfast.kit.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from handfast.model.media import Rendition, Stream
from handfast.protocol.wire import (
    AliveAnswer,
    AliveAsk,
    Ask,
    Attach,
    BytesAsk,
    Challenge,
    Heartbeat,
    OutboxItem,
    RecordingsAsk,
    StreamName,
)
from tests.fakes.bus_world import PAPER, Answers, Hearer, World, local_world, nats_world

GATE = "018f0000-0000-7000-8000-00000000000a"
ROOF = "018f0000-0000-7000-8000-00000000000b"
GRANT = "018f0000-0000-7000-8000-0000000000aa"
MAIN = StreamName(camera="yard", stream=Stream.MAIN, rendition=Rendition.CLEAR)


@pytest.fixture(params=[local_world, nats_world], ids=["local", "nats"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """Give each test both buses in turn."""
    async with request.param(tmp_path) as running:
        yield running


async def test_asks_reach_their_node_and_answers_come_back(world: World) -> None:
    """Every verb carries its question there and its answer back."""
    answers = Answers()
    await world.join(GATE, answers)
    ask = Ask(request=PAPER, chain=[PAPER], incident=None)
    assert await world.hub.challenge(GATE) == Challenge(challenge="c", expires_us=5)
    assert (await world.hub.access(GATE, ask)).decision == PAPER
    assert (await world.hub.attach(GATE, Attach(grant=GRANT))).ok
    alive = await world.hub.alive(GATE, AliveAsk(grant=GRANT, nonce="n"))
    assert alive == AliveAnswer(alive=None, reason="n")
    wanted = RecordingsAsk(grant=GRANT, from_us=1, until_us=2)
    assert (await world.hub.recordings(GATE, wanted)).manifests == [PAPER]
    piece = BytesAsk(grant=GRANT, segment="s", offset=0, length=1024 * 1024)
    assert len(await world.hub.read_bytes(GATE, piece)) == 1024 * 1024
    await world.hub.detach(GATE, Attach(grant=GRANT))
    await asyncio.wait_for(answers.detached.wait(), 5)
    assert answers.asked == [ask, Attach(grant=GRANT), wanted, Attach(grant=GRANT)]


async def test_a_failure_crosses_the_bus_as_the_same_kind(world: World) -> None:
    """What a node raises is what the hub gets, message included."""
    answers = Answers()
    await world.join(GATE, answers)
    answers.failure = NotFoundError("no such thing; ask for another")
    with pytest.raises(NotFoundError, match="ask for another"):
        await world.hub.challenge(GATE)


async def test_asking_a_node_that_is_not_there_fails_at_once(world: World) -> None:
    """Nobody listening is known without waiting for the timeout."""
    with pytest.raises(UnavailableError, match=ROOF):
        await asyncio.wait_for(world.hub.challenge(ROOF), 2)


async def test_pieces_beyond_the_limit_are_refused_before_they_travel(world: World) -> None:
    """One answer is at most 1 MiB."""
    with pytest.raises(InvalidError):
        await world.hub.read_bytes(
            GATE, BytesAsk(grant=GRANT, segment="s", offset=0, length=1024 * 1024 + 1)
        )


async def test_outbox_items_are_committed_in_order_and_refusals_name_their_kind(
    world: World,
) -> None:
    """A node knows the difference between committed, never and not now."""
    hearer = Hearer()
    subscription = await world.hub.hear_nodes(hearer)
    node = await world.join(GATE, Answers())
    items = [
        OutboxItem(id=str(n), sequence=n, kind="checkpoint", body="text") for n in range(1, 6)
    ]
    for item in items:
        await node.commit(item)
    assert hearer.committed == [(GATE, item) for item in items]
    hearer.refusal = ConflictError("older than what is known")
    with pytest.raises(ConflictError, match="older"):
        await node.commit(items[0])
    hearer.refusal = UnavailableError("the disk is full")
    with pytest.raises(UnavailableError, match="disk"):
        await node.commit(items[0])
    await subscription.close()


async def test_heartbeats_name_the_node_that_is_connected(world: World) -> None:
    """The hub learns who is there from the bus, not from the message."""
    hearer = Hearer()
    await world.hub.hear_nodes(hearer)
    node = await world.join(ROOF, Answers())
    beat = Heartbeat(at_us=7, cameras=[], recording_bps=0)
    assert await node.send_heartbeat(beat)
    assert await asyncio.wait_for(hearer.heartbeats.get(), 5) == (ROOF, beat)


async def test_frames_of_stream_and_grant_keep_the_order_they_were_sent_in(
    world: World,
) -> None:
    """A key sent before its units is heard before its units."""
    heard: list[bytes] = []
    full = asyncio.Event()

    def listen(frame: bytes) -> None:
        heard.append(frame)
        if len(heard) == 200:
            full.set()

    await world.hub.hear_stream(GATE, MAIN, listen)
    await world.hub.hear_grant(GATE, GRANT, listen)
    node = await world.join(GATE, Answers())
    await world.hub.challenge(GATE)
    for n in range(100):
        assert await node.send_grant(GRANT, b"key %d" % n)
        assert await node.send_live(MAIN, b"units %d" % n)
    await asyncio.wait_for(full.wait(), 10)
    assert heard == [b"%s %d" % (what, n) for n in range(100) for what in (b"key", b"units")]


async def test_a_closed_subscription_hears_nothing_more(world: World) -> None:
    """Closing one listener leaves the others."""
    left: list[bytes] = []
    stays: asyncio.Queue[bytes] = asyncio.Queue()
    first = await world.hub.hear_grant(GATE, GRANT, left.append)
    await world.hub.hear_grant(GATE, GRANT, stays.put_nowait)
    node = await world.join(GATE, Answers())
    await node.send_grant(GRANT, b"one")
    assert await asyncio.wait_for(stays.get(), 5) == b"one"
    await first.close()
    await first.close()
    await node.send_grant(GRANT, b"two")
    assert await asyncio.wait_for(stays.get(), 5) == b"two"
    assert left == [b"one"]


async def test_frames_of_other_nodes_streams_and_grants_are_not_heard(world: World) -> None:
    """A listener gets exactly what it named."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    await world.hub.hear_grant(GATE, GRANT, heard.put_nowait)
    gate, roof = await world.join(GATE, Answers()), await world.join(ROOF, Answers())
    await roof.send_grant(GRANT, b"another node's")
    await world.hub.challenge(ROOF)
    await gate.send_grant(ROOF, b"another grant's")
    await gate.send_live(MAIN, b"a stream's")
    await gate.send_grant(GRANT, b"mine")
    assert await asyncio.wait_for(heard.get(), 5) == b"mine"
    assert heard.empty()


async def test_an_oversized_frame_is_dropped_and_said_so(world: World) -> None:
    """Nothing over 8 MiB travels, and the connection survives the attempt."""
    node = await world.join(GATE, Answers())
    assert not await node.send_grant(GRANT, bytes(MAX_PAYLOAD + 1))
    assert node.connected
    assert await world.hub.challenge(GATE) == Challenge(challenge="c", expires_us=5)


async def test_a_node_that_leaves_can_neither_send_nor_be_asked(world: World) -> None:
    """Sending without a connection drops and says so instead of waiting."""
    node = await world.join(GATE, Answers())
    lost = asyncio.Event()
    node.on_connection(lambda connected: None if connected else lost.set())
    await world.stop()
    await asyncio.wait_for(lost.wait(), 5)
    assert not node.connected
    assert not await node.send_heartbeat(Heartbeat(at_us=1, cameras=[], recording_bps=0))
    with pytest.raises(UnavailableError):
        await node.commit(OutboxItem(id="1", sequence=1, kind="checkpoint", body=""))
    with pytest.raises(UnavailableError):
        await world.hub.challenge(GATE)


def test_everything_on_the_wire_is_json_by_name() -> None:
    """Bodies name their fields, so that either side may be newer."""
    assert msgspec.json.encode(Attach(grant=GRANT)) == b'{"grant":"%s"}' % GRANT.encode()
