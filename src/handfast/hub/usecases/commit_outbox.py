"""Commit what a node hands over: checked, in order, once, durable before it is answered."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from handfast.hub.usecases.list_incidents import view_incident
from handfast.hub.usecases.open_incident import Opening, open_by_signal
from handfast.hub.views import DecisionEvent, EndedEvent, Event, IncidentEvent, SignalEvent
from handfast.kit.errors import ConflictError, InvalidError
from handfast.model.camera import Place
from handfast.protocol.signing import verify
from handfast.protocol.statements import (
    DecisionStatement,
    End,
    GrantStatement,
    Registration,
    SignalStatement,
    Statement,
)
from handfast.protocol.wire import OutboxItem
from handfast.seal.identity import Envelope
from handfast.storage.hub_rows import CameraRow, GrantRow, SignalRow, SiteRow
from handfast.storage.sqlite_hub import HubTransaction

_CHECKPOINT_LIMIT: Final = 64 * 1024
_CAMERA_LIMIT: Final = 10_000

_Statement = TypeVar("_Statement", bound=Statement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event to tell once the transaction is durable; to one device when it names one."""

    event: Event
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a commit changed.

    Attributes:
        registered: The node's registration is new: tell the site.
    """

    told: tuple[Told, ...] = ()
    registered: bool = False


def commit_outbox(
    tables: HubTransaction, node: str, item: OutboxItem, opening: Opening
) -> Outcome:
    """Store one outbox item of `node`, whom the bus has authenticated.

    Raises:
        ConflictError: Its sequence, or the serial inside, is not higher than what is known:
            a replay.
        InvalidError: It is malformed or speaks of another node.
        DeniedError: It is not signed by the node.
        CorruptError: Its signature does not hold.
    """
    if tables.sites.is_committed(node, item.id):
        return Outcome()
    if item.sequence <= (last := tables.sites.last_sequence(node)):
        raise ConflictError(
            f"outbox item {item.id} has sequence {item.sequence}, {last} is committed: a replay"
        )
    outcome = _KINDS[item.kind](tables, node, item.body, opening)
    tables.sites.note_item(node, item.id, sequence=item.sequence, now_us=opening.now_us)
    return outcome


def node_keys(tables: HubTransaction, node: str, *, now_us: int) -> dict[str, bytes]:
    """Return the keys that speak for a node now, by fingerprint."""
    revoked = {name for row in tables.directory.revocations() for name in row.revoked}
    return {
        row.fingerprint: row.key
        for row in tables.directory.certificates("node", node)
        if row.not_before_us <= now_us < row.not_after_us and row.fingerprint not in revoked
    }


def record_decision(
    tables: HubTransaction, decision: DecisionStatement, envelope: Envelope
) -> bool:
    """Store a checked decision and the grant it opens; `False` when it was known."""
    text = msgspec.json.encode(envelope)
    request = tables.accesses.request(decision.request)
    if request is None or request.node != decision.node:
        raise InvalidError(f"no request {decision.request} was put to node {decision.node}")
    if (request.decided_us or 0) > decision.decided_us or request.decision == text:
        return False
    grant = decision.grant
    if grant is not None:
        if grant.device != request.device:
            raise InvalidError(f"grant {grant.id} is for another device than asked")
        tables.accesses.open(_grant_row(decision, grant))
    tables.accesses.decide(decision.request, decision=text, decided_us=decision.decided_us)
    return True


def _register(tables: HubTransaction, node: str, body: object, opening: Opening) -> Outcome:
    envelope, said = _read(tables, node, body, Registration, opening.now_us)
    text = msgspec.json.encode(envelope)
    before = tables.sites.site(node)
    if before is not None and (
        said.serial < before.serial
        or (said.serial == before.serial and before.envelope != text)
    ):
        raise ConflictError(
            f"registration {said.serial} of node {node} is older than {before.serial}"
        )
    owners = {row.organisation for row in tables.directory.certificates("node", node)}
    if said.owner not in owners or len(said.cameras) > _CAMERA_LIMIT:
        raise InvalidError(f"the registration of node {node} names another owner than its key")
    _require_places(said)
    row = SiteRow(
        node=node,
        owner=said.owner,
        name=said.name,
        serial=said.serial,
        lon=said.lon,
        lat=said.lat,
        envelope=text,
    )
    tables.sites.register(row, _cameras(said))
    return Outcome(registered=True)


def _signal(tables: HubTransaction, node: str, body: object, opening: Opening) -> Outcome:
    envelope, said = _read(tables, node, body, SignalStatement, opening.now_us)
    before = tables.sites.signal(node, said.signal)
    if before is not None and said.sequence <= before.sequence:
        raise ConflictError(
            f"signal {said.signal} of node {node}: {said.sequence} is not above "
            f"{before.sequence}: a replay"
        )
    tables.sites.keep_signal(
        SignalRow(
            node=node,
            signal=said.signal,
            sequence=said.sequence,
            episode=said.episode,
            is_test=said.test,
            first_raised_us=said.first_raised_us,
            cleared_us=said.cleared_us,
            lease_until_us=said.lease_until_us,
            envelope=msgspec.json.encode(envelope),
        )
    )
    opened = open_by_signal(tables, said, opening)
    changed = {row.id: row for row in tables.incidents.of_episode(node, said.episode)}
    if opened is not None:
        changed[opened.id] = opened
    told = [Told(event=SignalEvent(node=node, signal=envelope))]
    told += [
        Told(event=IncidentEvent(incident=view_incident(tables, row)))
        for row in changed.values()
        if row.closed_us is None
    ]
    return Outcome(told=tuple(told))


def _decision(tables: HubTransaction, node: str, body: object, opening: Opening) -> Outcome:
    envelope, said = _read(tables, node, body, DecisionStatement, opening.now_us)
    if not record_decision(tables, said, envelope):
        return Outcome()
    request = tables.accesses.request(said.request)
    device = None if request is None else request.device
    event = DecisionEvent(request=said.request, decision=envelope)
    return Outcome(told=(Told(event=event, device=device),))


def _ended(tables: HubTransaction, node: str, body: object, opening: Opening) -> Outcome:
    envelope, said = _read(tables, node, body, End, opening.now_us)
    grant = tables.accesses.grant(said.grant)
    if grant is None:
        return Outcome()  # forgotten here; the node's log still knows it
    if grant.node != node:
        raise InvalidError(f"grant {said.grant} is not node {node}'s to end")
    tables.accesses.end(said.grant, ended_us=said.ended_us, reason=said.reason)
    event = EndedEvent(grant=said.grant, ended=envelope)
    return Outcome(told=(Told(event=event, device=grant.device),))


def _checkpoint(tables: HubTransaction, node: str, body: object, _opening: Opening) -> Outcome:
    if not isinstance(body, str) or len(body) > _CHECKPOINT_LIMIT:
        raise InvalidError("a checkpoint is text of at most 64 KiB")
    tables.sites.keep_checkpoint(node, body)
    return Outcome()


_KINDS: Final[dict[str, Callable[[HubTransaction, str, object, Opening], Outcome]]] = {
    "registration": _register,
    "signal": _signal,
    "decision": _decision,
    "ended": _ended,
    "checkpoint": _checkpoint,
}


def _read(
    tables: HubTransaction, node: str, body: object, expected: type[_Statement], now_us: int
) -> tuple[Envelope, _Statement]:
    try:
        envelope = msgspec.convert(body, Envelope)
    except msgspec.ValidationError as error:
        message = f"the body of a {expected.kind_name} is its envelope; see protocol.md"
        raise InvalidError(message) from error
    said = verify(envelope, expected, trusted=node_keys(tables, node, now_us=now_us))
    if (speaker := getattr(said, "node", None)) != node:
        raise InvalidError(f"a {expected.kind_name} of {speaker} came from node {node}")
    return envelope, said


def _grant_row(decision: DecisionStatement, grant: GrantStatement) -> GrantRow:
    return GrantRow(
        id=grant.id,
        request=decision.request,
        node=decision.node,
        device=grant.device,
        camera=grant.camera,
        stream=grant.stream.value,
        rendition=grant.rendition.value,
        view=grant.view.value,
        until_us=grant.until_us,
        ended_us=None,
        reason=None,
    )


def _require_places(said: Registration) -> None:
    try:
        Place(lon=said.lon, lat=said.lat)
        for camera in said.cameras:
            Place(lon=camera.lon, lat=camera.lat)
    except ValueError as error:
        raise InvalidError(
            f"the registration of {said.node} names no place: {error}"
        ) from error
    if len({camera.id for camera in said.cameras}) != len(said.cameras):
        raise InvalidError(f"the registration of {said.node} names a camera twice")


def _cameras(said: Registration) -> list[CameraRow]:
    return [
        CameraRow(
            node=said.node,
            camera=camera.id,
            lon=camera.lon,
            lat=camera.lat,
            by_alarm="alarm" in camera.opens,
            by_request="request" in camera.opens,
        )
        for camera in said.cameras
    ]
