"""Certificates and revocations that an administrator signed in their own browser."""

from handfast.agency.ports import Agency
from handfast.agency.usecases.enrol_device import chain_of
from handfast.kit.encoding import unb64
from handfast.kit.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from handfast.protocol.chain import Revocations, VerifiedChain, read_enrolment, verify_chain
from handfast.protocol.signing import parse, verify
from handfast.protocol.statements import Certificate, Revocation
from handfast.protocol.wire import RevocationLists
from handfast.seal.identity import Envelope, fingerprint
from handfast.storage.sqlite_agency import CertificateRow


def certify_device(agency: Agency, envelope: Envelope, *, administrator: str) -> str:
    """Take in an officer device's certificate, and return the device's fingerprint.

    The certificate must be signed by the administrator who brings it, be for a device that
    asked with exactly these keys, and hold from here up to the root.

    Raises:
        NotFoundError: No device with this key asked.
        InvalidError: It is for other keys than the device asked with.
        DeniedError: It does not hold, or another administrator signed it.
    """
    claimed = parse(unb64(envelope.payload), Certificate)
    device = fingerprint(unb64(claimed.sign))
    asked = agency.store.enrolment(device)
    if asked is None:
        raise NotFoundError(f"no device {device} asked to be certified; scan its code again")
    enrolment = read_enrolment(asked.envelope)
    if claimed.open != enrolment.open:
        raise InvalidError(f"the certificate has another opening key than {device} asked with")
    if claimed.issuer != administrator:
        raise DeniedError("sign certificates with the device you are logged in with")
    chain = _verified(agency, [envelope, *chain_of(agency, administrator)])
    put_certificate(agency, envelope, chain.leaf)
    agency.store.set_enrolment_state(device, "certified")
    return device


def install_certificate(agency: Agency, envelope: Envelope) -> str:
    """Take in a certificate that the offline root signed; return the key's fingerprint.

    Raises:
        DeniedError: It does not hold up to the root.
    """
    chain = _verified(agency, [envelope])
    put_certificate(agency, envelope, chain.leaf)
    if agency.store.enrolment(chain.device) is not None:
        agency.store.set_enrolment_state(chain.device, "certified")
    return chain.device


def revoke_devices(agency: Agency, envelope: Envelope) -> None:
    """Take in a newer revocation list of the root or of an administrator.

    Raises:
        DeniedError: Its issuer may not revoke here.
        ConflictError: A list with this or a higher serial is known.
    """
    claimed = parse(unb64(envelope.payload), Revocation)
    issuer = agency.root
    if claimed.issuer != fingerprint(agency.root):
        held = _verified(agency, chain_of(agency, claimed.issuer))
        if held.leaf.kind != "administrator":
            raise DeniedError("only the root and administrators revoke devices")
        issuer = held.sign
    revocation = verify(envelope, Revocation, trusted={fingerprint(issuer): issuer})
    if not agency.store.put_revocation(revocation.issuer, revocation.serial, envelope):
        raise ConflictError(
            f"list {revocation.serial} is not newer than the known one; read it and sign again"
        )


def known_revocations(agency: Agency) -> Revocations:
    """Return the newest list of each issuer; the store takes in only verified ones."""
    lists = [parse(unb64(e.payload), Revocation) for e in agency.store.revocations()]
    return Revocations(newest={listed.issuer: listed for listed in lists})


def revocation_lists(agency: Agency) -> RevocationLists:
    """Return the newest list of each issuer, and certificates to check administrators' by."""
    lists = agency.store.revocations()
    issuers = (parse(unb64(each.payload), Revocation).issuer for each in lists)
    rows = (agency.store.certificate(issuer) for issuer in issuers)
    return RevocationLists(
        revocations=lists, certificates=[row.envelope for row in rows if row is not None]
    )


def put_certificate(agency: Agency, envelope: Envelope, leaf: Certificate) -> None:
    """Keep a certificate whose chain has been verified."""
    row = CertificateRow(
        fingerprint=fingerprint(unb64(leaf.sign)),
        issuer=leaf.issuer,
        kind=leaf.kind,
        person=leaf.id,
        name=leaf.name,
        role=leaf.role,
        not_after_us=leaf.not_after_us,
        envelope=envelope,
    )
    agency.store.put_certificate(row)


def _verified(agency: Agency, chain: list[Envelope]) -> VerifiedChain:
    return verify_chain(
        chain,
        root=agency.root,
        organisation=agency.id,
        revocations=known_revocations(agency),
        now_us=agency.clock.now_us(),
    )
