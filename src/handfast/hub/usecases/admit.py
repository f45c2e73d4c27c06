"""Admit an owner or an agency: whose certificates this hub will accept.

The file comes by hand, and a person compares the root's fingerprint outside the hub
(architecture, "First contact"). Admitting gives no access to anything: nodes and pages
check against the agreement, never against the hub.
"""

from dataclasses import dataclass

import msgspec

from handfast.hub.chain import Certified, check_chain
from handfast.hub.pep import certificate_row, read_trust
from handfast.kit.encoding import unb64
from handfast.kit.errors import ConflictError, DeniedError, InvalidError
from handfast.protocol.signing import verify
from handfast.protocol.statements import Certificate, Revocation
from handfast.seal.identity import Envelope, fingerprint
from handfast.storage.hub_rows import OrganisationKind, OrganisationRow, RevocationRow
from handfast.storage.sqlite_hub import HubTransaction


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A public card, `agency.json` or `owner.json`, as handed to the hub's operator.

    Attributes:
        id: The organisation's id, as its certificates name it.
        root: b64 of the root's raw Ed25519 public key.
        certificates: What the root signed that the hub should know from the start, e.g.
            the dispatch certificate.
    """

    id: str
    name: str
    root: str
    certificates: list[Envelope] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What a person compares before it counts, and what else came along."""

    name: str
    fingerprint: str
    certificates: tuple[str, ...]


def read_card(text: bytes) -> Card:
    """Read a card.

    Raises:
        InvalidError: It is none.
    """
    try:
        return msgspec.json.decode(text, type=Card)
    except ValueError as error:
        message = f"this is no card: {error}; name agency.json or owner.json"
        raise InvalidError(message) from error


def admit(
    tables: HubTransaction, kind: OrganisationKind, card: Card, *, now_us: int
) -> Admitted:
    """Store an organisation and the certificates on its file.

    Raises:
        InvalidError: The root is no key.
        ConflictError: The id belongs to another kind of organisation.
        RefusedError: A certificate on the file does not hold.
    """
    root = unb64(card.root)
    name = fingerprint(root)
    for row in tables.directory.organisations():
        if row.id == card.id and row.kind != kind:
            raise ConflictError(f"{card.id} is enrolled as {row.kind} already")
    tables.directory.admit(
        OrganisationRow(id=card.id, kind=kind, name=card.name, root=root, admitted_us=now_us)
    )
    found = [_keep(tables, each, now_us) for each in card.certificates]
    return Admitted(
        name=card.name,
        fingerprint=name,
        certificates=tuple(f"{each.certificate.kind} {each.fingerprint}" for each in found),
    )


def keep_revocation(tables: HubTransaction, text: bytes) -> RevocationRow:
    """Store a revocation list of an enrolled root or a known administrator.

    Raises:
        InvalidError: It is malformed, or its serial is not above the known one's.
        DeniedError: Nobody enrolled has signed it.
    """
    try:
        envelope = msgspec.json.decode(text, type=Envelope)
    except ValueError as error:
        raise InvalidError(f"this is no signed revocation list: {error}") from error
    issuers = {fingerprint(row.root): row.root for row in tables.directory.organisations()}
    issuers |= {
        row.fingerprint: row.key for row in tables.directory.certificates("administrator")
    }
    said = verify(envelope, Revocation, trusted=issuers)
    if said.issuer not in {signature.keyid for signature in envelope.signatures}:
        raise DeniedError("the revocation list names another issuer than its signer")
    before = tables.directory.revocation(said.issuer)
    if before is not None and said.serial <= before.serial:
        raise InvalidError(f"revocation list {said.serial} is not above {before.serial}")
    row = RevocationRow(
        issuer=said.issuer,
        serial=said.serial,
        revoked=frozenset(said.revoked),
        envelope=msgspec.json.encode(envelope),
    )
    tables.directory.revoke(row)
    return row


def _keep(tables: HubTransaction, envelope: Envelope, now_us: int) -> Certified:
    trust = read_trust(tables)
    kind = _kind_of(envelope)
    found = check_chain([envelope], kind=kind, trust=trust, now_us=now_us)
    tables.directory.certify(certificate_row(found, envelope))
    return found


def _kind_of(envelope: Envelope) -> str:
    # Read before it is checked, only to name what `check_chain` then holds it to.
    try:
        return msgspec.json.decode(unb64(envelope.payload), type=Certificate).kind
    except ValueError as error:
        raise InvalidError("the card holds what is no certificate") from error
