"""Sites and incidents."""

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import JSONBody, PathParameter

from handfast.hub.http.caller import Caller, Hub
from handfast.hub.usecases.close_incident import close_by_hand
from handfast.hub.usecases.list_incidents import list_incidents, view_incident
from handfast.hub.usecases.list_registry import list_registry
from handfast.hub.usecases.state_incident import state_incident
from handfast.hub.views import IncidentEvent, IncidentsView, IncidentView, RegistryView
from handfast.seal.identity import Envelope
from handfast.storage.sqlite_hub import HubTransaction

IdText = Annotated[str, PathParameter(max_length=64)]


class StatedIncident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident statement; `chain` is the dispatch certificate where it is not known."""

    statement: Envelope
    chain: list[Envelope] = []


@get("/registry")
async def read_registry(hub: Hub, session: Caller) -> RegistryView:
    """Return all sites with the newest state of their signals."""
    _ = session
    sites = await hub.store.transact(lambda tables: list_registry(tables, hub.presence))
    return RegistryView(sites=sites)


@get("/incidents")
async def read_incidents(hub: Hub, session: Caller) -> IncidentsView:
    """Return open incidents and those closed within a day."""
    _ = session
    now_us = hub.clock.now_us()
    found = await hub.store.transact(lambda tables: list_incidents(tables, now_us=now_us))
    return IncidentsView(incidents=found)


@post("/incidents")
async def open_incident(
    data: JSONBody[StatedIncident], hub: Hub, session: Caller
) -> IncidentView:
    """Open or restate an incident that a dispatch key has signed."""
    now_us = hub.clock.now_us()
    trust = await hub.pep.trust()

    def _work(tables: HubTransaction) -> IncidentView:
        row = state_incident(
            tables, data.statement, data.chain, session=session, trust=trust, now_us=now_us
        )
        return view_incident(tables, row)

    view = await hub.store.transact(_work)
    hub.board.tell(IncidentEvent(incident=view))
    return view


@post("/incidents/{incident:str}/close", status_code=200)
async def close_incident(incident: IdText, hub: Hub, session: Caller) -> IncidentView:
    """Close an incident; grants end by their own nodes' clocks."""
    now_us = hub.clock.now_us()

    def _work(tables: HubTransaction) -> IncidentView:
        row = close_by_hand(tables, incident, session=session, now_us=now_us)
        return view_incident(tables, row)

    view = await hub.store.transact(_work)
    hub.board.tell(IncidentEvent(incident=view))
    return view
