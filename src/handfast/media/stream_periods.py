"""The key periods of one stream: the one in use, and when to change to the next."""

from dataclasses import dataclass

from handfast.kit.clock import Clock
from handfast.media.periods import Period, PeriodMint
from handfast.media.units import StreamKey
from handfast.seal.keytree import LeafWalker

SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodClock:
    """A period in use: its leaves by the monotonic clock, so that no clock step moves one."""

    period: Period
    walker: LeafWalker

    def elapsed_us(self, monotonic: float) -> int:
        """Return microseconds since leaf 0 began."""
        return int((monotonic - self.period.monotonic) * SECOND_US)

    def leaf(self, monotonic: float) -> int:
        """Return the second of the period that an instant lies in."""
        return self.elapsed_us(monotonic) // SECOND_US

    def leaf_end(self, leaf: int) -> float:
        """Return the monotonic instant at which a second of the period is over."""
        return self.period.monotonic + leaf + 1

    def wall_us(self, monotonic: float) -> int:
        """Return the wall time of an instant as the period counts it.

        Runs are dated with it, so that a run's start always lies in its leaf second; the
        system's clock may differ by up to the step that ends a period (1 s).
        """
        return self.period.started_us + self.elapsed_us(monotonic)


class StreamPeriods:
    """Orders periods in time and changes over when told to. Ingest thread only.

    Attributes:
        current: The period in use; `None` until the first one is there.
    """

    def __init__(
        self,
        stream: StreamKey,
        *,
        mint: PeriodMint,
        clock: Clock,
        period_s: float,
        clock_step_us: int,
    ) -> None:
        """Order the first period.

        Args:
            stream: Whose periods.
            mint: Makes them.
            clock: Its wall time is compared with the period's.
            period_s: A period this old is to be replaced.
            clock_step_us: So is one whose wall time is wrong by more.
        """
        self.current: PeriodClock | None = None
        self._stream = stream
        self._mint = mint
        self._clock = clock
        self._period_us = period_s * SECOND_US
        self._clock_step_us = clock_step_us
        self._ordered = False
        self._order()

    @property
    def prepared(self) -> bool:
        """Whether there is a period, in use or to be taken."""
        return self.current is not None or self._mint.has(self._stream)

    def change(self) -> bool:
        """Change over to the period that was ordered; `False` when there is none."""
        period = self._mint.take(self._stream) if self._ordered else None
        if period is None:
            return False
        self.current = PeriodClock(period=period, walker=LeafWalker(period.root))
        self._ordered = False
        return True

    def check(self, monotonic: float) -> None:
        """Order a new period when this one is old enough or the clock was set."""
        if self._ordered or self.current is None:
            return
        wall_us = self.current.wall_us(monotonic)
        old = wall_us - self.current.period.started_us >= self._period_us
        if old or abs(self._clock.now_us() - wall_us) > self._clock_step_us:
            self._order()

    def _order(self) -> None:
        self._ordered = True
        self._mint.order(self._stream)
