"""Who signs: Ed25519 keys, fingerprints, and statements in DSSE envelopes.

docs/reference/protocol.md, "Envelope". DSSE 1.0: the signature covers the payload's type, so
that a statement of one kind can never pass for another.
"""

import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import CorruptError, DeniedError, InvalidError
from handfast.seal.pem import read_pem, write_pem
from handfast.seal.suite import KEY_BYTES, require_length


class SignatureError(CorruptError):
    """A signature does not verify: the bytes were changed, or somebody else signed them."""


class SigningKey:
    """An Ed25519 private key (RFC 8032). Safe from any thread."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        """Take the library's key; other packages use `generate`, `from_bytes` or `from_pem`."""
        self._key = key
        self._public = key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls, secret: bytes) -> "SigningKey":
        """Make a new key from 32 unpredictable bytes (`Ids.secret(32)`)."""
        return cls.from_bytes(secret)

    @classmethod
    def from_bytes(cls, seed: bytes) -> "SigningKey":
        """Take the 32-byte seed that RFC 8032 calls the private key."""
        require_length("an Ed25519 private key", seed, KEY_BYTES)
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_pem(cls, pem: bytes, passphrase: bytes | None = None) -> "SigningKey":
        """Read a PKCS#8 file.

        Raises:
            InvalidError: It does not open, or holds another kind of key.
        """
        key = read_pem(pem, passphrase)
        if not isinstance(key, Ed25519PrivateKey):
            raise InvalidError(
                "this key file holds no Ed25519 key; name the signing key's file"
            )
        return cls(key)

    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes."""
        return self._public

    @property
    def fingerprint(self) -> str:
        """The public key's fingerprint."""
        return fingerprint(self._public)

    def sign(self, message: bytes) -> bytes:
        """Sign and return the 64-byte signature."""
        return self._key.sign(message)

    def to_bytes(self) -> bytes:
        """Return the 32-byte seed; keep it secret."""
        return self._key.private_bytes_raw()

    def to_pem(self, passphrase: bytes | None = None) -> bytes:
        """Write a PKCS#8 file, encrypted when a passphrase is given."""
        return write_pem(self._key, passphrase)


def fingerprint(public: bytes) -> str:
    """Name a raw Ed25519 public key: b64(SHA-256(key)), always shown whole."""
    require_length("an Ed25519 public key", public, KEY_BYTES)
    return b64(hashlib.sha256(public).digest())


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Check an Ed25519 signature.

    Raises:
        SignatureError: It does not verify, or the key is no point of the curve.
        InvalidError: `public` does not have 32 bytes.
    """
    require_length("an Ed25519 public key", public, KEY_BYTES)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise SignatureError(
            f"a signature by {fingerprint(public)} does not verify; do not use the bytes"
        ) from error


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature of an envelope: the key's fingerprint, and b64 of 64 bytes."""

    keyid: str
    sig: str


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement with its signatures, as it travels (DSSE 1.0, JSON).

    Attributes:
        payloadType: `application/vnd.handfast.<kind>.v1+json`.
        payload: b64 of the statement's canonical JSON.
    """

    payloadType: str  # noqa: N815 - DSSE names it so
    payload: str
    signatures: tuple[Signature, ...]


def payload_type(kind: str) -> str:
    """Return the media type of statements of a kind, e.g. `access-request`."""
    return f"application/vnd.handfast.{kind}.v1+json"


def _signed_bytes(type_: str, payload: bytes) -> bytes:
    # DSSE 1.0 "PAE": lengths in front, so that no two pairs give the same bytes.
    name = type_.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def sign_statement(kind: str, payload: bytes, *keys: SigningKey) -> Envelope:
    """Sign a statement with each key, in the order given.

    Raises:
        InvalidError: No key was given.
    """
    if not keys:
        raise InvalidError(f"a {kind} statement needs at least one signature")
    signed = _signed_bytes(payload_type(kind), payload)
    signatures = tuple(
        Signature(keyid=key.fingerprint, sig=b64(key.sign(signed))) for key in keys
    )
    return Envelope(payloadType=payload_type(kind), payload=b64(payload), signatures=signatures)


def join_signatures(envelope: Envelope, other: Envelope) -> Envelope:
    """Put the signatures of two envelopes over the same statement into one.

    Raises:
        InvalidError: They hold different statements.
    """
    if (envelope.payloadType, envelope.payload) != (other.payloadType, other.payload):
        raise InvalidError("the envelopes hold different statements; sign the same bytes")
    return Envelope(
        payloadType=envelope.payloadType,
        payload=envelope.payload,
        signatures=envelope.signatures + other.signatures,
    )


def verify_statement(
    envelope: Envelope,
    kind: str,
    trusted: Mapping[str, bytes],
    *,
    required: int | AbstractSet[str] = 1,
) -> bytes:
    """Return the payload if trusted keys signed it as a statement of this kind.

    Every signature present must be by a trusted key and verify; none may come twice. The
    payload is not parsed; do that only with what this returns.

    Args:
        envelope: As received.
        kind: The kind expected here.
        trusted: Public keys by fingerprint, from certificates already checked; never
            from the message itself.
        required: How many different signers there must be at least, or which (fingerprints).

    Raises:
        InvalidError: Another kind, or text that is no b64.
        DeniedError: A key is not trusted, comes twice, or a required one is missing.
        SignatureError: A signature does not verify.
    """
    if envelope.payloadType != payload_type(kind):
        raise InvalidError(f"expected a {kind} statement, got {envelope.payloadType!r}")
    signers = _require_signers(envelope, kind, trusted, required)
    payload = unb64(envelope.payload)
    signed = _signed_bytes(envelope.payloadType, payload)
    for public, signature in zip(signers, envelope.signatures, strict=True):
        verify(public, signed, unb64(signature.sig))
    return payload


def _require_signers(
    envelope: Envelope,
    kind: str,
    trusted: Mapping[str, bytes],
    required: int | AbstractSet[str],
) -> list[bytes]:
    """Return the signers' public keys in order, before any costly check."""
    names = [signature.keyid for signature in envelope.signatures]
    if len(set(names)) != len(names):
        raise DeniedError(f"the {kind} statement is signed twice by one key; sign it once")
    unknown = [name for name in names if name not in trusted]
    if unknown:
        raise DeniedError(
            f"the {kind} statement is signed by {unknown[0]!r}, who is not trusted"
        )
    missing = (
        max(required - len(names), 0) if isinstance(required, int) else required - set(names)
    )
    # A statement without any signature is never accepted, whatever was required.
    if missing or not names:
        raise DeniedError(f"the {kind} statement lacks a required signature: {missing or 1}")
    for name in names:
        if fingerprint(trusted[name]) != name:
            raise DeniedError(
                f"the key trusted as {name!r} is another key; check the key store"
            )
    return [trusted[name] for name in names]


def statement_hash(payload: bytes) -> str:
    """Name a statement: b64(SHA-256(statement bytes))."""
    return b64(hashlib.sha256(payload).digest())
