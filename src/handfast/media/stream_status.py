"""Where one stream stands: its state as told to the sink, its counters, its next attempt."""

import logging
from typing import Final

from handfast.kit.clock import Clock
from handfast.kit.ids import Ids
from handfast.media.backoff import Backoff
from handfast.media.counters import Counters
from handfast.media.faults import CameraFaultError
from handfast.media.units import CameraState, Sink, StreamKey

_LOG: Final = logging.getLogger(__name__)


class StreamStatus:
    """Tells the sink every change once, counts faults, spaces attempts. Ingest thread only.

    Attributes:
        state: What the sink was told last.
        reason: Why, empty while all is well.
        counters: Everything counted since the stream was added.
        retry_at: Monotonic seconds before which no attempt is due.
    """

    def __init__(self, key: StreamKey, sink: Sink, *, clock: Clock, ids: Ids) -> None:
        """Take whom to tell; nothing is told yet."""
        self.state = CameraState.WAITING
        self.reason = ""
        self.counters = Counters()
        self.retry_at = 0.0
        self._key = key
        self._sink = sink
        self._clock = clock
        self._backoff = Backoff(ids)
        self._playing_since = 0.0

    def begin(self) -> None:
        """An attempt begins."""
        self.counters.attempts += 1
        self._tell(CameraState.CONNECTING, "")

    def play(self) -> None:
        """Pictures come."""
        if self.state is not CameraState.PLAYING:
            self._playing_since = self._clock.monotonic()
            self._tell(CameraState.PLAYING, "")

    def fail(self, fault: CameraFaultError) -> None:
        """The attempt is over; `retry_at` says when the next one is due."""
        now = self._clock.monotonic()
        if self.state is CameraState.PLAYING:
            self._backoff.played(now - self._playing_since)
        self.retry_at = now + self._backoff.next_s()
        count = self.counters.faults.get(fault.code, 0) + 1
        self.counters.faults[fault.code] = count
        if count & (count - 1) == 0:  # the 1st, 2nd, 4th, 8th time: a log is no counter
            _LOG.warning("stream %s: %s (time %d)", self._key, fault, count)
        self._tell(CameraState.WAITING, str(fault))

    def stop(self) -> None:
        """There will be no further attempt."""
        self._tell(CameraState.STOPPED, "")

    def _tell(self, state: CameraState, reason: str) -> None:
        if state is not self.state or reason != self.reason:
            self.state, self.reason = state, reason
            self._sink.state(self._key, state, reason)
