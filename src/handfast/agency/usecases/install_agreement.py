"""Countersigned agreements: what officers' browsers trust nodes by, never from the hub."""

from handfast.agency.ports import Agency
from handfast.kit.encoding import unb64
from handfast.kit.errors import ConflictError, DeniedError
from handfast.model.agreement import Agreement
from handfast.protocol.agreement_document import read_agreement, unverified_agreement
from handfast.seal.identity import Envelope, fingerprint


def install_agreement(agency: Agency, envelope: Envelope, *, owner_root: bytes) -> Agreement:
    """Take in an agreement that both roots signed.

    Args:
        agency: This agency.
        envelope: The document.
        owner_root: The owner's root, compared by its full fingerprint outside the hub.

    Raises:
        InvalidError: It is with another agency or owner.
        CorruptError: A signature is missing or does not hold.
        ConflictError: This or a newer version is known.
    """
    agreement = read_agreement(
        envelope, owner_root=owner_root, agency_roots={fingerprint(agency.root): agency.root}
    )
    if not agency.store.put_agreement(agreement.id, agreement.serial, envelope):
        raise ConflictError(
            f"agreement {agreement.id} is known with serial {agreement.serial} or higher; "
            "raise the serial and let both sides sign again"
        )
    return agreement


def fingerprint_of_owner(envelope: Envelope) -> str:
    """Return the owner's fingerprint that a person compares before installing."""
    return fingerprint(unverified_agreement(unb64(envelope.payload)).owner_root)


def require_owner(envelope: Envelope, compared: str) -> bytes:
    """Return the owner's root when its fingerprint is the one that was compared.

    Raises:
        DeniedError: The document names another root.
    """
    root = unverified_agreement(unb64(envelope.payload)).owner_root
    if fingerprint(root) != compared:
        raise DeniedError(
            f"the agreement names owner root {fingerprint(root)}, not {compared}; "
            "do not install it before you have spoken to the owner"
        )
    return root
