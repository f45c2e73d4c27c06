"""Notices that a camera has stopped sending pictures, and says what it sends instead."""

from typing import Final

from handfast.media.counters import Counters
from handfast.media.faults import CameraFaultError, FaultCode

SILENCE_S: Final = 10.0
"""Without a picture for this long the connection is given up."""


class Silence:
    """Watches one stream's counters. Ingest thread only."""

    def __init__(self, counters: Counters) -> None:
        """Take the counters that the stream's tracks write."""
        self._counters = counters
        self._units = 0  # as they were when the last picture came
        self._packets = 0
        self._useless = 0
        self._deadline = 0.0

    def begin(self, now: float) -> None:
        """Start to wait for pictures at `now`, monotonic seconds."""
        counters = self._counters
        self._units, self._packets = counters.units, counters.packets
        self._useless = counters.damaged + counters.unexpected
        self._deadline = now + SILENCE_S

    def check(self, now: float) -> bool:
        """Return whether pictures came since the last look.

        Raises:
            CameraFaultError: None came for `SILENCE_S`; the code says what came instead.
        """
        if self._counters.units != self._units:
            self.begin(now)
            return True
        if now >= self._deadline:
            raise self._fault()
        return False

    def _fault(self) -> CameraFaultError:
        useless = self._counters.damaged + self._counters.unexpected - self._useless
        good = self._counters.packets - self._packets
        if useless > good:
            return CameraFaultError(FaultCode.NOISE, f"{useless} useless packets, no picture")
        waited = f"{SILENCE_S:.0f} s"
        if good:
            return CameraFaultError(FaultCode.NO_KEYFRAME, f"no keyframe within {waited}")
        return CameraFaultError(FaultCode.SILENT, f"no picture for {waited}")
