"""Private keys as files: PKCS#8 PEM (RFC 5958), with or without a passphrase."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from handfast.kit.errors import InvalidError


def write_pem(key: Ed25519PrivateKey | X25519PrivateKey, passphrase: bytes | None) -> bytes:
    """Write a private key; with a passphrase it is encrypted (PBES2, scrypt, AES-256-CBC)."""
    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        protection = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
    )


def read_pem(pem: bytes, passphrase: bytes | None) -> object:
    """Read a private key of any kind.

    Raises:
        InvalidError: It is no PKCS#8 PEM, or the passphrase is missing or wrong.
    """
    try:
        return serialization.load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidError(
            "the key file does not open; check that it is a PEM private key and its passphrase"
        ) from error
