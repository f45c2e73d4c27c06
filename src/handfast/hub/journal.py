"""Log lines that a flood cannot multiply: one per topic and minute, with a count."""

import logging
from dataclasses import dataclass
from typing import Final

from handfast.kit.clock import Clock

_QUIET_S: Final = 60.0
_TOPICS: Final = 1000


@dataclass(slots=True)
class _Topic:
    """When it was last written, and how often it happened since."""

    written: float
    held_back: int = 0


class Journal:
    """The hub's log. Event loop only. Lines hold ids and reasons, never content or names."""

    def __init__(self, logger: logging.Logger, clock: Clock) -> None:
        """Write to `logger`."""
        self._logger = logger
        self._clock = clock
        self._topics: dict[str, _Topic] = {}

    def say(self, text: str) -> None:
        """Write a line that is worth one each time."""
        self._logger.info(text)

    def warn(self, topic: str, text: str) -> None:
        """Write a warning unless its topic was written in the last minute."""
        now = self._clock.monotonic()
        known = self._topics.get(topic)
        if known is not None and now - known.written < _QUIET_S:
            known.held_back += 1
            return
        more = f" ({known.held_back} more since)" if known and known.held_back else ""
        if len(self._topics) >= _TOPICS:
            self._topics.clear()
        self._topics[topic] = _Topic(written=now)
        self._logger.warning("%s%s", text, more)
