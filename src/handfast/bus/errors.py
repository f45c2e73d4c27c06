"""Failures across the bus: a kind and a sentence in, the same error out on the other side."""

from typing import Final

import msgspec

from handfast.kit.encoding import read_json
from handfast.kit.errors import (
    ConflictError,
    CorruptError,
    DeniedError,
    HandfastError,
    InvalidError,
    Kind,
    NotFoundError,
    UnavailableError,
)

HEADER: Final = "Handfast-Error"
_MESSAGE_LIMIT: Final = 500

_BY_KIND: Final[dict[Kind, type[HandfastError]]] = {
    Kind.INVALID: InvalidError,
    Kind.DENIED: DeniedError,
    Kind.NOT_FOUND: NotFoundError,
    Kind.CONFLICT: ConflictError,
    Kind.UNAVAILABLE: UnavailableError,
    Kind.CORRUPT: CorruptError,
}


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an answer that is an error; its kind stands in the header."""

    message: str


def failure_body(error: HandfastError) -> bytes:
    """Write what the other side is told of an error."""
    return msgspec.json.encode(Failure(message=str(error)[:_MESSAGE_LIMIT]))


def failure_from(kind: str, body: bytes) -> HandfastError:
    """Return the error another side has raised; unreadable ones count as `UNAVAILABLE`."""
    try:
        message = read_json(body, Failure).message[:_MESSAGE_LIMIT]
        return _BY_KIND[Kind(kind)](message)
    except (InvalidError, ValueError):
        return UnavailableError("the other side failed without saying how; try again")
