"""From a certificate back to a root enrolled at this hub (protocol.md, "Who vouches for whom").

The hub cannot mint anybody (P7): it holds no key of any organisation, and what
`protocol.chain` verifies is held to the kind of organisation that stands behind it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from handfast.model.access import Reason
from handfast.protocol.chain import ChainError, Revocations, verify_chain
from handfast.protocol.statements import Certificate
from handfast.seal.identity import Envelope
from handfast.storage.hub_rows import OrganisationKind, OrganisationRow

# Whom an owner and whom an agency may certify, directly or through an administrator.
_OF: Final[dict[OrganisationKind, frozenset[str]]] = {
    "owner": frozenset({"node"}),
    "agency": frozenset({"dispatch", "administrator", "officer-device"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What certificates are checked against.

    Attributes:
        roots: Enrolled organisations by the fingerprint of their root.
        revocations: The newest list of each issuer.
    """

    roots: Mapping[str, OrganisationRow]
    revocations: Revocations


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """A key that an enrolled organisation vouches for.

    Attributes:
        key: Raw Ed25519 public key of the holder.
        fingerprint: Of `key`.
        until_us: Exclusive end of the shortest certificate of the chain.
    """

    certificate: Certificate
    key: bytes
    fingerprint: str
    organisation: OrganisationRow
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
        ChainError: It leads to no enrolled root, one of its links does not hold, or it
            certifies another kind than `kind`.
    """
    signers = (signature.keyid for each in chain[-1:] for signature in each.signatures)
    root = next((trust.roots[name] for name in signers if name in trust.roots), None)
    if root is None:
        message = "no root enrolled at this hub stands behind the certificate; admit it first"
        raise ChainError(Reason.AGENCY_NOT_PARTY, message)
    found = verify_chain(
        chain,
        root=root.root,
        organisation=root.id,
        revocations=trust.revocations,
        now_us=now_us,
    )
    if found.leaf.kind != kind or kind not in _OF[root.kind]:
        message = (
            f"this takes {kind} certificates; this one is an {root.kind}'s {found.leaf.kind}"
        )
        raise ChainError(Reason.CERTIFICATE_INVALID, message)
    return Certified(
        certificate=found.leaf,
        key=found.sign,
        fingerprint=found.device,
        organisation=root,
        until_us=found.not_after_us,
    )
