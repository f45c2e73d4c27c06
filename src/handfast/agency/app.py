"""Composition root of the agency's server: the only place where its parts are put together."""

import msgspec
from litestar import Litestar
from litestar.openapi import OpenAPIConfig

from handfast import __version__
from handfast.agency.config import AgencyConfig
from handfast.agency.http.routes import Door, routes
from handfast.agency.ports import Agency
from handfast.kit.clock import Clock
from handfast.kit.encoding import Json, b64, unb64
from handfast.kit.ids import Ids
from handfast.seal.identity import SigningKey
from handfast.storage.sqlite_agency import SqliteAgency
from handfast.web.allowance import Allowance
from handfast.web.headers import connect_origins
from handfast.web.problems import EXCEPTION_HANDLERS
from handfast.web.serve import static_routes
from handfast.web.sessions import Challenges, Sessions

DISPATCH_KEY = "dispatch.key"
DATABASE = "agency.db"
_BODY_BYTES = 256 * 1024


def open_agency(config: AgencyConfig, *, clock: Clock, ids: Ids) -> Agency:
    """Open the agency's keys and database.

    Raises:
        InvalidError: The dispatch key does not open.
    """
    dispatch = SigningKey.from_pem((config.folder / DISPATCH_KEY).read_bytes())
    return Agency(
        id=config.table.id,
        name=config.table.name,
        root=unb64(config.table.root),
        dispatch=dispatch,
        store=SqliteAgency(config.folder / DATABASE),
        clock=clock,
        ids=ids,
    )


def build_app(config: AgencyConfig, agency: Agency) -> Litestar:
    """Put the API and the two sets of pages together."""
    door = Door(
        challenges=Challenges(agency.clock, agency.ids),
        sessions=Sessions(agency.clock, agency.ids),
        strangers=Allowance(agency.clock, burst=60, per_minute=60),
    )
    hub = config.table.hub
    settings: dict[str, Json] = {
        "hub": hub.url,
        "hub_id": hub.id,
        "organisation": agency.name,
        "agency": agency.id,
        "root": b64(agency.root),
        "center": list(config.table.center),
        "tour": msgspec.to_builtins(config.table.tour) if config.table.tour.owner_url else None,
    }
    return Litestar(
        route_handlers=[
            routes(agency, door),
            *static_routes(
                "officer", "admin", connect=connect_origins(hub.url), settings=settings
            ),
        ],
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=_BODY_BYTES,
        openapi_config=OpenAPIConfig(
            title="Handfast agency", version=__version__, path="/schema"
        ),
        logging_config=None,
    )
