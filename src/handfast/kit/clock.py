"""The only door to time; everything else is handed a `Clock`."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


class Clock(Protocol):
    """Wall time for records, monotonic time for durations. Safe from any thread."""

    def now_us(self) -> int:
        """Return microseconds since 1970-01-01 UTC; may step in either direction."""
        ...

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; never goes back, never steps."""
        ...


class SystemClock:
    """The operating system's clocks."""

    def now_us(self) -> int:
        """Return microseconds since 1970-01-01 UTC; may step in either direction."""
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; never goes back, never steps."""
        return time.monotonic()


def to_rfc3339(instant_us: int) -> str:
    """Write microseconds since 1970 UTC as RFC 3339 with six decimals and `Z`."""
    return (_EPOCH + timedelta(microseconds=instant_us)).isoformat(timespec="microseconds")[
        :-6
    ] + "Z"


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
