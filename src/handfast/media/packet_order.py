"""Which RTP packet comes next, and what of one that does not (RFC 3550 appendix A.1)."""

from enum import Enum
from typing import Final

from handfast.media import rtp
from handfast.media.counters import Counters

_PAST: Final = 0x8000  # half of the number space is the past
_PATIENCE: Final = 100  # old packets in a row after which the new numbering is believed


class Verdict(Enum):
    """What to do with a packet."""

    TAKE = "take"
    SKIP = "skip"  # not ours, or here already
    AFTER_GAP = "after-gap"  # take it; packets before it are missing
    NEW_SOURCE = "new-source"  # take it; nothing before it belongs to it


class PacketOrder:
    """Follows the numbering of one track's packets; counts what does not fit.

    Attributes:
        ssrc: Of the source, -1 before the first packet.
        head: First 32 bits of the next packet if it is plain and unmarked.
    """

    __slots__ = ("_candidate", "_counters", "_old", "_type", "head", "ssrc")

    def __init__(self, payload_type: int, counters: Counters) -> None:
        """Take the payload type of the packets, 0 to 127."""
        self.ssrc = -1
        self.head = -1
        self._type = payload_type
        self._counters = counters
        self._candidate = (-1, -1)  # SSRC on probation, its next sequence number
        self._old = 0

    def judge(self, payload_type: int, ssrc: int, sequence: int) -> Verdict:
        """Decide about a packet; one that is to be taken also moves the numbering on."""
        if payload_type != self._type:
            self._counters.unexpected += 1
            return Verdict.SKIP
        if ssrc == self.ssrc:
            return self._judge_number(sequence)
        if self.ssrc >= 0 and self._candidate != (ssrc, sequence):
            # Another source is believed when two of its packets come in sequence.
            self._candidate = ssrc, (sequence + 1) & 0xFFFF
            self._counters.unexpected += 1
            return Verdict.SKIP
        first = self.ssrc < 0
        self.ssrc = ssrc
        self._expect(sequence + 1)
        return Verdict.TAKE if first else Verdict.NEW_SOURCE

    def _judge_number(self, sequence: int) -> Verdict:
        ahead = (sequence - self.head) & 0xFFFF
        if ahead >= _PAST:
            self._counters.duplicates += 1
            self._old += 1
            if self._old < _PATIENCE:
                return Verdict.SKIP
            ahead = 1  # the camera counts anew
        self._old = 0
        self._expect(sequence + 1)
        if ahead == 0:
            return Verdict.TAKE
        self._counters.lost_packets += ahead
        return Verdict.AFTER_GAP

    def _expect(self, sequence: int) -> None:
        self.head = rtp.PLAIN << 24 | self._type << 16 | sequence & 0xFFFF
