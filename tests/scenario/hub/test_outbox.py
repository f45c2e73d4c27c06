"""What nodes hand over: once, in order, only their own, never older than what is known."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from handfast.kit.errors import ConflictError, DeniedError, HandfastError, InvalidError
from handfast.protocol.signing import sign
from handfast.protocol.wire import Heartbeat, OutboxItem
from tests.city.hub_world import LocalHub, local_hub
from tests.city.people import (
    EPISODE,
    INCIDENT,
    NODE,
    SHOP,
    SHOP_NODE,
    YARD,
    Organisation,
    access_request,
    end,
    incident,
    permit,
    registration,
    signal,
)
from tests.city.scripted_node import ScriptedNode

OTHER_EPISODE = "018f0000-0000-7000-8000-0000000000e2"


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[LocalHub]:
    """Run a hub in process."""
    async with local_hub(tmp_path) as world:
        yield world


@pytest.fixture
async def node(city: LocalHub) -> ScriptedNode:
    """Let the school's node join and register."""
    now_us = city.clock.now_us()
    joined = await city.node(lambda request: permit(request, now_us=now_us))
    await joined.commit("registration", registration(city.node_device))
    return joined


async def incidents(city: LocalHub) -> list[dict[str, object]]:
    """Return what an officer sees."""
    token = await city.log_in(city.officer)
    found: list[dict[str, object]] = (await city.get("/incidents", token)).json()["incidents"]
    return found


async def test_a_registered_site_is_listed_and_online_by_its_heartbeat(
    city: LocalHub, node: ScriptedNode
) -> None:
    """Offline until heard, and offline again when nothing comes for 6 s."""
    assert node.bus is not None
    token = await city.log_in(city.officer)
    site = (await city.get("/registry", token)).json()["sites"][0]
    assert (site["node"], site["online"], site["seen_us"]) == (NODE, False, None)
    await node.bus.send_heartbeat(Heartbeat(at_us=1, cameras=[], recording_bps=0))
    site = (await city.get("/registry", token)).json()["sites"][0]
    assert (site["online"], site["seen_us"]) == (True, city.clock.now_us())
    city.manual.move(6.1)
    await city.hub.ear.tick()
    site = (await city.get("/registry", token)).json()["sites"][0]
    assert site["online"] is False


async def test_an_item_counts_once(city: LocalHub, node: ScriptedNode) -> None:
    """Sent again because the answer was lost, it changes nothing and is answered."""
    assert node.bus is not None
    now_us = city.clock.now_us()
    item = await node.commit("signal", signal(city.node_device, sequence=1, now_us=now_us))
    await node.bus.commit(item)
    assert len(await incidents(city)) == 1


async def test_a_replayed_sequence_is_refused_for_good(
    city: LocalHub, node: ScriptedNode
) -> None:
    """An item with a number that has passed and an id that is new is a replay."""
    assert node.bus is not None
    replay = OutboxItem(id="new", sequence=1, kind="checkpoint", body="text")
    with pytest.raises(ConflictError, match="replay"):
        await node.bus.commit(replay)
    text = city.hub.services.metrics.text().decode()
    assert 'handfast_hub_malformed_total{source="outbox"} 1.0' in text


async def test_older_registrations_and_signals_are_refused(
    city: LocalHub, node: ScriptedNode
) -> None:
    """What was true once cannot be brought back by sending it again."""
    now_us = city.clock.now_us()
    await node.commit("registration", registration(city.node_device, serial=5))
    with pytest.raises(ConflictError):
        await node.commit("registration", registration(city.node_device, serial=4))
    raised = signal(city.node_device, sequence=1, now_us=now_us)
    cleared = signal(city.node_device, sequence=2, now_us=now_us, cleared=True)
    await node.commit("signal", raised)
    await node.commit("signal", cleared)
    with pytest.raises(ConflictError, match="replay"):
        await node.commit("signal", raised)


async def test_a_node_speaks_for_itself_only(city: LocalHub, node: ScriptedNode) -> None:
    """Another node's statements, another owner's name and strangers' signatures are refused."""
    now_us = city.clock.now_us()
    shop = Organisation(id=SHOP, name="Shop", ids=city.ids, now_us=now_us)
    stranger = shop.node(SHOP_NODE)
    with pytest.raises(DeniedError):
        await node.commit("signal", signal(stranger, sequence=1, now_us=now_us))
    with pytest.raises(InvalidError, match="owner"):
        await node.commit("registration", registration(city.node_device, owner=SHOP, serial=2))


@pytest.mark.parametrize("body", [None, 7, "text", [], {}, {"payload": "x"}])
async def test_a_malformed_body_is_refused(
    city: LocalHub, node: ScriptedNode, body: object
) -> None:
    """Each kind but the checkpoint carries an envelope."""
    assert node.bus is not None
    item = OutboxItem(id="bad", sequence=100, kind="signal", body=body)
    with pytest.raises(InvalidError):
        await node.bus.commit(item)
    assert await incidents(city) == []


async def test_a_statement_of_another_kind_is_refused(
    city: LocalHub, node: ScriptedNode
) -> None:
    """A signed end cannot pass for a signal."""
    with pytest.raises(InvalidError):
        await node.commit("signal", end(city.node_device, now_us=1))


async def test_an_alarm_opens_an_incident_and_a_test_does_not(
    city: LocalHub, node: ScriptedNode
) -> None:
    """Practising must not call anybody out."""
    now_us = city.clock.now_us()
    await node.commit("signal", signal(city.node_device, sequence=1, now_us=now_us, test=True))
    assert await incidents(city) == []
    await node.commit(
        "signal",
        signal(city.node_device, sequence=2, now_us=now_us, episode=OTHER_EPISODE),
    )
    (found,) = await incidents(city)
    assert found["opened_by"] == "signal"
    assert found["openable"] == [{"node": NODE, "camera": YARD, "how": "alarm"}]


async def test_a_second_alarm_nearby_joins(city: LocalHub, node: ScriptedNode) -> None:
    """One thing that happens is one incident; a renewal opens nothing new either."""
    now_us = city.clock.now_us()
    for sequence, episode in ((1, EPISODE), (2, EPISODE), (3, OTHER_EPISODE)):
        state = signal(city.node_device, sequence=sequence, now_us=now_us, episode=episode)
        await node.commit("signal", state)
    assert len(await incidents(city)) == 1


async def test_an_incident_closes_half_an_hour_after_its_alarm(
    city: LocalHub, node: ScriptedNode
) -> None:
    """Not before, and a cleared camera is openable by request only."""
    now_us = city.clock.now_us()
    await node.commit("signal", signal(city.node_device, sequence=1, now_us=now_us))
    cleared = signal(city.node_device, sequence=2, now_us=now_us, cleared=True)
    await node.commit("signal", cleared)
    (found,) = await incidents(city)
    assert found["openable"] == [{"node": NODE, "camera": YARD, "how": "request"}]
    city.manual.move(1799)
    await city.hub.ear.tick()
    assert (await incidents(city))[0]["closed_us"] is None
    city.manual.move(1)
    await city.hub.ear.tick(forget=True)
    (closed,) = await incidents(city)
    assert (closed["closed_us"], closed["openable"]) == (city.clock.now_us(), [])


async def test_an_incident_by_hand_needs_the_dispatch_key(
    city: LocalHub, node: ScriptedNode
) -> None:
    """Signed by it the incident opens cameras around; signed by an officer it is refused."""
    assert node.bus is not None
    token = await city.log_in(city.officer)
    now_us = city.clock.now_us()
    forged = {"statement": incident(city.officer, now_us=now_us)}
    said = await city.post("/incidents", forged, token)
    assert (said.status_code, said.json()["reason"]) == (403, "incident-not-stated")
    stated = {"statement": incident(city.dispatch, now_us=now_us)}
    said = await city.post("/incidents", stated, token)
    assert said.status_code == 201, said.text
    assert said.json()["openable"] == [{"node": NODE, "camera": YARD, "how": "request"}]
    outsider = await city.log_in(city.fire.officer())
    assert (await city.post("/incidents", stated, outsider)).status_code == 403
    closing = f"/incidents/{INCIDENT}/close"
    assert (await city.post(closing, {}, outsider)).json()["reason"] == "other-agency"
    closed = await city.post(closing, {}, token)
    assert closed.json()["closed_us"] == now_us
    again = await city.post("/incidents", stated, token)
    assert again.status_code == 409


async def test_a_dispatch_key_not_admitted_comes_with_its_certificate(city: LocalHub) -> None:
    """A new key works as soon as the agency's root has certified it."""
    token = await city.log_in(city.officer)
    fresh = city.police.dispatch()
    statement = incident(fresh, now_us=city.clock.now_us())
    said = await city.post("/incidents", {"statement": statement, "chain": fresh.chain}, token)
    assert said.status_code == 201, said.text


async def test_a_decision_for_nobodys_request_is_refused(
    city: LocalHub, node: ScriptedNode
) -> None:
    """A node cannot plant grants on devices that asked nothing."""
    request = access_request(city.officer, now_us=city.clock.now_us())
    decision = sign(permit(request, now_us=city.clock.now_us()), city.node_device.key)
    with pytest.raises(InvalidError):
        await node.commit("decision", decision)


async def test_everything_survives_a_restart(tmp_path: Path) -> None:
    """The database is the memory: sites, incidents, sequences."""
    async with local_hub(tmp_path) as city:
        now_us = city.clock.now_us()
        node = await city.node(lambda request: permit(request, now_us=now_us))
        await node.commit("registration", registration(city.node_device))
        await node.commit("signal", signal(city.node_device, sequence=1, now_us=now_us))
        item = await node.commit("checkpoint", "size 1")
    async with local_hub(tmp_path) as again:
        again.node_device = city.node_device
        again.school.root = city.school.root
        await again.enrol()
        assert len(await incidents(again)) == 1
        node = await again.node(lambda request: permit(request, now_us=now_us))
        assert node.bus is not None
        await node.bus.commit(item)
        with pytest.raises(HandfastError):
            await node.bus.commit(msgspec.structs.replace(item, id="another"))


async def test_events_are_told_only_after_they_are_durable(
    city: LocalHub, node: ScriptedNode
) -> None:
    """A refused item tells nobody anything."""
    listener = city.hub.services.board.join("device")
    with pytest.raises(HandfastError):
        await node.commit("signal", end(city.node_device, now_us=1))
    await node.commit(
        "signal", signal(city.node_device, sequence=1, now_us=city.clock.now_us())
    )
    first = await asyncio.wait_for(listener.next(), 5)
    assert first is not None
    assert msgspec.json.decode(first)["type"] in {"site", "signal"}
