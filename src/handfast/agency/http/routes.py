"""The agency's API (docs/reference/protocol.md, "Browsers <-> agency")."""

from dataclasses import dataclass
from typing import TypeAlias

import msgspec
from litestar import Request, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from handfast.agency.ports import Agency
from handfast.agency.usecases.certify_device import (
    certify_device,
    revocation_lists,
    revoke_devices,
)
from handfast.agency.usecases.enrol_device import (
    EnrolmentStatus,
    enrol_device,
    enrolment_status,
    pending_devices,
    refuse_device,
)
from handfast.agency.usecases.list_people import Person, list_people
from handfast.agency.usecases.log_in import Member, audience_of, log_in
from handfast.agency.usecases.sign_incident import IncidentDraft, sign_incident
from handfast.kit.errors import DeniedError, UnavailableError
from handfast.protocol.wire import LoginAnswer, LoginAsk, LoginChallenge, RevocationLists
from handfast.seal.identity import Envelope
from handfast.web.allowance import Allowance
from handfast.web.sessions import Challenges, Sessions

Asking: TypeAlias = Request[None, None, State]
TheAgency: TypeAlias = NamedDependency[Agency]
TheDoor: TypeAlias = NamedDependency["Door"]
Who: TypeAlias = NamedDependency[Member]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What the routes share: who is logged in, and how much strangers may ask."""

    challenges: Challenges
    sessions: Sessions[Member]
    strangers: Allowance


class EnrolmentAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A new device's request with the person's name."""

    enrolment: Envelope
    name: str


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """The device's fingerprint; compare it with what the device shows."""

    fingerprint: str


class PendingDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device that waits for an administrator."""

    fingerprint: str
    name: str
    label: str
    enrolment: Envelope
    received_us: int


class PendingDevices(msgspec.Struct, frozen=True, kw_only=True):
    """All that wait, oldest first."""

    enrolments: list[PendingDevice]


class CertificateAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate signed in the administrator's browser."""

    certificate: Envelope


class RevocationAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A revocation list signed by the root or an administrator."""

    revocation: Envelope


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody with a certified device."""

    people: list[Person]


class Agreements(msgspec.Struct, frozen=True, kw_only=True):
    """Countersigned agreements, the highest serial of each."""

    agreements: list[Envelope]


class SignedIncident(msgspec.Struct, frozen=True, kw_only=True):
    """The dispatch key's statement."""

    statement: Envelope


def routes(agency: Agency, door: Door) -> Router:
    """Return the API; what a handler asks for (`member`, `administrator`) may call it."""
    return Router(
        path="/api/v1",
        dependencies={
            "agency": Provide(lambda: agency, sync_to_thread=False),
            "door": Provide(lambda: door, sync_to_thread=False),
            "member": Provide(_member, sync_to_thread=False),
            "administrator": Provide(_administrator, sync_to_thread=False),
        },
        route_handlers=[
            challenge,
            login,
            enrol,
            enrolment,
            revocations,
            agreements,
            incident,
            pending,
            certify,
            refuse,
            people,
            revoke,
        ],
    )


def _member(request: Asking, door: TheDoor) -> Member:
    return door.sessions.bearer(request.headers.get("authorization", ""))


def _administrator(request: Asking, door: TheDoor) -> Member:
    member = _member(request, door)
    if not member.administers:
        raise DeniedError("only an administrator's device may do this; log in with one")
    return member


def _allow(door: Door, request: Asking) -> None:
    source = "unknown" if request.client is None else request.client.host
    if not door.strangers.take(source):
        raise UnavailableError("too many tries from this address; wait a minute")


@post("/login/challenge", status_code=200, sync_to_thread=False)
def challenge(request: Asking, agency: TheAgency, door: TheDoor) -> LoginChallenge:
    """Give out a single-use challenge."""
    _allow(door, request)
    given, until_us = door.challenges.give()
    return LoginChallenge(challenge=given, audience=audience_of(agency), expires_us=until_us)


@post("/login", status_code=200, sync_to_thread=False)
def login(
    request: Asking, data: JSONBody[LoginAsk], agency: TheAgency, door: TheDoor
) -> LoginAnswer:
    """Log a person's device in."""
    _allow(door, request)
    member, not_after_us = log_in(agency, door.challenges, data)
    session = door.sessions.open(member, not_after_us=not_after_us)
    return LoginAnswer(
        token=session.token,
        expires_us=session.until_us,
        person=member.person,
        name=member.name,
        role=member.role,
    )


@post("/enrolments", sync_to_thread=True)
def enrol(
    request: Asking, data: JSONBody[EnrolmentAsk], agency: TheAgency, door: TheDoor
) -> Enrolled:
    """Take in a new device's request."""
    _allow(door, request)
    return Enrolled(fingerprint=enrol_device(agency, data.enrolment, name=data.name))


@get("/enrolments/{fingerprint:str}", sync_to_thread=True)
def enrolment(fingerprint: FromPath[str], agency: TheAgency) -> EnrolmentStatus:
    """Tell a device what became of its request."""
    return enrolment_status(agency, fingerprint)


@get("/revocations", sync_to_thread=True)
def revocations(agency: TheAgency) -> RevocationLists:
    """Return the newest revocation lists; anybody may check them, nodes come and ask."""
    return revocation_lists(agency)


@get("/agreements", sync_to_thread=True)
def agreements(agency: TheAgency, member: Who) -> Agreements:
    """Return the agreements by which this member's browser trusts nodes."""
    del member  # being logged in is enough
    return Agreements(agreements=agency.store.agreements())


@post("/incidents", status_code=200, sync_to_thread=True)
def incident(data: JSONBody[IncidentDraft], agency: TheAgency, member: Who) -> SignedIncident:
    """Sign what the agency works on."""
    return SignedIncident(statement=sign_incident(agency, data, by=member))


@get("/enrolments", sync_to_thread=True)
def pending(agency: TheAgency, administrator: Who) -> PendingDevices:
    """Return the devices that wait."""
    del administrator
    devices = [
        PendingDevice(
            fingerprint=row.fingerprint,
            name=row.name,
            label=row.label,
            enrolment=row.envelope,
            received_us=row.received_us,
        )
        for row in pending_devices(agency)
    ]
    return PendingDevices(enrolments=devices)


@post("/certificates", sync_to_thread=True)
def certify(data: JSONBody[CertificateAsk], agency: TheAgency, administrator: Who) -> Enrolled:
    """Take in a certificate that this administrator signed."""
    device = certify_device(agency, data.certificate, administrator=administrator.device)
    return Enrolled(fingerprint=device)


@post("/enrolments/{fingerprint:str}/refuse", status_code=204, sync_to_thread=True)
def refuse(fingerprint: FromPath[str], agency: TheAgency, administrator: Who) -> None:
    """Refuse a waiting device."""
    del administrator
    refuse_device(agency, fingerprint)


@get("/people", sync_to_thread=True)
def people(agency: TheAgency, administrator: Who) -> People:
    """Return everybody with a certified device."""
    del administrator
    return People(people=list_people(agency))


@post("/revocations", sync_to_thread=True)
def revoke(data: JSONBody[RevocationAsk], agency: TheAgency, administrator: Who) -> Enrolled:
    """Take in a newer revocation list."""
    revoke_devices(agency, data.revocation)
    return Enrolled(fingerprint=administrator.device)
