"""What roots and administrators do: certify keys. Pure; whoever calls holds the key."""

from dataclasses import dataclass

from handfast.kit.encoding import b64
from handfast.protocol.signing import sign
from handfast.protocol.statements import Certificate, CertificateKind, Enrolment
from handfast.seal.identity import Envelope, SigningKey
from handfast.seal.suite import SUITE

_DAY_US = 86_400_000_000
LASTING_US: dict[CertificateKind, int] = {
    "node": 5 * 365 * _DAY_US,
    "owner-device": 365 * _DAY_US,
    "dispatch": 365 * _DAY_US,
    "administrator": 365 * _DAY_US,
    "officer-device": 90 * _DAY_US,
}
_BACKDATED_US = 300_000_000  # clocks of the two sides may differ by minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a certificate is about.

    Attributes:
        id: The node's or the person's UUID; two devices of one person share it.
        organisation: The owner's or agency's UUID.
        sign: Raw Ed25519 public key.
        open: Raw X25519 public key of a viewer's device, else `None`.
    """

    kind: CertificateKind
    id: str
    organisation: str
    name: str
    role: str
    sign: bytes
    open: bytes | None = None


def certify(subject: Subject, issuer: SigningKey, *, serial: int, now_us: int) -> Envelope:
    """Sign a certificate that holds for as long as its kind usually does."""
    certificate = Certificate(
        suite=SUITE,
        serial=serial,
        kind=subject.kind,
        id=subject.id,
        organisation=subject.organisation,
        name=subject.name,
        role=subject.role,
        sign=b64(subject.sign),
        open=None if subject.open is None else b64(subject.open),
        issuer=issuer.fingerprint,
        not_before_us=now_us - _BACKDATED_US,
        not_after_us=now_us + LASTING_US[subject.kind],
    )
    return sign(certificate, issuer)


def enrol(key: SigningKey, *, label: str, open_key: bytes, now_us: int) -> Envelope:
    """Ask to be certified, as a device that is no browser does."""
    enrolment = Enrolment(
        suite=SUITE, label=label, sign=b64(key.public), open=b64(open_key), at_us=now_us
    )
    return sign(enrolment, key)
