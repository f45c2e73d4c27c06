"""The node's HTTP server put together: API, events, the owner's pages."""

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig

from handfast import __version__
from handfast.kit.encoding import Json, b64
from handfast.node.config import NodeConfig
from handfast.node.http.doors import Doors
from handfast.node.http.events import events
from handfast.node.http.routes import api, open_routes
from handfast.seal.identity import fingerprint
from handfast.web.problems import EXCEPTION_HANDLERS
from handfast.web.serve import static_routes

_BODY_BYTES = 64 * 1024


def build_http(config: NodeConfig, doors: Doors, *, node_key: bytes, log: str) -> Litestar:
    """Put the server together.

    Args:
        config: For what the pages may know without a login.
        doors: What routes call.
        node_key: The node's public key.
        log: vkey of the owner's log.
    """
    table = config.table
    settings: dict[str, Json] = {
        "hub": "",
        "organisation": table.owner.name,
        "node": doors.site.node,
        "node_key": b64(node_key),
        "node_fingerprint": fingerprint(node_key),
        "owner_root": table.owner.root,
        "log": log,
        "site": table.site.name,
        "center": [table.site.lon, table.site.lat],
    }
    given = {"doors": Provide(lambda: doors, sync_to_thread=False)}
    told = Router(path="/", dependencies=given, route_handlers=[events])
    pages = static_routes("owner", connect=(), settings=settings)
    return Litestar(
        route_handlers=[api(doors), open_routes(doors), told, *pages],
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=_BODY_BYTES,
        openapi_config=OpenAPIConfig(
            title="Handfast site node", version=__version__, path="/schema"
        ),
        logging_config=None,
    )
