"""A new device asks to be certified, and later asks what became of it."""

import msgspec

from handfast.agency.ports import Agency
from handfast.kit.encoding import unb64
from handfast.kit.errors import InvalidError, NotFoundError, UnavailableError
from handfast.protocol.chain import read_enrolment
from handfast.seal.identity import Envelope, fingerprint
from handfast.storage.sqlite_agency import EnrolmentRow, EnrolmentState

PENDING_US = 24 * 3600 * 1_000_000
MOST_PENDING = 200
_LONGEST_NAME = 80


class EnrolmentStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a device; the chain is present once it is certified."""

    state: EnrolmentState
    chain: list[Envelope]


def enrol_device(agency: Agency, envelope: Envelope, *, name: str) -> str:
    """Keep a device's request for an administrator, and return its fingerprint.

    Raises:
        InvalidError: The request is malformed, not signed by its own key, or has no name.
        UnavailableError: Too many devices wait already.
    """
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidError("give your full name, up to 80 letters, so that you can be found")
    enrolment = read_enrolment(envelope)
    now_us = agency.clock.now_us()
    device = fingerprint(unb64(enrolment.sign))
    known = agency.store.enrolment(device)
    if known is not None and known.state == "certified":
        return device
    waiting = agency.store.pending_enrolments(since_us=now_us - PENDING_US)
    if len(waiting) >= MOST_PENDING and known is None:
        raise UnavailableError("too many devices wait; ask an administrator to answer them")
    row = EnrolmentRow(
        fingerprint=device,
        name=name.strip(),
        label=enrolment.label[:_LONGEST_NAME],
        envelope=envelope,
        received_us=now_us,
        state="pending",
    )
    agency.store.put_enrolment(row)
    return device


def enrolment_status(agency: Agency, device: str) -> EnrolmentStatus:
    """Tell a device what became of its request.

    Raises:
        NotFoundError: It never asked, or asked more than 24 h ago and nobody answered.
    """
    row = agency.store.enrolment(device)
    if row is None or _forgotten(row, agency.clock.now_us()):
        raise NotFoundError("this device has no open request here; send its request again")
    if row.state != "certified":
        return EnrolmentStatus(state=row.state, chain=[])
    return EnrolmentStatus(state="certified", chain=chain_of(agency, device))


def pending_devices(agency: Agency) -> list[EnrolmentRow]:
    """Return the devices that wait for an administrator, oldest first."""
    return agency.store.pending_enrolments(since_us=agency.clock.now_us() - PENDING_US)


def refuse_device(agency: Agency, device: str) -> None:
    """Refuse a waiting device.

    Raises:
        NotFoundError: No such device waits.
    """
    row = agency.store.enrolment(device)
    if row is None or row.state != "pending":
        raise NotFoundError(f"no device {device} waits; look at the list again")
    agency.store.set_enrolment_state(device, "refused")


def chain_of(agency: Agency, device: str) -> list[Envelope]:
    """Return a certified key's chain, holder first, root left out."""
    chain: list[Envelope] = []
    row = agency.store.certificate(device)
    root = fingerprint(agency.root)
    while row is not None:
        chain.append(row.envelope)
        row = None if row.issuer == root else agency.store.certificate(row.issuer)
    return chain


def _forgotten(row: EnrolmentRow, now_us: int) -> bool:
    return row.state == "pending" and row.received_us < now_us - PENDING_US
