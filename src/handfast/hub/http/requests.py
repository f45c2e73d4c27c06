"""Access requests: a challenge from the node, the ask, the newest decision."""

from litestar import get, post
from litestar.params import JSONBody

from handfast.hub.http.caller import Caller, Hub
from handfast.hub.http.registry import IdText
from handfast.hub.views import envelope
from handfast.kit.errors import HandfastError, NotFoundError
from handfast.protocol.wire import Ask, Challenge, DecisionAnswer


@get("/nodes/{node:str}/challenge")
async def fetch_challenge(node: IdText, hub: Hub, session: Caller) -> Challenge:
    """Return a single-use challenge of a node for an access request."""
    _ = session
    await hub.pep.require_node(node)
    return await hub.bus.challenge(node)


@post("/nodes/{node:str}/access", status_code=200)
async def ask_access(
    node: IdText, data: JSONBody[Ask], hub: Hub, session: Caller
) -> DecisionAnswer:
    """Put an access request to a node and return its decision."""
    await hub.pep.require_node(node)
    try:
        answer = await hub.forwarder.forward(session, node, data)
    except HandfastError as error:
        hub.metrics.asks.labels("access", error.kind.value).inc()
        raise
    hub.metrics.asks.labels("access", "answered").inc()
    return answer


@get("/requests/{request_hash:str}")
async def read_decision(request_hash: IdText, hub: Hub, session: Caller) -> DecisionAnswer:
    """Return the newest decision of a request of this device."""
    row = await hub.pep.request_of(session, request_hash)
    if row.decision is None:
        raise NotFoundError(f"request {request_hash} is not decided yet; wait or ask again")
    return DecisionAnswer(decision=envelope(row.decision))
