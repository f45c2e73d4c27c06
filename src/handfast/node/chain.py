"""Who asks: what this node adds to `protocol.chain`, as denials with a reason (P7). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from handfast.kit.encoding import unb64
from handfast.model.access import Deny, Fingerprint, PersonId, Reason, Viewer
from handfast.protocol.chain import ChainError, Revocations, VerifiedChain, verify_chain
from handfast.protocol.statements import CertificateKind
from handfast.seal.identity import Envelope, fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What issuers no longer vouch for.

    Attributes:
        lists: The newest list of each issuer.
        lost: Issuers whose newest list was seen once and is missing now. Everything under
            them counts as revoked, so that removing a list never brings anybody back.
    """

    lists: Revocations = field(default_factory=lambda: Revocations(newest={}))
    lost: frozenset[str] = frozenset()

    def names(self, device: str, *, issuers: Sequence[str]) -> bool:
        """Tell whether one of these issuers has revoked a key, or may have."""
        return any(
            issuer in self.lost or self.lists.revoked(issuer, device) for issuer in issuers
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


def check_officer(
    chain: Sequence[Envelope], *, root: bytes, agency: str, revoked: Revoked, now_us: int
) -> Certified | Deny:
    """Check officer certificate <- administrator certificate <- agency root.

    Args:
        chain: Officer's certificate, then the administrator's.
        root: Agency root, as the agreement pins it.
        agency: Its id.
        revoked: Newest lists.
        now_us: The time that counts.
    """
    if len(chain) != 2:  # noqa: PLR2004 (officer and administrator)
        return _invalid(
            "The chain must hold the officer's and the administrator's certificate."
        )
    found = _check(chain, "officer-device", root, agency, revoked=revoked, now_us=now_us)
    if isinstance(found, Deny):
        return found
    leaf = found.leaf
    if leaf.open is None:
        return _invalid("The device has no key to open releases with; enrol it again.")
    return Certified(
        viewer=Viewer(
            person=PersonId(leaf.id),
            name=leaf.name,
            role=leaf.role,
            device=Fingerprint(found.device),
            certified_until_us=found.not_after_us,
        ),
        sign=found.sign,
        open=unb64(leaf.open),
        administrator=leaf.issuer,
    )


def check_owner_device(
    envelope: Envelope, *, root: bytes, owner: str, revoked: Revoked, now_us: int
) -> VerifiedChain | Deny:
    """Check an owner's device certificate against the owner's root."""
    return _check([envelope], "owner-device", root, owner, revoked=revoked, now_us=now_us)


def _check(
    chain: Sequence[Envelope],
    kind: CertificateKind,
    root: bytes,
    organisation: str,
    *,
    revoked: Revoked,
    now_us: int,
) -> VerifiedChain | Deny:
    try:
        found = verify_chain(
            chain,
            root=root,
            organisation=organisation,
            revocations=revoked.lists,
            now_us=now_us,
        )
    except ChainError as error:
        return Deny(reason=error.reason, explanation=str(error))
    if found.leaf.kind != kind:
        return _invalid(f"The certificate is no {kind} certificate.")
    # A root may take back a device that an administrator of its has certified.
    if revoked.names(found.device, issuers=(fingerprint(root), found.leaf.issuer)):
        return Deny(
            reason=Reason.CERTIFICATE_REVOKED,
            explanation="The certificate has been revoked; enrol the device again.",
        )
    return found


def _invalid(explanation: str) -> Deny:
    return Deny(reason=Reason.CERTIFICATE_INVALID, explanation=explanation)
