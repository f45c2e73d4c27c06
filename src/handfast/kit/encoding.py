"""Bytes as text: unpadded base64url, and canonical JSON (RFC 8785) where bytes are signed."""

import base64
import binascii
from collections.abc import Mapping
from typing import TypeAlias

import rfc8785

from handfast.kit.errors import InvalidError

Json: TypeAlias = "bool | int | float | str | list[Json] | Mapping[str, Json] | None"


def b64(data: bytes) -> str:
    """Encode as base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """Decode base64url without padding.

    Raises:
        InvalidError: `text` has other characters, padding or an impossible length.
    """
    try:
        if "=" in text or "+" in text or "/" in text:
            raise binascii.Error
        return base64.b64decode(
            text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True
        )
    except (binascii.Error, ValueError) as error:
        message = "not base64url without padding (RFC 4648 section 5); encode the bytes again"
        raise InvalidError(message) from error


def canonical(value: Json) -> bytes:
    """Encode as canonical JSON (RFC 8785), so that equal values have equal bytes."""
    return rfc8785.dumps(value)
