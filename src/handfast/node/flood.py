"""How often something may happen: bursts, then a steady rate."""

from handfast.kit.clock import Clock


class Allowance:
    """A bucket of `burst` that fills by `per_s`. Belongs to one event loop."""

    def __init__(self, *, clock: Clock, burst: int, per_s: float) -> None:
        """Begin full."""
        self._clock = clock
        self._burst = float(burst)
        self._per_s = per_s
        self._left = float(burst)
        self._at = clock.monotonic()

    def take(self) -> bool:
        """Tell whether one more is allowed now, and count it."""
        now = self._clock.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
