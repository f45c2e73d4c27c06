"""What a page that begins to listen is told first: the present state, then `ready`."""

from handfast.hub.presence import Presence
from handfast.hub.sessions import Session
from handfast.hub.usecases.list_incidents import LATELY_US, list_incidents
from handfast.hub.usecases.list_registry import list_registry
from handfast.hub.views import (
    DecisionEvent,
    Event,
    IncidentEvent,
    ReadyEvent,
    SiteEvent,
    envelope,
)
from handfast.storage.sqlite_hub import HubTransaction


def present_state(
    tables: HubTransaction, presence: Presence, session: Session, *, now_us: int
) -> list[Event]:
    """Return all sites (with their signals), incidents, and the device's own decisions."""
    events: list[Event] = [SiteEvent(site=site) for site in list_registry(tables, presence)]
    events += [IncidentEvent(incident=each) for each in list_incidents(tables, now_us=now_us)]
    rows = tables.accesses.requests_of(session.device, since_us=now_us - LATELY_US)
    events += [
        DecisionEvent(request=row.hash, decision=envelope(row.decision))
        for row in rows
        if row.decision is not None
    ]
    events.append(ReadyEvent(at_us=now_us))
    return events
