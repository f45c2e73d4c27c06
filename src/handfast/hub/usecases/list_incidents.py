"""Incidents as pages see them."""

from typing import Final

from handfast.hub.usecases.find_openable import find_openable
from handfast.hub.views import AlarmView, IncidentView, envelope
from handfast.storage.hub_rows import IncidentRow
from handfast.storage.sqlite_hub import HubTransaction

LATELY_US: Final = 24 * 3600 * 1_000_000


def view_incident(tables: HubTransaction, row: IncidentRow) -> IncidentView:
    """Return one incident with what has become openable."""
    signal = None
    if row.node is not None and row.episode is not None:
        signal = AlarmView(node=row.node, episode=row.episode)
    return IncidentView(
        id=row.id,
        kind=row.kind,
        title=row.title,
        lon=row.lon,
        lat=row.lat,
        radius_m=row.radius_m,
        opened_us=row.opened_us,
        closed_us=row.closed_us,
        opened_by=row.opened_by,
        signal=signal,
        openable=find_openable(tables, row),
        statement=None if row.statement is None else envelope(row.statement),
    )


def list_incidents(tables: HubTransaction, *, now_us: int) -> list[IncidentView]:
    """Return open incidents and those closed within a day, newest first."""
    rows = tables.incidents.incidents(closed_since_us=now_us - LATELY_US)
    return [view_incident(tables, row) for row in rows]
