"""Bytes as text: unpadded base64url, and canonical JSON (RFC 8785) where bytes are signed."""

import base64
from collections.abc import Mapping
from typing import TypeAlias, TypeVar

import msgspec
import rfc8785

from handfast.kit.errors import InvalidError

_Read = TypeVar("_Read")
Json: TypeAlias = "bool | int | float | str | list[Json] | Mapping[str, Json] | None"


def b64(data: bytes) -> str:
    """Encode as base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """Decode base64url without padding; only what `b64` writes is accepted.

    One text for one value: were stray bits in the last character let through (RFC 4648
    section 3.5), the same signature could be written in several ways.

    Raises:
        InvalidError: `text` has other characters, padding, stray bits or an impossible length.
    """
    message = "not base64url without padding (RFC 4648 section 5); encode the bytes again"
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise InvalidError(message) from error
    if b64(data) != text:
        raise InvalidError(message)
    return data


def canonical(value: Json) -> bytes:
    """Encode as canonical JSON (RFC 8785), so that equal values have equal bytes.

    Raises:
        InvalidError: `value` has no canonical form: an integer outside +-(2**53 - 1), a float
            that is not finite, or text that is not Unicode (a lone surrogate).
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        message = f"no canonical JSON (RFC 8785): {error}; write such values as text"
        raise InvalidError(message) from error


def read_json(text: bytes | str, expected: type[_Read]) -> _Read:
    """Decode JSON that somebody else wrote.

    Raises:
        InvalidError: It is no JSON (RFC 8259), not UTF-8, nested too deep, or no `expected`.
    """
    try:
        return msgspec.json.decode(text, type=expected)
    except (ValueError, RecursionError) as error:
        # msgspec's own errors are ValueErrors, and so is the one for what is not UTF-8.
        raise InvalidError(f"no JSON of a {expected.__name__}: {error}") from error
