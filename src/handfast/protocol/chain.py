"""Certificate chains: from a device's key up to a root that was confirmed outside the hub.

    owner root --> node, owner devices
    agency root --> dispatch key, administrator devices --> officer devices

Numbered as in `verify_chain`; used by nodes, hub and agencies alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handfast.kit.encoding import unb64
from handfast.kit.errors import DeniedError, HandfastError
from handfast.model.access import Reason
from handfast.protocol.signing import parse, verify
from handfast.protocol.statements import (
    Certificate,
    CertificateKind,
    Enrolment,
    Revocation,
)
from handfast.seal.identity import Envelope, fingerprint
from handfast.seal.suite import require_suite

_MAY_ISSUE: dict[CertificateKind, frozenset[str]] = {
    "administrator": frozenset({"officer-device"}),
    "node": frozenset(),
    "owner-device": frozenset(),
    "dispatch": frozenset(),
    "officer-device": frozenset(),
}
_ROOT_MAY_ISSUE = frozenset({"node", "owner-device", "dispatch", "administrator"})
_LONGEST = 2


class ChainError(DeniedError):
    """A certificate chain does not hold; `reason` is what both sides are told (P5)."""

    def __init__(self, reason: Reason, message: str) -> None:
        """Keep the named reason beside the sentence."""
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedChain:
    """The certificate of the key that signs, and how long the whole chain holds.

    Attributes:
        leaf: The certificate at the chain's near end.
        sign: Its Ed25519 public key, raw.
        device: Fingerprint of that key.
        not_after_us: Exclusive end of the shortest certificate in the chain.
    """

    leaf: Certificate
    sign: bytes
    device: str
    not_after_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocations:
    """The newest revocation list of each issuer, by the issuer's fingerprint."""

    newest: Mapping[str, Revocation]

    def revoked(self, issuer: str, device: str) -> bool:
        """Tell whether `issuer` has taken back what it vouched for `device`."""
        listed = self.newest.get(issuer)
        return listed is not None and device in listed.revoked


def verify_chain(
    chain: Sequence[Envelope],
    *,
    root: bytes,
    organisation: str,
    revocations: Revocations,
    now_us: int,
) -> VerifiedChain:
    """Verify a chain of one or two certificates, nearest first, up to `root`.

    1. It has one certificate (issued by the root) or two (by an administrator).
    2. Each is signed by the next one's key, the last by the root; keys come from the
       certificate already verified, never from the message.
    3. Each names the issuer that signed it, may be issued by it, is of a known suite and
       of the same organisation.
    4. Each is in force, and no issuer has revoked it.

    Raises:
        ChainError: The first of these that does not hold.
    """
    if not 1 <= len(chain) <= _LONGEST:
        raise _invalid(f"it has {len(chain)} certificates; send one or two, the device's first")
    issuer, may_issue = root, _ROOT_MAY_ISSUE
    until_us: list[int] = []
    certificate: Certificate | None = None
    for envelope in reversed(chain):
        certificate = _verify_one(envelope, issuer=issuer, may_issue=may_issue)
        if certificate.organisation != organisation:
            raise _invalid("a certificate names another organisation than its root")
        _require_in_force(certificate, fingerprint(issuer), revocations, now_us)
        issuer, may_issue = unb64(certificate.sign), _MAY_ISSUE[certificate.kind]
        until_us.append(certificate.not_after_us)
    if certificate is None:
        raise _invalid("it is empty")
    return VerifiedChain(
        leaf=certificate,
        sign=issuer,
        device=fingerprint(issuer),
        not_after_us=min(until_us),
    )


def _verify_one(envelope: Envelope, *, issuer: bytes, may_issue: frozenset[str]) -> Certificate:
    name = fingerprint(issuer)
    try:
        certificate = verify(envelope, Certificate, trusted={name: issuer})
        require_suite(certificate.suite)
        fingerprint(unb64(certificate.sign))
        if certificate.open is not None:
            fingerprint(unb64(certificate.open))
    except HandfastError as error:
        raise _invalid(str(error)) from error
    if certificate.issuer != name or certificate.kind not in may_issue:
        raise _invalid(f"its issuer may not vouch for a {certificate.kind}")
    return certificate


def _require_in_force(
    certificate: Certificate, issuer: str, revocations: Revocations, now_us: int
) -> None:
    device = fingerprint(unb64(certificate.sign))
    if not certificate.not_before_us <= now_us < certificate.not_after_us:
        raise ChainError(
            Reason.CERTIFICATE_EXPIRED,
            f"the {certificate.kind} certificate of {device} is not in force; "
            "ask the administrator for a new one",
        )
    if revocations.revoked(issuer, device):
        raise ChainError(
            Reason.CERTIFICATE_REVOKED,
            f"the {certificate.kind} certificate of {device} was revoked; enrol a device again",
        )


def _invalid(why: str) -> ChainError:
    return ChainError(
        Reason.CERTIFICATE_INVALID,
        f"the certificate chain does not hold: {why}; enrol the device again",
    )


def read_enrolment(envelope: Envelope) -> Enrolment:
    """Return an enrolment that the device's own key has signed.

    This proves possession of the key and nothing about the person; an administrator or an
    owner compares the fingerprint before certifying.

    Raises:
        InvalidError: It is malformed or of another suite.
        CorruptError: The key inside did not sign it.
    """
    claimed = parse(unb64(envelope.payload), Enrolment)
    key = unb64(claimed.sign)
    enrolment = verify(envelope, Enrolment, trusted={fingerprint(key): key})
    require_suite(enrolment.suite)
    fingerprint(unb64(enrolment.open))
    return enrolment
