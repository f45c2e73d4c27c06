"""Where ids and random bytes come from; tests hand in a counting source."""

import os
from typing import Protocol
from uuid import UUID

from handfast.kit.clock import Clock


class Ids(Protocol):
    """A source of ids and secret bytes. Safe from any thread."""

    def uuid7(self) -> UUID:
        """Return a new RFC 9562 version 7 id: sortable by millisecond, 74 random bits."""
        ...

    def secret(self, length: int) -> bytes:
        """Return `length` unpredictable bytes."""
        ...


class SystemIds:
    """Ids from the operating system's random source and a clock."""

    def __init__(self, clock: Clock) -> None:
        """Take the clock whose milliseconds lead each id."""
        self._clock = clock

    def uuid7(self) -> UUID:
        """Return a new RFC 9562 version 7 id: sortable by millisecond, 74 random bits."""
        milliseconds = self._clock.now_us() // 1000
        tail = int.from_bytes(os.urandom(10), "big")
        value = (milliseconds & (1 << 48) - 1) << 80 | tail
        value = value & ~(0xF << 76) | 0x7 << 76
        value = value & ~(0x3 << 62) | 0x2 << 62
        return UUID(int=value)

    def secret(self, length: int) -> bytes:
        """Return `length` unpredictable bytes."""
        return os.urandom(length)
