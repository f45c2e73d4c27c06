"""How often to detect: less often under load, never less than the owner's bound."""

from typing import Final

_TOO_BUSY: Final = 0.9  # of the time until the next picture
_IDLE: Final = 0.6
_AGREES: Final = 25  # pictures between two changes, so that one slow picture changes nothing
_WEIGHT: Final = 0.1  # of the newest picture in the average


class Pace:
    """Keeps k: detection runs in each k-th picture. Belongs to one thread."""

    def __init__(self, *, base: int, most: int) -> None:
        """Start at `base`; k stays between it and `most`."""
        self._base = base
        self._most = most
        self._busy = 0.0
        self._count = 0
        self.every = base

    def note(self, busy: float) -> None:
        """Take how long one picture took, as a share of the time until the next."""
        self._busy += _WEIGHT * (busy - self._busy)
        self._count += 1
        if self._count < _AGREES:
            return
        if self._busy > _TOO_BUSY and self.every < self._most:
            self._change(self.every + 1)
        elif self._busy < _IDLE and self.every > self._base:
            self._change(self.every - 1)

    def _change(self, every: int) -> None:
        self.every = every
        self._count = 0
