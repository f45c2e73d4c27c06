"""Who has a device, and which of them still count."""

import msgspec

from handfast.agency.ports import Agency
from handfast.agency.usecases.certify_device import known_revocations


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One certified device of a person; only its `issuer` (a fingerprint) can revoke it."""

    fingerprint: str
    label: str
    issuer: str
    not_after_us: int
    revoked: bool


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A named person; two devices are better than one (a lost browser locks nobody out)."""

    person: str
    name: str
    role: str
    devices: list[Device]


def list_people(agency: Agency) -> list[Person]:
    """Return people in alphabetical order, each with all of their devices."""
    revocations = known_revocations(agency)
    people: dict[str, Person] = {}
    for row in agency.store.certificates():
        if row.kind == "dispatch":
            continue
        enrolment = agency.store.enrolment(row.fingerprint)
        device = Device(
            fingerprint=row.fingerprint,
            label="" if enrolment is None else enrolment.label,
            issuer=row.issuer,
            not_after_us=row.not_after_us,
            revoked=revocations.revoked(row.issuer, row.fingerprint),
        )
        known = people.setdefault(
            row.person, Person(person=row.person, name=row.name, role=row.role, devices=[])
        )
        known.devices.append(device)
    return list(people.values())
