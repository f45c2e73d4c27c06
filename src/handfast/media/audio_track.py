"""From RTP packets to audio frames on the video's time line."""

from collections.abc import Callable
from typing import Final

from handfast.media import rtp
from handfast.media.audio import AudioFormat
from handfast.media.counters import Counters
from handfast.media.timeline import AudioClock
from handfast.media.units import AUDIO, AccessUnit, TrackConfig


class AudioTrack:
    """One camera's sound. Gaps are left as they are: sound needs no key unit."""

    _MASK: Final = 0xFFFF_FFFF

    def __init__(
        self,
        audio_format: AudioFormat,
        *,
        payload_type: int,
        counters: Counters,
        deliver: Callable[[AccessUnit], None],
    ) -> None:
        """Take the format and where to deliver."""
        self.config: TrackConfig = audio_format.config
        self.clock = AudioClock(audio_format.config.clock_rate)
        self._format = audio_format
        self._type = payload_type
        self._counters = counters
        self._deliver = deliver
        self._next = -1

    def packet(self, packet: memoryview, *, video_now: int) -> None:
        """Take one RTP packet; `video_now` is the newest picture's presentation time.

        Raises:
            MediaFormatError: It is no RTP packet, or contradicts its payload format.
        """
        start, stop = rtp.payload_range(packet)
        if packet[1] & 0x7F != self._type:
            self._counters.unexpected += 1
            return
        sequence = packet[2] << 8 | packet[3]
        if not self._in_order(sequence):
            return
        self._counters.packets += 1
        timestamp = int.from_bytes(packet[4:8], "big")
        for offset, frame in self._format.frames(bytes(packet[start:stop])):
            pts = self.clock.place(timestamp + offset & self._MASK, video_now=video_now)
            self._counters.audio_units += 1
            self._deliver(AccessUnit(AUDIO, True, pts, pts, frame))  # noqa: FBT003 - the unit's own flag

    def _in_order(self, sequence: int) -> bool:
        ahead = (sequence - self._next) & 0xFFFF if self._next >= 0 else 0
        self._next = (sequence + 1) & 0xFFFF
        if ahead >= 0x8000:  # noqa: PLR2004 - half of the number space is the past
            self._counters.duplicates += 1
            return False
        self._counters.lost_packets += ahead
        return True
