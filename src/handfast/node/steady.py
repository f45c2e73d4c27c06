"""The time decisions are taken on: wall time, with every step back noticed and made good."""

from collections.abc import Callable

from handfast.kit.clock import Clock

TOLERATED_US = 500_000  # wall and monotonic clock may drift this far apart unnoticed

SteppedBack = Callable[[int], None]


class SteadyClock:
    """The wall clock, held against the monotonic one (which never steps).

    When the wall clock is set back, whoever keeps deadlines is told by how much, before the
    new time is returned, and moves them back as far: a lease or a grant lasts as long as it
    was given, whatever happens to the clock. A step forward is taken as it is: it can only
    end things early. Belongs to one event loop.
    """

    def __init__(self, clock: Clock, *, seen_us: int = 0) -> None:
        """Begin at the wall clock.

        Args:
            clock: The machine's clocks.
            seen_us: The latest time acted on before a restart; a wall clock behind it
                counts as set back.
        """
        self._clock = clock
        self._listeners: list[SteppedBack] = []
        self._ahead_us = max(clock.now_us(), seen_us) - self._monotonic_us()

    def on_step_back(self, listener: SteppedBack) -> None:
        """Be told by how many microseconds the wall clock was set back; must not fail."""
        self._listeners.append(listener)

    def now_us(self) -> int:
        """Return microseconds since 1970 UTC."""
        now_us = self._clock.now_us()
        ahead_us = now_us - self._monotonic_us()
        back_us = self._ahead_us - ahead_us
        if back_us < 0:
            self._ahead_us = ahead_us
        elif back_us > TOLERATED_US:
            self._ahead_us = ahead_us
            for listener in self._listeners:
                listener(back_us)
        return now_us

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; never goes back, never steps."""
        return self._clock.monotonic()

    def _monotonic_us(self) -> int:
        return int(self._clock.monotonic() * 1_000_000)
