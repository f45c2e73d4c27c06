"""Files of the command line: envelopes as JSON, private keys as PEM only their owner reads."""

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from handfast.kit.errors import ConflictError, InvalidError
from handfast.seal.identity import Envelope, SigningKey
from handfast.storage.files import write_durably

_Read = TypeVar("_Read")


def read_json(path: Path, type_: type[_Read]) -> _Read:
    """Read a JSON file.

    Raises:
        InvalidError: It is missing or holds something else.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=type_)
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise InvalidError(f"{path}: {error}; name the right file") from error


def read_envelope(path: Path) -> Envelope:
    """Read a signed statement from a file.

    Raises:
        InvalidError: It is missing or no envelope.
    """
    return read_json(path, Envelope)


def write_envelope(path: Path, envelope: Envelope) -> None:
    """Write a signed statement; it is no secret."""
    write_durably(path, msgspec.json.encode(envelope) + b"\n", mode=0o644)


def read_signing_key(path: Path) -> SigningKey:
    """Read a private key; `HANDFAST_PASSPHRASE` opens an encrypted one.

    Raises:
        InvalidError: It is missing, or does not open.
    """
    passphrase = os.environ.get("HANDFAST_PASSPHRASE")
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise InvalidError(f"{path}: {error}; name the file that holds the key") from error
    return SigningKey.from_pem(pem, passphrase.encode() if passphrase else None)


def write_signing_key(path: Path, key: SigningKey) -> None:
    """Write a private key, 0600; encrypted when `HANDFAST_PASSPHRASE` is set.

    Raises:
        ConflictError: A key is there already; a root is never overwritten.
    """
    if path.exists():
        raise ConflictError(f"{path} holds a key already; move it away if it is to be replaced")
    passphrase = os.environ.get("HANDFAST_PASSPHRASE")
    write_durably(path, key.to_pem(passphrase.encode() if passphrase else None))
