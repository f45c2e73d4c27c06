"""Logging in: officers' devices get a session, nodes a token for the bus."""

from typing import Any

from litestar import Request, post
from litestar.params import JSONBody

from handfast.bus.node_login import DeviceName
from handfast.bus.ports import BusAccess
from handfast.hub.http.caller import Hub
from handfast.hub.http.problems import address_of
from handfast.kit.errors import HandfastError
from handfast.protocol.wire import LoginAnswer, LoginAsk, LoginChallenge


@post("/login/challenge", status_code=200)
async def challenge_officer(
    data: JSONBody[DeviceName], hub: Hub, request: Request[Any, Any, Any]
) -> LoginChallenge:
    """Return what a device has to sign to log in."""
    hub.logins.spend(address_of(request))
    return hub.pep.challenge_officer(data.device)


@post("/login", status_code=200)
async def log_in(
    data: JSONBody[LoginAsk], hub: Hub, request: Request[Any, Any, Any]
) -> LoginAnswer:
    """Open a session for an officer's device."""
    hub.logins.spend(address_of(request))
    try:
        token, session = await hub.pep.log_in(data)
    except HandfastError as error:
        hub.metrics.logins.labels("officer", error.kind.value).inc()
        raise
    hub.metrics.logins.labels("officer", "in").inc()
    return LoginAnswer(
        token=token,
        expires_us=session.expires_us,
        person=session.person,
        name=session.name,
        role=session.role,
    )


@post("/nodes/login/challenge", status_code=200)
async def challenge_node(
    data: JSONBody[DeviceName], hub: Hub, request: Request[Any, Any, Any]
) -> LoginChallenge:
    """Return what a node has to sign to enter the bus."""
    hub.logins.spend(address_of(request))
    return hub.pep.challenge_node(data.device)


@post("/nodes/login", status_code=200)
async def log_in_node(
    data: JSONBody[LoginAsk], hub: Hub, request: Request[Any, Any, Any]
) -> BusAccess:
    """Return a token that opens one connection of one node to the bus."""
    hub.logins.spend(address_of(request))
    try:
        holder = await hub.pep.log_in_node(data)
    except HandfastError as error:
        hub.metrics.logins.labels("node", error.kind.value).inc()
        raise
    hub.metrics.logins.labels("node", "in").inc()
    node = holder.certificate.id
    until_us = hub.clock.now_us() + hub.config.bus.session_hours * 3600 * 1_000_000
    token, expires_us = hub.tokens.issue(node, session_until_us=min(until_us, holder.until_us))
    return BusAccess(node=node, token=token, url=hub.bus_url(), expires_us=expires_us)
