"""Instants as text; pure, so that packages that may not look at a clock can use it."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


def to_rfc3339(instant_us: int) -> str:
    """Write microseconds since 1970 UTC as RFC 3339 with six decimals and `Z`."""
    instant = _EPOCH + timedelta(microseconds=instant_us)
    return instant.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def from_rfc3339(text: str) -> int:
    """Read an RFC 3339 instant as microseconds since 1970 UTC.

    Raises:
        ValueError: `text` is no RFC 3339 instant or names no offset.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        message = f"{text!r} has no offset; write RFC 3339 with a Z"
        raise ValueError(message)
    return (instant - _EPOCH) // _US
