"""Error kinds: a small closed set that every boundary knows how to render."""

from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """What the caller should do about a failure (not which layer failed)."""

    INVALID = "invalid"  # the request can never succeed: HTTP 400
    DENIED = "denied"  # who asks may not: HTTP 403
    NOT_FOUND = "not-found"  # or not visible to you: HTTP 404
    CONFLICT = "conflict"  # state moved under you, re-read: HTTP 409
    UNAVAILABLE = "unavailable"  # transient, retry with back-off: HTTP 503
    CORRUPT = "corrupt"  # stored bytes or a log do not verify: HTTP 500, page someone


HTTP_STATUS: dict[Kind, int] = {
    Kind.INVALID: 400,
    Kind.DENIED: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.UNAVAILABLE: 503,
    Kind.CORRUPT: 500,
}


class HandfastError(Exception):
    """Base of every error raised on purpose.

    The message names what happened, to what, and what to do next; it carries ids,
    never pixels, keys or names of people.
    """

    kind: ClassVar[Kind] = Kind.INVALID


class InvalidError(HandfastError):
    """What was given can never be accepted as it is."""

    kind = Kind.INVALID


class DeniedError(HandfastError):
    """Who asks is not allowed to (authentication or enrolment, not an agreement's denial)."""

    kind = Kind.DENIED


class NotFoundError(HandfastError):
    """It does not exist, or whoever asks may not know that it does."""

    kind = Kind.NOT_FOUND


class ConflictError(HandfastError):
    """The state moved; read it again."""

    kind = Kind.CONFLICT


class UnavailableError(HandfastError):
    """Not now; try again with back-off."""

    kind = Kind.UNAVAILABLE


class CorruptError(HandfastError):
    """Stored or received bytes do not verify."""

    kind = Kind.CORRUPT
