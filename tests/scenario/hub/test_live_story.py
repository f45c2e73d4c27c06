"""One access through the hub: alarm, request, live pictures, end. Real NATS, real sockets."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from handfast.kit.encoding import b64
from handfast.protocol.signing import hash_of, sign
from handfast.protocol.wire import Unmade
from tests.city.hub_world import ServedHub, served_hub
from tests.city.live_frames import (
    key_frame,
    run_frame,
    segment_frame,
    units_frame,
    window_frame,
)
from tests.city.people import (
    GRANT,
    HOUR_US,
    NODE,
    YARD,
    access_request,
    ask,
    end,
    permit,
    registration,
    signal,
)
from tests.city.scripted_node import ScriptedNode


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[ServedHub]:
    """Run a hub."""
    async with served_hub(tmp_path) as world:
        yield world


async def next_event(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """Return the next event of a kind."""
    while True:
        event: dict[str, Any] = msgspec.json.decode(await asyncio.wait_for(socket.recv(), 10))
        if event["type"] == kind:
            return event


async def permitted(city: ServedHub) -> tuple[ScriptedNode, str]:
    """Bring an officer to a permit and return the node and the officer's token."""
    now_us = city.clock.now_us()
    node = await city.node(lambda request: permit(request, now_us=now_us))
    token = await city.log_in(city.officer)
    request = ask(city.officer, access_request(city.officer, now_us=now_us))
    said = await city.post(f"/nodes/{NODE}/access", request, token)
    assert said.status_code == 200, said.text
    return node, token


async def test_an_alarm_becomes_live_pictures_and_ends(city: ServedHub) -> None:
    """The whole way of one access, with everything a page is told on it."""
    now_us = city.clock.now_us()
    node = await city.node(lambda request: permit(request, now_us=now_us))
    await node.commit("registration", registration(city.node_device))
    token = await city.log_in(city.officer)
    async with connect(city.socket_url("/events")) as events:
        await events.send(msgspec.json.encode({"token": token}).decode())
        site = (await next_event(events, "site"))["site"]
        assert (site["node"], site["online"]) == (NODE, False)
        await next_event(events, "ready")
        await node.commit("signal", signal(city.node_device, sequence=1, now_us=now_us))
        assert (await next_event(events, "signal"))["node"] == NODE
        incident = (await next_event(events, "incident"))["incident"]
        assert incident["openable"] == [{"node": NODE, "camera": YARD, "how": "alarm"}]
        assert incident["title"] == "intrusion: Kallio school"

        request = access_request(city.officer, now_us=now_us)
        said = await city.post(f"/nodes/{NODE}/access", ask(city.officer, request), token)
        assert said.status_code == 200, said.text
        async with connect(city.socket_url(f"/grants/{GRANT}/live")) as live:
            await live.send(msgspec.json.encode({"token": token}).decode())
            assert await asyncio.wait_for(node.attached.get(), 10) == GRANT
            group = [run_frame(0, key=True), units_frame(0)]
            await node.send(
                grant=GRANT,
                own=[window_frame(), key_frame(0)],
                shared=[segment_frame(), *group],
            )
            got = [await asyncio.wait_for(live.recv(), 10) for _ in range(5)]
            assert got == [window_frame(), key_frame(0), segment_frame(), *group]
            nonce = b64(bytes(16))
            await live.send(msgspec.json.encode({"type": "alive", "nonce": nonce}).decode())
            alive = await asyncio.wait_for(live.recv(), 10)
            assert isinstance(alive, bytes)
            assert alive[0] == 7

            ended = end(city.node_device, now_us=now_us)
            await node.commit("ended", ended)
            last = await asyncio.wait_for(live.recv(), 10)
            assert last == b"\x06" + msgspec.json.encode(ended)
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(live.recv(), 10)
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1000, "ended")
        assert (await next_event(events, "ended"))["grant"] == GRANT


async def test_an_ended_grant_stays_ended(city: ServedHub) -> None:
    """What comes after the end names the node's reason."""
    node, token = await permitted(city)
    await node.commit("ended", end(city.node_device, now_us=city.clock.now_us()))
    again = await city.get(f"/grants/{GRANT}/recordings?from_us=0&until_us=1", token)
    assert (again.status_code, again.json()["reason"]) == (403, "owner-closed")


async def test_another_officers_grant_is_as_if_it_did_not_exist(city: ServedHub) -> None:
    """Neither live nor recorded, and not even that it is there."""
    await permitted(city)
    stranger = await city.log_in(city.police.officer("B. Stranger"))
    said = await city.get(f"/grants/{GRANT}/recordings?from_us=0&until_us=1", stranger)
    assert said.status_code == 404
    async with connect(city.socket_url(f"/grants/{GRANT}/live")) as live:
        await live.send(msgspec.json.encode({"token": stranger}).decode())
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(live.recv(), 10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4404


async def test_leaving_tells_the_node_that_nobody_looks(city: ServedHub) -> None:
    """A closed tab costs the site nothing for long."""
    node, token = await permitted(city)
    async with connect(city.socket_url(f"/grants/{GRANT}/live")) as live:
        await live.send(msgspec.json.encode({"token": token}).decode())
        await asyncio.wait_for(node.attached.get(), 10)
    assert await asyncio.wait_for(node.detached.get(), 10) == GRANT


async def test_a_second_page_of_the_same_grant_takes_over(city: ServedHub) -> None:
    """A page that was reloaded does not wait for the dead connection of its predecessor."""
    node, token = await permitted(city)
    hello = msgspec.json.encode({"token": token}).decode()
    async with (
        connect(city.socket_url(f"/grants/{GRANT}/live")) as first,
        connect(city.socket_url(f"/grants/{GRANT}/live")) as second,
    ):
        await first.send(hello)
        await asyncio.wait_for(node.attached.get(), 10)
        await second.send(hello)
        await asyncio.wait_for(node.attached.get(), 10)
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(first.recv(), 10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.reason == "opened-elsewhere"
        await node.send(grant=GRANT, own=[key_frame(0)], shared=[])
        assert await asyncio.wait_for(second.recv(), 10) == key_frame(0)
        assert node.detached.empty()


async def test_a_node_that_refuses_to_send_is_heard(city: ServedHub) -> None:
    """The page is told the node's reason."""
    node, token = await permitted(city)
    node.refuses_attach = "time-box-ended"
    async with connect(city.socket_url(f"/grants/{GRANT}/live")) as live:
        await live.send(msgspec.json.encode({"token": token}).decode())
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(live.recv(), 10)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4403, "time-box-ended")


async def test_recorded_bytes_pass_in_pieces(city: ServedHub) -> None:
    """A segment larger than one piece arrives whole; a part of it exactly as asked."""
    node, token = await permitted(city)
    segment = bytes(range(256)) * 10_000
    node.segments["abc"] = segment
    whole = await city.get(f"/grants/{GRANT}/segments/abc", token)
    assert whole.content == segment
    part = await city.get(f"/grants/{GRANT}/segments/abc?offset=100&length=1500000", token)
    assert part.content == segment[100:1_500_100]
    assert max(piece.length for piece in node.pieces) == 1024 * 1024
    unknown = await city.get(f"/grants/{GRANT}/segments/xyz", token)
    assert unknown.status_code == 404
    beyond = await city.get(f"/grants/{GRANT}/recordings?from_us={HOUR_US}&until_us=1", token)
    assert beyond.status_code == 400


async def test_what_a_node_says_of_an_unmade_range_reaches_the_page(city: ServedHub) -> None:
    """What there is of it can be had all the same: this is no refusal."""
    node, token = await permitted(city)
    node.unmade = Unmade.FAILED
    found = await city.get(f"/grants/{GRANT}/recordings?from_us=0&until_us=1", token)
    assert (found.status_code, found.json()["reason"]) == (200, "redaction-failed")
    assert found.json()["open"] == []


async def test_a_decision_that_comes_later_reaches_only_the_device_that_asked(
    city: ServedHub,
) -> None:
    """A pending request is answered by the owner; the page hears of it by itself."""
    now_us = city.clock.now_us()
    node = await city.node(lambda request: permit(request, now_us=now_us))
    token = await city.log_in(city.officer)
    other = await city.log_in(city.police.officer("B. Other"))
    request = access_request(city.officer, now_us=now_us)
    await city.post(f"/nodes/{NODE}/access", ask(city.officer, request), token)
    later = sign(permit(request, now_us=now_us + 1), city.node_device.key)
    async with (
        connect(city.socket_url("/events")) as mine,
        connect(city.socket_url("/events")) as theirs,
    ):
        for socket, secret in ((mine, token), (theirs, other)):
            await socket.send(msgspec.json.encode({"token": secret}).decode())
            await next_event(socket, "ready")
        await node.commit("decision", later)
        await node.commit("registration", registration(city.node_device))
        assert (await next_event(mine, "decision"))["request"] == hash_of(request)
        heard = msgspec.json.decode(await asyncio.wait_for(theirs.recv(), 10))
        assert heard["type"] == "site"
    assert (await city.get(f"/requests/{hash_of(request)}", other)).status_code == 404
