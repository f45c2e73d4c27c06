"""What an agency's answer about revocations is worth to whoever pins the agency's root.

The answer itself proves nothing: every list and every certificate in it stands on its own
signature, and one that cannot be believed takes nothing from the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from handfast.kit.encoding import unb64
from handfast.kit.errors import DeniedError, HandfastError
from handfast.protocol.signing import verify
from handfast.protocol.statements import Certificate, Revocation
from handfast.protocol.wire import RevocationLists
from handfast.seal.identity import Envelope, fingerprint
from handfast.seal.suite import require_suite


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedList:
    """A revocation list whose issuer may revoke.

    Attributes:
        certificate: The issuer's; `None` when the issuer is the root itself.
    """

    revocation: Revocation
    envelope: Envelope
    certificate: Envelope | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BelievedLists:
    """What holds of an answer.

    Attributes:
        newest: The highest serial of each issuer, by the issuer's fingerprint.
        refused: Why the rest does not hold.
    """

    newest: Mapping[str, SignedList]
    refused: tuple[HandfastError, ...]


def believe_lists(lists: RevocationLists, *, root: bytes, organisation: str) -> BelievedLists:
    """Check an agency's answer.

    A certificate counts when the root has signed it for an administrator of this agency. It
    need not be in force: what an administrator has taken back stays taken back when their
    own certificate has run out. A list counts when its issuer, and nobody else, has signed
    it, and the issuer is the root or such an administrator.

    Args:
        lists: As received.
        root: The agency's root, confirmed outside the hub and outside this answer.
        organisation: The agency's id.
    """
    refused: list[HandfastError] = []
    certificates: dict[str, Envelope] = {}
    keys = {fingerprint(root): root}
    for envelope in lists.certificates:
        try:
            key = _administrator(envelope, root=root, organisation=organisation)
        except HandfastError as error:
            refused.append(error)
        else:
            keys[fingerprint(key)] = key
            certificates[fingerprint(key)] = envelope
    newest: dict[str, SignedList] = {}
    for envelope in lists.revocations:
        try:
            revocation = _revocation(envelope, keys)
        except HandfastError as error:
            refused.append(error)
            continue
        before = newest.get(revocation.issuer)
        if before is None or before.revocation.serial < revocation.serial:
            newest[revocation.issuer] = SignedList(
                revocation=revocation,
                envelope=envelope,
                certificate=certificates.get(revocation.issuer),
            )
    return BelievedLists(newest=newest, refused=tuple(refused))


def _administrator(envelope: Envelope, *, root: bytes, organisation: str) -> bytes:
    name = fingerprint(root)
    certificate = verify(envelope, Certificate, trusted={name: root})
    require_suite(certificate.suite)
    vouched = (certificate.issuer, certificate.kind, certificate.organisation)
    if vouched != (name, "administrator", organisation):
        raise DeniedError("a certificate is of no administrator of this agency")
    key = unb64(certificate.sign)
    fingerprint(key)
    return key


def _revocation(envelope: Envelope, keys: Mapping[str, bytes]) -> Revocation:
    found = verify(envelope, Revocation, trusted=keys)
    require_suite(found.suite)
    if [each.keyid for each in envelope.signatures] != [found.issuer]:
        raise DeniedError("a revocation is signed by its issuer and nobody else")
    if found.serial < 1:
        raise DeniedError("a revocation's serial begins at 1")
    return found
