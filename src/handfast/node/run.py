"""The node at work: every loop it runs, and how it stops without losing anything."""

import logging
from functools import partial

import anyio
import msgspec
from anyio import to_thread
from anyio.abc import TaskGroup

from handfast.media.feed import Event, Gauges, VolumeState
from handfast.model.media import Rendition
from handfast.model.sight import Ring
from handfast.model.signal import SignalState
from handfast.node.app import Node
from handfast.node.hub_answers import HubAnswers
from handfast.node.registration import describe_site
from handfast.node.supervise import Turn, every, forever
from handfast.protocol.signing import sign
from handfast.protocol.wire import Heartbeat
from handfast.web.files import STATIC

_log = logging.getLogger(__name__)
_TICK_S = 0.2
_HEARTBEAT_S = 2.0
_TRUST_S = 2.0
_ROOM_S = 15.0
_SEEN_S = 10.0
# With the jitter every 30 s on average; with a slow answer (5 s) and the trust folders (2 s)
# a revoked device is out within 45 s.
_REVOCATIONS_S = 26.0
_JITTER_S = 8.0
_STOP_S = 12.0


async def start(node: Node) -> None:
    """Repair what a crash left, then make the site known. Before anything is recorded."""
    await to_thread.run_sync(node.record.recover)
    await node.heart.start()
    await register(node)


async def run(node: Node, stopping: anyio.Event) -> None:
    """Run until `stopping`; then close every segment, sign its manifest, and return."""
    async with anyio.create_task_group() as group:
        _start_loops(node, group)
        async with anyio.create_task_group() as recording:
            recording.start_soon(node.ground.recorder.run)
            recording.start_soon(_hear, node)
            await stopping.wait()
            node.ground.recorder.stop()
            recording.cancel_scope.deadline = anyio.current_time() + _STOP_S
        await to_thread.run_sync(
            node.ground.disk.serials.set_seen_us, node.heart.steady.now_us()
        )
        group.cancel_scope.cancel()


def _start_loops(node: Node, group: TaskGroup) -> None:
    metrics = node.ground.metrics
    tick = partial(node.ground.trust.tick, partial(_trust_changed, node))
    for name, seconds, turn in (
        ("time", _TICK_S, node.heart.tick),
        ("trust", _TRUST_S, tick),
        ("room", _ROOM_S, node.room.tick),
        ("heartbeat", _HEARTBEAT_S, partial(_beat, node)),
        ("seen", _SEEN_S, partial(_remember_time, node)),
        ("checkpoint", _SEEN_S, _Checkpoints(node).tick),
        ("revocations", _REVOCATIONS_S, partial(_ask_agencies, node)),
    ):
        group.start_soon(partial(every, seconds, turn, name=name, metrics=metrics))
    lasting: dict[str, Turn] = {
        "hub": partial(node.ground.bus.run, HubAnswers(node.heart)),
        "outbox": partial(node.ground.outbox.drain, node.ground.bus),
        "frames": node.ground.viewers.run,
        "standby": partial(node.ground.standby.run, partial(_may_soon_look, node)),
        "redaction": node.ground.studio.run,
        "redacted ranges": node.heart.redacted_ranges.run,
        "renditions": partial(_hear_renditions, node),
    }
    if node.mqtt is not None:
        lasting["mqtt"] = node.mqtt.run
    for name, endless in lasting.items():
        group.start_soon(partial(forever, endless, name=name, metrics=metrics))


def _may_soon_look(node: Node) -> bool:
    """Tell whether somebody may soon want a redacted picture more than is made now."""
    if node.ground.studio.making:
        return True
    raised = (row.signal.state is SignalState.RAISED for row in node.heart.board.rows())
    return any(raised) and any(
        clause.rendition is not Rendition.CLEAR
        for standing in node.ground.trust.trusted.standing.values()
        for clause in standing.agreement.clauses
    )


async def _hear(node: Node) -> None:
    async for event in node.ground.renditions.events():
        try:
            await _take(node, event)
        except Exception:  # noqa: BLE001 - top of the loop: one event must not end recording
            node.ground.metrics.failures.labels("events").inc()
            _log.exception("an event of the recorder was not taken: %s", type(event).__name__)


async def _hear_renditions(node: Node) -> None:
    """What is made for viewers is told to them only: it is in no index."""
    async for event in node.ground.studio.events():
        await node.heart.hear(event)


async def _take(node: Node, event: Event) -> None:
    await node.heart.hear(event)  # viewers first: nobody waits for an index
    await node.record.hear(event)
    if isinstance(event, Gauges) and any(
        volume.state is VolumeState.FULL for volume in event.volumes
    ):
        await node.room.tick()


async def _trust_changed(node: Node) -> None:
    """An agreement, device or revocation came or went: judge again, tell the hub."""
    await node.heart.grants.judge_all()
    await register(node)


async def _ask_agencies(node: Node) -> None:
    """Ask, but not in step with every other node after a power cut."""
    share = int.from_bytes(node.ground.world.ids.secret(2), "big") / (1 << 16)
    await anyio.sleep(share * _JITTER_S)
    await node.revocations.tick()


async def register(node: Node) -> None:
    """Tell the hub what there is on the site and how it can be opened."""
    now_us = node.heart.steady.now_us()
    serials = node.ground.disk.serials
    serial = max(now_us, (serials.highest("registration") or 0) + 1)
    await to_thread.run_sync(serials.advance, "registration", serial)
    registration = describe_site(
        node.ground.config.site,
        log=node.heart.pep.log_vkey,
        trusted=node.ground.trust.trusted,
        buildings=await to_thread.run_sync(_buildings),
        serial=serial,
        at_us=now_us,
    )
    envelope = sign(registration, node.ground.key)
    await to_thread.run_sync(node.ground.outbox.put, "registration", envelope)


async def _beat(node: Node) -> None:
    bits = node.record.take_sealed_bytes() * 8
    await node.ground.bus.send_heartbeat(
        Heartbeat(
            at_us=node.ground.world.clock.now_us(),
            cameras=node.record.health(),
            recording_bps=int(bits / _HEARTBEAT_S),
        )
    )


async def _remember_time(node: Node) -> None:
    await to_thread.run_sync(node.ground.disk.serials.set_seen_us, node.heart.steady.now_us())


class _Checkpoints:
    """Sends the log's newest checkpoint to the hub, a witness, when it has changed."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._sent = ""

    async def tick(self) -> None:
        """Send it if it is new and the hub is there."""
        newest = await to_thread.run_sync(self._node.ground.disk.log.checkpoint)
        if newest is not None and newest != self._sent and self._node.ground.bus.connected:
            await to_thread.run_sync(self._node.ground.outbox.put, "checkpoint", newest)
            self._sent = newest


def _buildings() -> list[Ring]:
    """Read the footprints that come with the base map; none when there is no map."""
    path = STATIC / "map" / "helsinki-buildings.json"
    if not path.is_file():
        return []
    rings = msgspec.json.decode(path.read_bytes(), type=list[list[tuple[float, float]]])
    return list(rings)
