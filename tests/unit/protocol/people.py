"""An agency and an owner with fixed keys, for tests and golden bytes."""

from dataclasses import dataclass

from handfast.kit.encoding import b64
from handfast.protocol.signing import sign
from handfast.protocol.statements import Certificate, CertificateKind
from handfast.seal.identity import Envelope, SigningKey

NOW_US = 1_790_000_000_000_000
YEAR_US = 365 * 86_400_000_000
AGENCY = "01900000-0000-7000-8000-00000000000a"
OWNER = "01900000-0000-7000-8000-00000000000b"
NODE = "01900000-0000-7000-8000-00000000000c"


def key(name: str) -> SigningKey:
    """Return the same key for the same name, always."""
    return SigningKey.from_bytes(name.encode().ljust(32, b".")[:32])


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a certificate is about."""

    kind: CertificateKind
    key: SigningKey
    organisation: str = AGENCY
    name: str = "A. Rivera"
    role: str = "officer"
    id: str = "01900000-0000-7000-8000-000000000001"


def certify(
    subject: Subject,
    issuer: SigningKey,
    *,
    not_before_us: int = NOW_US - YEAR_US,
    not_after_us: int = NOW_US + YEAR_US,
) -> Envelope:
    """Sign a certificate."""
    viewer = subject.kind == "officer-device"
    certificate = Certificate(
        suite=1,
        serial=1,
        kind=subject.kind,
        id=subject.id,
        organisation=subject.organisation,
        name=subject.name,
        role=subject.role,
        sign=b64(subject.key.public),
        open=b64(b"o" * 32) if viewer else None,
        issuer=issuer.fingerprint,
        not_before_us=not_before_us,
        not_after_us=not_after_us,
    )
    return sign(certificate, issuer)


def officer_chain() -> list[Envelope]:
    """Officer's device, certified by an administrator, certified by the agency's root."""
    return [
        certify(Subject(kind="officer-device", key=key("device")), key("administrator")),
        certify(Subject(kind="administrator", key=key("administrator")), key("agency root")),
    ]
