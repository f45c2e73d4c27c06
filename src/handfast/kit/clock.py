"""The only door to time; everything else is handed a `Clock`."""

import time
from typing import Protocol

from handfast.kit.instant import from_rfc3339 as from_rfc3339
from handfast.kit.instant import to_rfc3339 as to_rfc3339


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
