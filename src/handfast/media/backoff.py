"""How long to wait before a camera is tried again."""

from typing import Final

from handfast.kit.ids import Ids

_FIRST_S: Final = 0.5
_LONGEST_S: Final = 30.0
_STEADY_S: Final = 60.0  # playing this long makes the next failure the first again


class Backoff:
    """Doubles from half a second to half a minute, with full jitter.

    Jitter (a uniform draw between half and all of the span) keeps a hundred cameras behind one
    switch from coming back in the same instant.
    """

    def __init__(self, ids: Ids) -> None:
        """Take the source of chance."""
        self._ids = ids
        self._failures = 0

    def next_s(self) -> float:
        """Return how many seconds to wait after one more failure."""
        span = min(_FIRST_S * (1 << self._failures), _LONGEST_S)
        self._failures = min(self._failures + 1, 16)
        chance = int.from_bytes(self._ids.secret(4), "big") / (1 << 32)
        return span / 2 + span / 2 * chance

    def played(self, seconds: float) -> None:
        """Learn how long the last connection delivered pictures."""
        if seconds >= _STEADY_S:
            self._failures = 0
