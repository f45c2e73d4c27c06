"""From a certificate back to an enrolled root (protocol.md, "Who vouches for whom").

The hub cannot mint anybody (P7): it holds no key of any organisation and accepts only
what an enrolled root, or an administrator under it, has signed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from handfast.hub.errors import RefusedError
from handfast.kit.encoding import unb64
from handfast.kit.errors import HandfastError
from handfast.model.access import Reason
from handfast.protocol.signing import verify
from handfast.protocol.statements import Certificate
from handfast.seal.identity import Envelope, fingerprint
from handfast.storage.hub_rows import OrganisationKind, OrganisationRow

SUITE: Final = 1
_LONGEST: Final = 2  # a device under an administrator; the root is never sent

# Whose signature makes what: by the kind of organisation, or of certificate.
_MAY_ISSUE: Final[dict[str, frozenset[str]]] = {
    "owner": frozenset({"node", "owner-device"}),
    "agency": frozenset({"dispatch", "administrator"}),
    "administrator": frozenset({"officer-device"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What certificates are checked against.

    Attributes:
        roots: Enrolled organisations by the fingerprint of their root.
        revoked: Fingerprints withdrawn, by the fingerprint of who withdrew them.
    """

    roots: Mapping[str, OrganisationRow]
    revoked: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """A key somebody enrolled vouches for.

    Attributes:
        key: Raw Ed25519 public key of the holder.
        until_us: Exclusive end of the shortest certificate of the chain.
    """

    certificate: Certificate
    key: bytes
    organisation: OrganisationRow
    until_us: int

    @property
    def fingerprint(self) -> str:
        """The holder's fingerprint."""
        return fingerprint(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issuer:
    kind: str
    fingerprint: str
    until_us: int


def check_chain(
    chain: Sequence[Envelope], *, kind: str, trust: Trust, now_us: int
) -> Certified:
    """Return whom a chain certifies.

    Args:
        chain: The holder's certificate first, then whoever signed it, without the root.
        kind: The only kind of certificate accepted here.
        trust: Enrolled roots and revocations.
        now_us: All certificates must be valid now.

    Raises:
        RefusedError: It leads to no enrolled root, or one of its links does not hold.
    """
    if not 1 <= len(chain) <= _LONGEST:
        raise _refused(Reason.CERTIFICATE_INVALID, f"a chain has 1 to {_LONGEST} certificates")
    known = {name: row.root for name, row in trust.roots.items()}
    top = _read(chain[-1], known)
    if (root := trust.roots.get(top.issuer)) is None:
        raise _refused(Reason.AGENCY_NOT_PARTY, "no root enrolled at this hub stands behind it")
    issuer = _Issuer(kind=root.kind, fingerprint=top.issuer, until_us=top.not_after_us)
    found = _link(chain[-1], top, issuer, root=root, trust=trust, now_us=now_us)
    if len(chain) == _LONGEST:
        leaf = _read(chain[0], {found.fingerprint: found.key})
        issuer = _Issuer(kind=top.kind, fingerprint=found.fingerprint, until_us=found.until_us)
        found = _link(chain[0], leaf, issuer, root=root, trust=trust, now_us=now_us)
    if found.certificate.kind != kind:
        message = f"this takes a {kind} certificate, not {found.certificate.kind}"
        raise _refused(Reason.CERTIFICATE_INVALID, message)
    return found


def organisation_of(trust: Trust, id_: str, kind: OrganisationKind) -> OrganisationRow | None:
    """Return an enrolled organisation by its id."""
    rows = (row for row in trust.roots.values() if row.id == id_ and row.kind == kind)
    return next(rows, None)


def _read(envelope: Envelope, trusted: Mapping[str, bytes]) -> Certificate:
    try:
        return verify(envelope, Certificate, trusted=trusted)
    except HandfastError as error:
        raise _refused(
            Reason.CERTIFICATE_INVALID, f"a certificate does not hold: {error}"
        ) from error


def _link(
    envelope: Envelope,
    certificate: Certificate,
    issuer: _Issuer,
    *,
    root: OrganisationRow,
    trust: Trust,
    now_us: int,
) -> Certified:
    signers = {signature.keyid for signature in envelope.signatures}
    if certificate.issuer != issuer.fingerprint or issuer.fingerprint not in signers:
        raise _refused(Reason.CERTIFICATE_INVALID, "a certificate names another issuer")
    if certificate.suite != SUITE or certificate.organisation != root.id:
        raise _refused(
            Reason.CERTIFICATE_INVALID, "another suite or organisation than the root's"
        )
    if certificate.kind not in _MAY_ISSUE.get(issuer.kind, frozenset()):
        raise _refused(
            Reason.CERTIFICATE_INVALID, f"{issuer.kind} may not certify {certificate.kind}"
        )
    if not certificate.not_before_us <= now_us < certificate.not_after_us:
        raise _refused(Reason.CERTIFICATE_EXPIRED, "a certificate is not valid now; renew it")
    key = _key(certificate)
    name = fingerprint(key)
    root_name = fingerprint(root.root)
    for by in {issuer.fingerprint, root_name}:
        if name in trust.revoked.get(by, frozenset()):
            raise _refused(Reason.CERTIFICATE_REVOKED, "a certificate was withdrawn")
    return Certified(
        certificate=certificate,
        key=key,
        organisation=root,
        until_us=min(certificate.not_after_us, issuer.until_us),
    )


def _key(certificate: Certificate) -> bytes:
    try:
        key = unb64(certificate.sign)
        fingerprint(key)
    except HandfastError as error:
        raise _refused(Reason.CERTIFICATE_INVALID, "a certificate holds no key") from error
    return key


def _refused(reason: Reason, message: str) -> RefusedError:
    return RefusedError(reason.value, message)
