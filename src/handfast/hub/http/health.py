"""For those who run the hub: alive, ready, counted. Without personal data."""

from litestar import MediaType, Response, get

from handfast.hub.http.caller import Hub
from handfast.hub.metrics import CONTENT_TYPE
from handfast.kit.errors import UnavailableError


@get("/healthz", media_type=MediaType.TEXT)
async def healthz() -> str:
    """Say that the process answers."""
    return "ok\n"


@get("/readyz", media_type=MediaType.TEXT)
async def readyz(hub: Hub) -> str:
    """Say that database and bus can be used, or answer 503."""
    await hub.store.transact(lambda tables: tables.sites.last_sequence(""))
    if not hub.is_ready():
        raise UnavailableError("the bus is not reachable; see its log")
    return "ready\n"


@get("/metrics", include_in_schema=False)
async def read_metrics(hub: Hub) -> Response[bytes]:
    """Return the counters in Prometheus' text format."""
    return Response(hub.metrics.text(), media_type=CONTENT_TYPE)
