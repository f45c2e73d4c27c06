"""The node's API (docs/reference/node-api.md). Decode, one use case, encode; no rule here."""

from typing import Annotated, TypeAlias

import msgspec
from anyio import to_thread
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter
from prometheus_client import generate_latest

from handfast.audit.publish import publish
from handfast.kit.errors import DeniedError, NotFoundError
from handfast.node.http.doors import Asking, Doors
from handfast.node.usecases.ask_owner import Question
from handfast.node.usecases.close_access import Shut
from handfast.node.usecases.draw_areas import CameraAreas, Saved
from handfast.node.usecases.read_log import Continuation, Refusals, Stills
from handfast.node.usecases.show_still import Still
from handfast.node.usecases.watch_site import SiteNow
from handfast.node.usecases.who_looked import AccessLine
from handfast.protocol.chain import VerifiedChain
from handfast.protocol.statements import Login
from handfast.protocol.wire import Challenge, LoginAnswer, LoginAsk, LoginChallenge
from handfast.seal.identity import Envelope

TheDoors: TypeAlias = NamedDependency[Doors]
Owner: TypeAlias = NamedDependency[VerifiedChain]
_PAGE = 50
_NEWEST_US = (1 << 53) - 1


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A statement signed on one of the owner's devices."""

    statement: Envelope


class SignalTaken(msgspec.Struct, frozen=True, kw_only=True):
    """The signal as it stands after a report or switch."""

    signal: str
    state: str
    lease_until_us: int


class Areas(msgspec.Struct, frozen=True, kw_only=True):
    """What is protected in each camera's picture, in the site's order."""

    cameras: list[CameraAreas]


class Inbox(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that wait for the owner, the most urgent first."""

    requests: list[Question]


class Accesses(msgspec.Struct, frozen=True, kw_only=True):
    """Who looked, newest first."""

    accesses: list[AccessLine]


class Agreements(msgspec.Struct, frozen=True, kw_only=True):
    """Agreements that both roots have signed; what may open, and for whom."""

    agreements: list[Envelope]


class PairAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A new device's request, with the code that the node printed."""

    code: str
    enrolment: Envelope


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """The device's fingerprint; compare it with what the device shows."""

    fingerprint: str


class DeviceState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a device has been certified: `pending`, or `certified` with the certificate."""

    state: str
    certificate: Envelope | None


def api(doors: Doors) -> Router:
    """Return the API; a handler that asks for `owner` needs a session."""
    return Router(
        path="/api/v1",
        dependencies={
            "doors": Provide(lambda: doors, sync_to_thread=False),
            "owner": Provide(_owner, sync_to_thread=False),
        },
        route_handlers=[
            login_challenge,
            login,
            challenge,
            site,
            inbox,
            approve,
            close,
            switch,
            areas,
            draw,
            still,
            stills,
            accesses,
            refusals,
            consistency,
            agreements,
            report,
            pair,
            certificate,
        ],
    )


def open_routes(doors: Doors) -> Router:
    """Return what needs no session: health, metrics, the public log."""
    return Router(
        path="/",
        dependencies={"doors": Provide(lambda: doors, sync_to_thread=False)},
        route_handlers=[health, metrics, log_file],
    )


def _owner(request: Asking, doors: TheDoors) -> VerifiedChain:
    who = doors.sessions.bearer(request.headers.get("authorization", ""))
    # A session reads only as long as its device is vouched for.
    return doors.heart.devices.device(who.device)


@post("/login/challenge", status_code=200, sync_to_thread=False)
def login_challenge(request: Asking, doors: TheDoors) -> LoginChallenge:
    """Give out a single-use challenge."""
    doors.admit(request)
    given, until_us = doors.challenges.give()
    audience = f"node:{doors.site.node}"
    return LoginChallenge(challenge=given, audience=audience, expires_us=until_us)


@post("/login", status_code=200, sync_to_thread=False)
def login(request: Asking, data: JSONBody[LoginAsk], doors: TheDoors) -> LoginAnswer:
    """Log one of the owner's devices in."""
    doors.admit(request)
    statement = doors.heart.devices.read(data.login, Login)
    doors.challenges.take(statement.challenge)
    if statement.audience != f"node:{doors.site.node}":
        raise DeniedError("the login was signed for somebody else; log in here again")
    device = doors.heart.devices.device(statement.device)
    session = doors.sessions.open(device, not_after_us=device.not_after_us)
    return LoginAnswer(
        token=session.token,
        expires_us=session.until_us,
        person=device.leaf.id,
        name=device.leaf.name,
        role=device.leaf.role,
    )


@get("/challenge", sync_to_thread=False)
def challenge(doors: TheDoors, owner: Owner) -> Challenge:
    """Give out a challenge for what a device is about to sign."""
    del owner  # being logged in is enough
    return doors.heart.challenges.issue()


@get("/site", sync_to_thread=False)
def site(doors: TheDoors, owner: Owner) -> SiteNow:
    """Return the site as it stands."""
    del owner
    return doors.watch.describe()


@get("/inbox")
async def inbox(doors: TheDoors, owner: Owner) -> Inbox:
    """Return the requests that wait."""
    del owner
    return Inbox(requests=await doors.heart.ask_owner.inbox())


@post("/approvals", status_code=204)
async def approve(data: JSONBody[Signed], doors: TheDoors, owner: Owner) -> None:
    """Take a signed approval or refusal."""
    del owner  # authority is the signature, not the session
    await doors.heart.ask_owner.answer(data.statement)


@post("/closings", status_code=200)
async def close(data: JSONBody[Signed], doors: TheDoors, owner: Owner) -> Shut:
    """Close one grant or everything."""
    del owner
    return await doors.heart.close_access.close(data.statement)


@post("/switches", status_code=200)
async def switch(data: JSONBody[Signed], doors: TheDoors, owner: Owner) -> SignalTaken:
    """Raise or clear a signal by hand."""
    del owner
    taken = await doors.heart.close_access.switch(data.statement)
    return SignalTaken(
        signal=taken.kind, state=taken.state.value, lease_until_us=taken.lease_until_us
    )


@get("/areas", sync_to_thread=False)
def areas(doors: TheDoors, owner: Owner) -> Areas:
    """Return what is protected in each camera's picture."""
    del owner
    return Areas(cameras=doors.heart.draw_areas.list_areas())


@post("/drawings", status_code=200)
async def draw(data: JSONBody[Signed], doors: TheDoors, owner: Owner) -> Saved:
    """Put a signed drawing in place of the camera's earlier one."""
    del owner
    return await doors.heart.draw_areas.draw(data.statement)


@post("/stills", status_code=200)
async def still(data: JSONBody[Signed], doors: TheDoors, owner: Owner) -> Still:
    """Show one redacted picture of a camera."""
    del owner
    return await doors.heart.stills.show(data.statement)


@get("/stills")
async def stills(
    doors: TheDoors,
    owner: Owner,
    before: Annotated[int, QueryParameter(name="before", ge=0)] = _NEWEST_US,
    limit: Annotated[int, QueryParameter(name="limit", ge=1, le=200)] = _PAGE,
) -> Stills:
    """Return which of the owner's devices asked for a picture, as proofs from their log."""
    del owner
    return await doors.heart.read_log.stills(before=before, limit=limit)


@get("/accesses")
async def accesses(
    doors: TheDoors,
    owner: Owner,
    before: Annotated[int, QueryParameter(name="before", ge=0)] = _NEWEST_US,
    limit: Annotated[int, QueryParameter(name="limit", ge=1, le=200)] = _PAGE,
) -> Accesses:
    """Return who looked, each with its log proofs."""
    del owner
    lines = await doors.heart.who_looked.list_accesses(before_us=before, limit=limit)
    return Accesses(accesses=lines)


@get("/refusals")
async def refusals(
    doors: TheDoors,
    owner: Owner,
    before: Annotated[int, QueryParameter(name="before", ge=0)] = _NEWEST_US,
    limit: Annotated[int, QueryParameter(name="limit", ge=1, le=200)] = _PAGE,
) -> Refusals:
    """Return who was refused, newest first, as proofs from the owner's log."""
    del owner
    return await doors.heart.read_log.refusals(before=before, limit=limit)


@get("/consistency")
async def consistency(
    doors: TheDoors,
    owner: Owner,
    first: Annotated[int, QueryParameter(name="first", ge=0)] = 0,
    size: Annotated[int | None, QueryParameter(name="size", ge=0)] = None,
) -> Continuation:
    """Prove that the log continues what a device saw of it."""
    del owner
    return await doors.heart.read_log.continues(first, size=size)


@get("/agreements", sync_to_thread=False)
def agreements(doors: TheDoors, owner: Owner) -> Agreements:
    """Return the agreements that hold here, as both roots signed them."""
    del owner
    return Agreements(agreements=doors.agreements())


@post("/signals", status_code=200)
async def report(request: Asking, doors: TheDoors) -> SignalTaken:
    """Take a panel's report; its MAC is its authority."""
    doors.admit_panel(request)
    taken = await doors.heart.report_signal.report(await request.body())
    return SignalTaken(
        signal=taken.kind, state=taken.state.value, lease_until_us=taken.lease_until_us
    )


@post("/devices", status_code=201, sync_to_thread=True)
def pair(request: Asking, data: JSONBody[PairAsk], doors: TheDoors) -> Paired:
    """Take a new device's request."""
    doors.admit(request)
    return Paired(fingerprint=doors.pairing.request(data.code, data.enrolment))


@get("/devices/{fingerprint:str}/certificate", sync_to_thread=True)
def certificate(fingerprint: FromPath[str], doors: TheDoors) -> DeviceState:
    """Tell a device whether it has been certified."""
    found = doors.certificate(fingerprint)
    if found is not None:
        return DeviceState(state="certified", certificate=found)
    doors.pairing.waiting(fingerprint)
    return DeviceState(state="pending", certificate=None)


@get("/healthz", sync_to_thread=False, include_in_schema=False)
def health() -> dict[str, str]:
    """Tell that the program runs."""
    return {"status": "ok"}


@get("/metrics", sync_to_thread=False, include_in_schema=False)
def metrics(doors: TheDoors) -> Response[bytes]:
    """Return counts in Prometheus' text format; no names, no pictures."""
    doors.metrics.hub_connected.set(doors.watch.hub_connected())
    body = generate_latest(doors.metrics.registry)
    return Response(body, media_type="text/plain; version=0.0.4; charset=utf-8")


@get("/log/{path:path}", include_in_schema=False)
async def log_file(path: FromPath[str], doors: TheDoors) -> Response[bytes]:
    """Serve the owner's log to anybody's verifier (c2sp.org/tlog-tiles)."""
    log = doors.log
    if log is None:
        raise NotFoundError("this log is not public; ask the owner for a copy")
    found = await to_thread.run_sync(lambda: publish(log, path.removeprefix("/")))
    cache = "public, max-age=31536000, immutable" if found.immutable else "no-cache"
    headers = {"cache-control": cache, "access-control-allow-origin": "*"}
    return Response(found.body, media_type=found.media_type, headers=headers)
