"""How far the preparing of clips is, told now and then with the time it will still take."""

from threading import Lock
from typing import Final

from handfast.kit.clock import Clock
from handfast.kit.errors import UnavailableError
from handfast.media.footage_sources import Say

_EVERY_S: Final = 5.0
_FIRST_S: Final = 2.0
_KNOWN: Final = 0.03  # below it the speed is a guess


class Progress:
    """Counts work done by several threads; says so at most every 5 s. Safe from any thread."""

    def __init__(self, total: float, *, say: Say, clock: Clock) -> None:
        """Begin to count.

        Args:
            total: All the work, in any unit, above 0.
            say: Told how much is done and what is left.
            clock: For the time left.
        """
        self._total = total
        self._say = say
        self._clock = clock
        self._lock = Lock()
        self._done = 0.0
        self._stopped = False
        self._began = clock.monotonic()
        self._said = self._began - _EVERY_S + _FIRST_S

    def step(self, work: float) -> None:
        """Count some work.

        Raises:
            UnavailableError: `stop` was called; end what you do.
        """
        with self._lock:
            if self._stopped:
                raise UnavailableError("preparing was stopped; start again to go on")
            self._done += work
            now = self._clock.monotonic()
            if now - self._said < _EVERY_S:
                return
            self._said = now
            self._say(self._line(now))

    def stop(self) -> None:
        """Let every later `step` raise."""
        with self._lock:
            self._stopped = True

    def _line(self, now: float) -> str:
        done = min(self._done / self._total, 1.0)
        if done < _KNOWN:
            return f"preparing footage: {done:.0%} done"
        left_s = (now - self._began) * (1 - done) / done
        return f"preparing footage: {done:.0%} done, about {left_s:.0f} s left"
