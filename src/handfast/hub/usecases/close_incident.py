"""Close an incident: by hand, at its statement's end, or some time after its alarms ended.

Closing here ends no grant: nodes end those by their own clocks and agreements (P3, P4).
"""

from dataclasses import replace

from handfast.hub.errors import RefusedError
from handfast.hub.sessions import Session
from handfast.hub.usecases.open_incident import BY_SIGNAL
from handfast.kit.errors import NotFoundError
from handfast.storage.hub_rows import IncidentRow, SignalRow
from handfast.storage.sqlite_hub import HubTransaction


def close_by_hand(
    tables: HubTransaction, incident: str, *, session: Session, now_us: int
) -> IncidentRow:
    """Close an incident of the caller's agency or one that an alarm opened.

    Raises:
        NotFoundError: There is none.
        RefusedError: It is another agency's.
    """
    row = tables.incidents.incident(incident)
    if row is None:
        raise NotFoundError(f"no incident {incident}")
    if row.opened_by not in (BY_SIGNAL, session.agency):
        raise RefusedError("other-agency", f"incident {incident} is another agency's")
    return row if row.closed_us is not None else _close(tables, row, now_us)


def close_due(tables: HubTransaction, *, now_us: int, close_after_us: int) -> list[IncidentRow]:
    """Close what has come to its end, and return it."""
    due = (
        row
        for row in tables.incidents.incidents()
        if _is_due(tables, row, now_us, close_after_us)
    )
    return [_close(tables, row, now_us) for row in list(due)]


def _close(tables: HubTransaction, row: IncidentRow, now_us: int) -> IncidentRow:
    closed = replace(row, closed_us=now_us)
    tables.incidents.keep(closed)
    return closed


def _is_due(tables: HubTransaction, row: IncidentRow, now_us: int, close_after_us: int) -> bool:
    if row.expires_us is not None:
        return now_us >= row.expires_us
    episodes = tables.incidents.episodes(row.id)
    ends = [_ended_us(tables, node, episode) for node, episode in episodes]
    return now_us >= max(ends, default=row.opened_us) + close_after_us


def _ended_us(tables: HubTransaction, node: str, episode: str) -> int:
    """Return when an alarm ended; the end of its lease counts for one never cleared."""
    rows = [row for row in tables.sites.signals(node) if row.episode == episode]
    return max((_end_of(row) for row in rows), default=0)


def _end_of(row: SignalRow) -> int:
    return row.lease_until_us if row.cleared_us is None else row.cleared_us
