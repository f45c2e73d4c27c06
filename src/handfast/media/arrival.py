"""When a picture arrived, better than "when its batch was read"."""

from typing import Final

_US_PER_9_TICKS: Final = 100  # 90 kHz
_DRIFT_US: Final = 20  # per unit: follows a camera clock that is up to 500 ppm slow


class ArrivalClock:
    """Estimates wall-clock arrival times of one track's units. Ingest thread only.

    Cameras are read in batches, but they send steadily: the shortest delay seen between a
    unit's own time and a read tells when it could have been read at the earliest. The estimate
    always lies after the read before and not after the present one, and it rises as long as
    the system's clock does.

    Attributes:
        read_us: Wall clock of the read under way.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._offset: int | None = None
        self.read_us = 0
        self._floor_us = 0  # nothing that comes now can have arrived before

    def read(self, now_us: int) -> None:
        """A batch is read at `now_us`."""
        self._floor_us = self.read_us
        self.read_us = now_us

    def time_of(self, dts: int) -> int:
        """Return when the unit with decoding time `dts` (90 kHz) arrived, us since 1970.

        Units of one batch are asked about in the order in which they came.
        """
        own = dts * _US_PER_9_TICKS // 9
        latest = self.read_us
        guess = latest if self._offset is None else own + self._offset
        if guess > latest or self._floor_us > latest:
            guess = latest  # earlier than any before it, or the clock was set back
            self._offset = latest - own
        elif guess <= self._floor_us:
            guess = min(self._floor_us + 1, latest)  # it was held up on its way
        if self._offset is None:
            self._offset = latest - own
        self._offset += _DRIFT_US
        self._floor_us = min(guess, latest)
        return guess
