"""Who asks: certificate chains from a pinned root down to one device (P7). Pure.

agency root -> administrator device -> officer device; owner root -> owner device.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from handfast.kit.encoding import unb64
from handfast.kit.errors import CorruptError, DeniedError, InvalidError
from handfast.model.access import Deny, Fingerprint, PersonId, Reason, Viewer
from handfast.protocol.signing import verify
from handfast.protocol.statements import Certificate, CertificateKind
from handfast.seal.identity import Envelope, fingerprint
from handfast.seal.suite import SUITE

_BAD = (InvalidError, CorruptError, DeniedError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What each issuer no longer vouches for, by the issuer's fingerprint.

    Attributes:
        lost: Issuers whose newest list was seen once and is missing now. Everything under
            them counts as revoked, so that removing a list never brings anybody back.
    """

    by_issuer: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()

    def names(self, device: str, *, issuers: Sequence[str]) -> bool:
        """Tell whether one of these issuers has revoked a key, or may have."""
        return any(
            issuer in self.lost or device in self.by_issuer.get(issuer, frozenset())
            for issuer in issuers
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """An officer's device whose chain holds.

    Attributes:
        sign: Raw Ed25519 key requests are signed with.
        open: Raw X25519 key that releases are sealed to.
        administrator: Fingerprint of who vouches.
    """

    viewer: Viewer
    sign: bytes
    open: bytes
    administrator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issuer:
    key: bytes
    organisation: str
    # Everybody whose revocations reach this certificate: the issuer and those above it.
    above: tuple[str, ...]


def check_officer(  # noqa: PLR0913 (keyword-only; the pinned facts of one check)
    chain: Sequence[Envelope],
    *,
    root: bytes,
    agency: str,
    revoked: Revoked,
    now_us: int,
) -> Certified | Deny:
    """Check officer certificate <- administrator certificate <- agency root.

    1. exactly these two; 2. the administrator's is signed by the pinned root; 3. the
    officer's is signed by that administrator; 4. each is of its kind, suite and
    organisation, in force now and not revoked by anybody above it; 5. the device can open.

    Args:
        chain: Officer's certificate, then the administrator's.
        root: Agency root, as the agreement pins it.
        agency: Its id.
        revoked: Newest lists.
        now_us: The time that counts.
    """
    if len(chain) != 2:  # noqa: PLR2004 (officer and administrator)
        return _invalid("The chain must hold the officer's and the administrator's certificate")
    top = _Issuer(key=root, organisation=agency, above=(fingerprint(root),))
    administrator = _certificate(
        chain[1], "administrator", issuer=top, revoked=revoked, now_us=now_us
    )
    if isinstance(administrator, Deny):
        return administrator
    admin_key = unb64(administrator.sign)
    middle = _Issuer(
        key=admin_key,
        organisation=agency,
        above=(fingerprint(root), fingerprint(admin_key)),
    )
    officer = _certificate(
        chain[0], "officer-device", issuer=middle, revoked=revoked, now_us=now_us
    )
    if isinstance(officer, Deny):
        return officer
    if officer.open is None:
        return _invalid("The device has no key to open releases with; enrol it again")
    return Certified(
        viewer=Viewer(
            person=PersonId(officer.id),
            name=officer.name,
            role=officer.role,
            device=Fingerprint(fingerprint(unb64(officer.sign))),
            certified_until_us=min(officer.not_after_us, administrator.not_after_us),
        ),
        sign=unb64(officer.sign),
        open=unb64(officer.open),
        administrator=fingerprint(admin_key),
    )


def check_owner_device(
    envelope: Envelope, *, root: bytes, owner: str, revoked: Revoked, now_us: int
) -> Certificate | Deny:
    """Check an owner's device certificate against the owner's root."""
    issuer = _Issuer(key=root, organisation=owner, above=(fingerprint(root),))
    return _certificate(
        envelope, "owner-device", issuer=issuer, revoked=revoked, now_us=now_us
    )


def _certificate(
    envelope: Envelope,
    kind: CertificateKind,
    *,
    issuer: _Issuer,
    revoked: Revoked,
    now_us: int,
) -> Certificate | Deny:
    signer = fingerprint(issuer.key)
    try:
        certificate = verify(envelope, Certificate, trusted={signer: issuer.key})
        device = fingerprint(unb64(certificate.sign))
    except _BAD as error:
        return _invalid(f"The {kind} certificate does not hold: {error}")
    named = (certificate.kind, certificate.suite, certificate.organisation, certificate.issuer)
    if named != (kind, SUITE, issuer.organisation, signer):
        return _invalid(f"The certificate is no {kind} certificate of this organisation")
    if revoked.names(device, issuers=issuer.above):
        return Deny(
            reason=Reason.CERTIFICATE_REVOKED,
            explanation=f"The {kind} certificate has been revoked; enrol the device again.",
        )
    if not certificate.not_before_us <= now_us < certificate.not_after_us:
        return Deny(
            reason=Reason.CERTIFICATE_EXPIRED,
            explanation=f"The {kind} certificate is not in force now; renew it.",
        )
    return certificate


def _invalid(explanation: str) -> Deny:
    return Deny(reason=Reason.CERTIFICATE_INVALID, explanation=explanation + ".")
