"""How much a stranger may ask: a token bucket for each address."""

from collections import OrderedDict

from handfast.kit.clock import Clock

_MOST_SOURCES = 10_000


class Allowance:
    """`burst` tries at once, `per_minute` in the long run, for each source. One thread."""

    def __init__(self, clock: Clock, *, burst: int, per_minute: int) -> None:
        """Start with full buckets."""
        self._clock = clock
        self._burst = float(burst)
        self._per_second = per_minute / 60
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, source: str) -> bool:
        """Use one try of a source; `False` when none is left."""
        now = self._clock.monotonic()
        left, at = self._left.pop(source, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        allowed = left >= 1
        self._left[source] = (left - 1 if allowed else left, now)
        while len(self._left) > _MOST_SOURCES:
            self._left.popitem(last=False)
        return allowed
