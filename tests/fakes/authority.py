"""A small certificate authority, as one that a site's own network may have.

Browsers accept ECDSA P-256, not Ed25519, so TLS has keys of its own: they protect the way,
never a statement or a recording.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from handfast.kit.errors import InvalidError

_AUTHORITY_DAYS = 3650
_SERVER_DAYS = 397  # browsers refuse longer ones (CA/Browser Forum baseline 6.3.2)
_CLOCKS_APART = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsIdentity:
    """A certificate and its private key, each as PEM; servers append the authority's.

    Attributes:
        certificate: One certificate, PEM.
        key: PKCS#8, not encrypted; write it with mode 0600.
    """

    certificate: bytes
    key: bytes = field(repr=False)


def make_authority(name: str, *, now_us: int) -> TlsIdentity:
    """Make a self-signed authority that lasts ten years and can only sign servers."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    builder = _builder(subject, subject, key, now_us=now_us, days=_AUTHORITY_DAYS)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    builder = builder.add_extension(_usage(authority=True), critical=True)
    return _identity(builder.sign(key, hashes.SHA256()), key)


def issue_server(authority: TlsIdentity, names: Sequence[str], *, now_us: int) -> TlsIdentity:
    """Issue a server certificate that lasts 397 days.

    Args:
        authority: From `make_authority`.
        names: Host names and IP addresses it is good for; the first becomes its subject.
        now_us: It is valid from an hour before on, for clocks that are apart.

    Raises:
        InvalidError: No name was given, or the authority's PEM does not parse.
    """
    if not names:
        raise InvalidError("a server certificate needs at least one name or address")
    issuer, issuer_key = _load(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(names[0]), issuer.subject, key, now_us=now_us, days=_SERVER_DAYS)
    alternative = x509.SubjectAlternativeName([_general_name(name) for name in names])
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    server_auth = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = builder.add_extension(alternative, critical=False)
    builder = builder.add_extension(issuer_id, critical=False)
    builder = builder.add_extension(server_auth, critical=False)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    builder = builder.add_extension(_usage(authority=False), critical=True)
    return _identity(builder.sign(issuer_key, hashes.SHA256()), key)


def _load(authority: TlsIdentity) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        certificate = x509.load_pem_x509_certificate(authority.certificate)
        key = serialization.load_pem_private_key(authority.key, None)
    except (ValueError, TypeError) as error:
        raise InvalidError("the authority's files are no PEM certificate and key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise InvalidError("the authority's key is no ECDSA key; make the authority anew")
    return certificate, key


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    now_us: int,
    days: int,
) -> x509.CertificateBuilder:
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now_us)
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_APART)
        .not_valid_after(now - _CLOCKS_APART + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _identity(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> TlsIdentity:
    return TlsIdentity(
        certificate=certificate.public_bytes(serialization.Encoding.PEM),
        key=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
