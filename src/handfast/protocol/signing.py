"""Signing and checking statements: one door for both, so that no caller can skip a step."""

from collections.abc import Collection, Mapping
from typing import TypeVar

import msgspec

from handfast.kit.encoding import canonical
from handfast.kit.errors import InvalidError
from handfast.protocol.statements import Statement
from handfast.seal.identity import (
    Envelope,
    SigningKey,
    sign_statement,
    statement_hash,
    verify_statement,
)

_Statement = TypeVar("_Statement", bound=Statement)


def statement_bytes(statement: Statement) -> bytes:
    """Return the canonical bytes that are signed and hashed (RFC 8785)."""
    return canonical(msgspec.to_builtins(statement))


def sign(statement: Statement, *keys: SigningKey) -> Envelope:
    """Sign with every key; the envelope's payload type comes from the statement's class."""
    return sign_statement(statement.kind_name, statement_bytes(statement), *keys)


def verify(
    envelope: Envelope,
    expected: type[_Statement],
    *,
    trusted: Mapping[str, bytes],
    required: Collection[str] | None = None,
) -> _Statement:
    """Return the statement of an envelope whose signatures hold.

    Args:
        envelope: As received.
        expected: The only statement class that is accepted here.
        trusted: Fingerprint to raw Ed25519 public key; keys come from here, never from
            the message.
        required: Fingerprints that must all have signed; by default any one of `trusted`.

    Raises:
        InvalidError: It is of another kind, malformed or not canonical.
        CorruptError: A needed signature is missing or does not hold.
    """
    needed = None if required is None else frozenset(required)
    payload = verify_statement(envelope, expected.kind_name, trusted, required=needed or 1)
    return parse(payload, expected)


def parse(payload: bytes, expected: type[_Statement]) -> _Statement:
    """Read the bytes of a statement whose signature has been checked.

    Raises:
        InvalidError: They are not the canonical JSON of an `expected`.
    """
    try:
        statement = msgspec.json.decode(payload, type=expected)
    except (msgspec.DecodeError, ValueError) as error:
        message = f"the {expected.kind_name} is malformed: {error}; ask its signer"
        raise InvalidError(message) from error
    if statement_bytes(statement) != payload:
        message = f"the {expected.kind_name} is not canonical JSON (RFC 8785); sign it again"
        raise InvalidError(message)
    return statement


def hash_of(statement: Statement) -> str:
    """Return base64url(SHA-256) of the statement's canonical bytes."""
    return statement_hash(statement_bytes(statement))
