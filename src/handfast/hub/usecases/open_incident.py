"""Open an incident: by a raised alarm, or by a statement of the agency's dispatch key."""

from dataclasses import dataclass, replace

import msgspec

from handfast.kit.errors import ConflictError, InvalidError
from handfast.model.camera import Place
from handfast.model.incident import distance_m
from handfast.protocol.statements import IncidentStatement, SignalStatement
from handfast.seal.identity import Envelope
from handfast.storage.hub_rows import IncidentRow
from handfast.storage.sqlite_hub import HubTransaction

BY_SIGNAL = "signal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What an alarm's incident gets when it is new."""

    incident: str
    radius_m: float
    now_us: int


def open_by_signal(
    tables: HubTransaction, signal: SignalStatement, opening: Opening
) -> IncidentRow | None:
    """Open an incident for a raised alarm, or let the alarm join one.

    It joins an open one it is part of already, or one of the same kind whose radius
    reaches the site. A test, a cleared signal and an unregistered site open nothing.

    Returns:
        The incident when it is new or has gained this alarm.
    """
    if signal.test or signal.state != "raised":
        return None
    known = tables.incidents.of_episode(signal.node, signal.episode)
    if any(row.closed_us is None for row in known):
        return None
    site = tables.sites.site(signal.node)
    if site is None:
        return None
    here = Place(lon=site.lon, lat=site.lat)
    incident = _nearby(tables, signal.signal, here)
    if incident is None:
        incident = IncidentRow(
            id=opening.incident,
            kind=signal.signal,
            title=f"{signal.signal}: {site.name}",
            lon=site.lon,
            lat=site.lat,
            radius_m=opening.radius_m,
            opened_us=opening.now_us,
            closed_us=None,
            expires_us=None,
            opened_by=BY_SIGNAL,
            node=signal.node,
            episode=signal.episode,
            statement=None,
        )
        tables.incidents.keep(incident)
    tables.incidents.join(
        incident.id, node=signal.node, episode=signal.episode, signal=signal.signal
    )
    return incident


def open_by_statement(
    tables: HubTransaction,
    statement: IncidentStatement,
    *,
    envelope: Envelope,
    now_us: int,
) -> IncidentRow:
    """Store what a dispatch key, which the caller has checked, states about an incident.

    A statement about an open incident of the hub's own or of the same agency replaces what
    is known of it, so that an alarm's incident can be given a statement to ask with.

    Raises:
        InvalidError: It has ended already, or names no place.
        ConflictError: The incident is closed, or another agency's.
    """
    if not now_us < statement.expires_us or statement.opened_us >= statement.expires_us:
        raise InvalidError("this incident statement has expired; sign a new one")
    if statement.radius_m <= 0 or not _on_globe(statement):
        raise InvalidError("an incident needs a place on the globe and a radius above 0 m")
    row = _row(statement, envelope)
    before = tables.incidents.incident(statement.incident)
    if before is not None:
        if before.closed_us is not None:
            raise ConflictError(f"incident {before.id} is closed; open a new one")
        if before.opened_by not in (BY_SIGNAL, statement.agency):
            raise ConflictError(f"incident {before.id} is another agency's; open your own")
        row = replace(row, opened_us=before.opened_us, node=before.node, episode=before.episode)
    tables.incidents.keep(row)
    if statement.signal is not None:
        alarm = statement.signal
        tables.incidents.join(
            row.id, node=alarm.node, episode=alarm.episode, signal=statement.kind
        )
    return row


def _row(statement: IncidentStatement, envelope: Envelope) -> IncidentRow:
    return IncidentRow(
        id=statement.incident,
        kind=statement.kind,
        title=statement.title,
        lon=statement.lon,
        lat=statement.lat,
        radius_m=statement.radius_m,
        opened_us=statement.opened_us,
        closed_us=None,
        expires_us=statement.expires_us,
        opened_by=statement.agency,
        node=None if statement.signal is None else statement.signal.node,
        episode=None if statement.signal is None else statement.signal.episode,
        statement=msgspec.json.encode(envelope),
    )


def _nearby(tables: HubTransaction, kind: str, here: Place) -> IncidentRow | None:
    for row in tables.incidents.incidents():
        near = distance_m(Place(lon=row.lon, lat=row.lat), here) <= row.radius_m
        if row.kind == kind and near:
            return row
    return None


def _on_globe(statement: IncidentStatement) -> bool:
    try:
        Place(lon=statement.lon, lat=statement.lat)
    except ValueError:
        return False
    return True
