"""The time decisions are taken on: wall time that a small step back cannot stretch."""

from handfast.kit.clock import Clock

BRIDGED_US = 60_000_000  # a step back this small is waited out on the monotonic clock


class SteadyClock:
    """A clock that keeps leases and grants from growing when the wall clock is set back.

    It runs with the wall clock; after a step back it runs on with the monotonic clock until
    the wall has caught up. A step back of more than `BRIDGED_US` cannot be waited out: then
    `went_back` tells, whoever holds grants and leases ends them, and `accept` takes the new
    time. A step forward is taken at once: it can only end things early.
    Belongs to one event loop.
    """

    def __init__(self, clock: Clock, *, seen_us: int = 0) -> None:
        """Begin at the wall clock.

        Args:
            clock: The machine's clocks.
            seen_us: The latest time acted on before a restart; a wall clock far before it
                counts as a step back.
        """
        self._clock = clock
        self._mono = clock.monotonic()
        self._now_us = max(clock.now_us(), seen_us)

    def now_us(self) -> int:
        """Return microseconds since 1970 UTC; never less than before, `accept` apart."""
        mono = self._clock.monotonic()
        elapsed_us = int((mono - self._mono) * 1_000_000)
        if elapsed_us > 0:
            self._mono += elapsed_us / 1_000_000
            self._now_us += elapsed_us
        self._now_us = max(self._now_us, self._clock.now_us())
        return self._now_us

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; never goes back, never steps."""
        return self._clock.monotonic()

    def went_back(self) -> bool:
        """Tell whether the wall clock is so far behind that it must be accepted."""
        return self.now_us() - self._clock.now_us() > BRIDGED_US

    def accept(self) -> None:
        """Take the wall clock as it is; only after everything open has been ended."""
        self._mono = self._clock.monotonic()
        self._now_us = self._clock.now_us()
