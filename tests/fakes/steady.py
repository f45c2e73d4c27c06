"""A clock that a test moves, and ids that count."""

import hashlib
from uuid import UUID

NOON_US = 1_767_268_800_000_000  # 2026-01-01 12:00 UTC


class HandClock:
    """A clock that stands still until it is moved.

    Attributes:
        step_us: Added to wall time: what somebody set the system's clock by.
    """

    def __init__(self) -> None:
        """Stand at noon."""
        self.step_us = 0
        self._elapsed_us = 0

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._elapsed_us += round(seconds * 1_000_000)

    def now_us(self) -> int:
        """Return wall time."""
        return NOON_US + self._elapsed_us + self.step_us

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start, exact to the microsecond."""
        return 1000 + self._elapsed_us / 1_000_000


class CountingIds:
    """Ids and secrets that differ and are the same in every run."""

    def __init__(self, after: int = 0) -> None:
        """Begin with the id that follows so many others."""
        self._count = after

    def uuid7(self) -> UUID:
        """Return the next id."""
        return UUID(bytes=self.secret(16))

    def secret(self, length: int) -> bytes:
        """Return the next bytes."""
        self._count += 1
        return hashlib.shake_128(self._count.to_bytes(8, "big")).digest(length)
