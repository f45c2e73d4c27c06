"""What the agency's server needs from the outside, in its own words."""

from dataclasses import dataclass
from typing import Protocol

from handfast.kit.clock import Clock
from handfast.kit.ids import Ids
from handfast.seal.identity import Envelope, SigningKey
from handfast.storage.sqlite_agency import CertificateRow, EnrolmentRow, EnrolmentState


class AgencyStore(Protocol):
    """Durable store: every `put` and `set` is durable when it returns. Safe from any thread."""

    def put_enrolment(self, row: EnrolmentRow) -> None:
        """Keep a device's request; a newer one of the same key replaces."""
        ...

    def set_enrolment_state(self, fingerprint: str, state: EnrolmentState) -> None:
        """Record the answer to a request."""
        ...

    def enrolment(self, fingerprint: str) -> EnrolmentRow | None:
        """Return one device's request, or `None`."""
        ...

    def pending_enrolments(self, *, since_us: int) -> list[EnrolmentRow]:
        """Return devices that wait and asked at `since_us` or later, oldest first."""
        ...

    def put_certificate(self, row: CertificateRow) -> None:
        """Keep a verified certificate."""
        ...

    def certificate(self, fingerprint: str) -> CertificateRow | None:
        """Return the certificate of a key, or `None`."""
        ...

    def certificates(self) -> list[CertificateRow]:
        """Return every certificate, people in alphabetical order."""
        ...

    def put_revocation(self, issuer: str, serial: int, envelope: Envelope) -> bool:
        """Keep a list unless the same or a higher serial is there; say whether it was kept."""
        ...

    def revocations(self) -> list[Envelope]:
        """Return the newest list of each issuer."""
        ...

    def put_agreement(self, agreement: str, serial: int, envelope: Envelope) -> bool:
        """Keep an agreement unless the same or a higher serial is there; say whether."""
        ...

    def agreements(self) -> list[Envelope]:
        """Return the newest version of each agreement."""
        ...

    def put_incident(self, incident: str, at_us: int, person: str, envelope: Envelope) -> None:
        """Keep a signed statement and who asked for it."""
        ...

    def incident(self, incident: str) -> Envelope | None:
        """Return the newest statement about an incident, or `None`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """One agency: who it is, and everything its use cases work with.

    Attributes:
        id: UUID text.
        root: Raw public key; its private half is kept offline and never here.
        dispatch: Signs incident statements; certified by the root.
    """

    id: str
    name: str
    root: bytes
    dispatch: SigningKey
    store: AgencyStore
    clock: Clock
    ids: Ids
