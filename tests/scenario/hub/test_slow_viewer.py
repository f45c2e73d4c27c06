"""A slow viewer loses whole groups of pictures and slows nobody."""

import asyncio
from pathlib import Path

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from handfast.hub.live import FELL_BEHIND, Viewer
from handfast.protocol.statements import AccessRequestStatement, DecisionStatement
from handfast.seal.format import decode_frame
from handfast.seal.frames import KeyFrame, RunFrame, SegmentFrame, UnitsFrame
from tests.city.hub_world import HubWorld, local_hub, served_hub
from tests.city.live_frames import (
    key_frame,
    run_frame,
    segment_frame,
    units_frame,
)
from tests.city.people import GRANT, NODE, YARD, Device, access_request, ask, end, permit
from tests.city.scripted_node import ScriptedNode

SECOND = "018f0000-0000-7000-8000-0000000000bb"


async def grants(city: HubWorld, node: ScriptedNode, *devices: Device) -> list[str]:
    """Let each device get a grant of its own; return their tokens."""
    now_us = city.clock.now_us()
    ids = iter((GRANT, SECOND))

    def decide(request: AccessRequestStatement) -> DecisionStatement:
        return permit(request, now_us=now_us, grant=next(ids))

    node.decide = decide
    tokens = []
    for number, device in enumerate(devices):
        token = await city.log_in(device)
        request = access_request(device, now_us=now_us, number=number + 1)
        said = await city.post(f"/nodes/{NODE}/access", ask(device, request), token)
        assert said.status_code == 200, said.text
        tokens.append(token)
    return tokens


async def view(city: HubWorld, grant: str) -> Viewer:
    """Open a grant at the relay, as its WebSocket does."""
    row = await city.hub.services.store.transact(lambda tables: tables.accesses.grant(grant))
    assert row is not None
    return await city.hub.services.live.open(row)


async def group(node: ScriptedNode, run: int, *, size: int = 20_000) -> int:
    """Send one group of pictures to both viewers; return how many shared frames."""
    for grant in (GRANT, SECOND):
        await node.send(grant=grant, own=[key_frame(run, grant=grant)], shared=[])
    shared = [run_frame(run, key=True), units_frame(run, size=size)]
    if run == 0:
        shared.insert(0, segment_frame())
    await node.send(grant=GRANT, own=[], shared=shared)
    return len(shared)


def drain(viewer: Viewer) -> list[bytes]:
    """Take everything that waits for a viewer."""
    taken = []
    while (frame := viewer.queue.take()) is not None:
        taken.append(frame)
    return taken


async def test_the_fast_one_gets_everything_and_the_slow_one_whole_groups(
    tmp_path: Path,
) -> None:
    """Both look at one stream over one subscription; only one of them takes its frames."""
    async with local_hub(tmp_path, viewer_queue=100_000) as city:
        now_us = city.clock.now_us()
        node = await city.node(lambda request: permit(request, now_us=now_us))
        await grants(city, node, city.officer, city.police.officer("B. Slow"))
        fast, slow = await view(city, GRANT), await view(city, SECOND)
        sent, got = 0, []
        for run in range(40):
            sent += await group(node, run)
            got += drain(fast)
        assert len([f for f in got if not isinstance(decode_frame(f), KeyFrame)]) == sent
        assert fast.queue.groups_lost == 0
        assert slow.queue.groups_lost > 0
        assert slow.queue.waiting_bytes < 100_000 + 40 * len(key_frame(0))
        late = [decode_frame(frame) for frame in drain(slow)]
        keys = [each.run for each in late if isinstance(each, KeyFrame)]
        assert keys == list(range(40))
        runs = [each.record.run for each in late if isinstance(each, RunFrame)]
        units = [each.run for each in late if isinstance(each, UnitsFrame)]
        assert runs in (units, [*units, 39])  # the last group may not have fitted whole
        assert runs[-1] >= 36
        assert isinstance(next(e for e in late if not isinstance(e, KeyFrame)), SegmentFrame)
        text = city.hub.services.metrics.text().decode()
        assert "handfast_hub_relay_groups_lost_total 0.0" not in text


async def test_one_that_takes_no_keys_at_all_is_sent_away(tmp_path: Path) -> None:
    """Keys are never dropped, so what waits of them is bounded by leaving."""
    async with local_hub(tmp_path) as city:
        now_us = city.clock.now_us()
        node = await city.node(lambda request: permit(request, now_us=now_us))
        await grants(city, node, city.officer)
        viewer = await view(city, GRANT)
        for run in range(20_000):
            if viewer.closed is not None:
                break
            await node.send(grant=GRANT, own=[key_frame(run)], shared=[])
        assert viewer.closed == FELL_BEHIND


async def test_malformed_frames_are_dropped_and_counted(tmp_path: Path) -> None:
    """A node that sends noise spoils nothing but its own pictures."""
    async with local_hub(tmp_path) as city:
        now_us = city.clock.now_us()
        node = await city.node(lambda request: permit(request, now_us=now_us))
        await grants(city, node, city.officer)
        viewer = await view(city, GRANT)
        good = [segment_frame(), run_frame(0, key=True), units_frame(0)]
        noise = [b"", b"\x63", units_frame(0)[:30], key_frame(0), bytes(1000)]
        await node.send(grant=GRANT, own=[key_frame(0)], shared=[*noise, *good, *noise])
        assert drain(viewer) == [key_frame(0), *good]
        text = city.hub.services.metrics.text().decode()
        assert 'handfast_hub_malformed_total{source="frame"} 10.0' in text


async def test_an_end_that_comes_by_the_outbox_is_the_last_frame(tmp_path: Path) -> None:
    """Whichever way it takes, nothing passes after it (P3)."""
    async with local_hub(tmp_path) as city:
        now_us = city.clock.now_us()
        node = await city.node(lambda request: permit(request, now_us=now_us))
        await grants(city, node, city.officer)
        viewer = await view(city, GRANT)
        await group(node, 0)
        ended = end(city.node_device, now_us=now_us)
        await node.commit("ended", ended)
        await group(node, 1)
        frames = [await viewer.next(), await viewer.next(), await viewer.next()]
        assert frames == [key_frame(0), b"\x06" + msgspec.json.encode(ended), None]


async def test_a_node_that_was_restarted_is_asked_to_send_again(tmp_path: Path) -> None:
    """Its first sign of life that fails makes the hub attach anew, not more than every 2 s."""
    async with local_hub(tmp_path) as city:
        now_us = city.clock.now_us()
        node = await city.node(lambda request: permit(request, now_us=now_us))
        await grants(city, node, city.officer)
        viewer = await view(city, GRANT)
        assert node.attached.get_nowait() == GRANT
        node.is_watched = False
        live = city.hub.services.live
        await live.ask_alive(viewer, "nonce")
        assert node.attached.empty()
        city.manual.move(2.1)
        await live.ask_alive(viewer, "nonce")
        assert node.attached.get_nowait() == GRANT
        await live.ask_alive(viewer, "nonce")
        assert viewer.queue.take() is not None


async def test_what_one_viewer_gets_nobody_else_gets(tmp_path: Path) -> None:
    """Keys travel to the grant they are for; shared frames to the stream's viewers only."""
    async with local_hub(tmp_path) as city:
        now_us = city.clock.now_us()
        node = await city.node(lambda request: permit(request, now_us=now_us))
        await grants(city, node, city.officer, city.police.officer("B. Other"))
        first, second = await view(city, GRANT), await view(city, SECOND)
        assert (first.grant.camera, second.grant.camera) == (YARD, YARD)
        await node.send(grant=GRANT, own=[key_frame(0)], shared=[])
        assert (drain(first), drain(second)) == ([key_frame(0)], [])
        await city.hub.services.live.close(first)
        await group(node, 1)
        assert drain(first) == []
        assert drain(second) != []


async def test_over_real_sockets_one_that_does_not_read_slows_nobody(tmp_path: Path) -> None:
    """The operating system's buffers fill, then the hub's queue, and the other goes on."""
    async with served_hub(tmp_path, viewer_queue=65536) as city:
        now_us = city.clock.now_us()
        node = await city.node(lambda request: permit(request, now_us=now_us))
        tokens = await grants(city, node, city.officer, city.police.officer("B. Slow"))
        url = city.socket_url("/grants/%s/live")
        async with (
            connect(url % GRANT) as fast,
            connect(url % SECOND, max_queue=1, close_timeout=0) as slow,
        ):
            for socket, token in zip((fast, slow), tokens, strict=True):
                await socket.send(msgspec.json.encode({"token": token}).decode())
                await asyncio.wait_for(node.attached.get(), 10)
            run = 0
            lost = city.hub.services.metrics.groups_lost
            while lost._value.get() == 0:  # noqa: SLF001 - a counter has no public reading
                await group(node, run, size=500_000)
                assert await newest_units(fast) == run
                run += 1


async def newest_units(socket: ClientConnection) -> int:
    """Return the run of the next units frame."""
    while True:
        said = await asyncio.wait_for(socket.recv(), 10)
        assert isinstance(said, bytes)
        frame = decode_frame(said)
        if isinstance(frame, UnitsFrame):
            return frame.run
