"""From RTP packets to access units: one video track (RFC 6184, RFC 7798).

This is the hot path of ingest: a 4 Mbit/s camera sends about 370 packets a second, nearly
all of them middle fragments of one NAL unit. `VideoTrack.run` passes over such a row with one
unpacking and a few comparisons each; whatever is not plain takes the long way, `packet`.
"""

import struct
from typing import Final

from handfast.media import rtp
from handfast.media.counters import Counters
from handfast.media.faults import MediaFormatError
from handfast.media.packet_order import PacketOrder, Verdict
from handfast.media.payloads import Fragment, Payload
from handfast.media.picture_gate import PictureGate, Pictures
from handfast.media.unit_pieces import UnitPieces

_RTP: Final = struct.Struct(">BBHII").unpack_from
_FRAME: Final = 4  # bytes of `$`, channel, length
_PAYLOAD: Final = _FRAME + rtp.HEADER
_MARKED: Final = rtp.MARKER << 16
_UNMARKED: Final = 0xFFFF_FFFF ^ _MARKED
_LOW32: Final = 0xFFFF_FFFF
_END: Final = 0x40  # of the fragment header, last byte of what `Payload.fast` reads


class VideoTrack:
    """Assembles one camera's pictures. Ingest thread only.

    Attributes:
        gate: Where complete pictures go.
    """

    def __init__(
        self,
        payload: Payload,
        out: Pictures,
        *,
        payload_type: int,
        channel: int,
        counters: Counters,
    ) -> None:
        """Take the codec's payload format and where to deliver.

        Args:
            payload: Reads this codec's payloads, holds its parameter sets.
            out: Takes what comes out.
            payload_type: Of the packets, 0 to 127.
            channel: Interleaved channel of the packets.
            counters: The stream's counters.
        """
        self.gate = PictureGate(payload.sets, out, counters)
        self._payload = payload
        self._counters = counters
        self._out = out
        self._pieces = UnitPieces()
        self._order = PacketOrder(payload_type, counters)
        self._broken = False  # the unit under way misses something
        self._timestamp = -1
        self._unpack = payload.fast.unpack_from
        self._skip = payload.fast_skip
        self._prefix = 0x2400 | channel
        self._stamp = -1  # timestamp and SSRC of the unit under way
        self._high = self._low = -1  # how middle fragments of the NAL unit under way begin

    @property
    def ssrc(self) -> int:
        """Of the source, -1 before the first packet."""
        return self._order.ssrc

    def run(self, buffer: bytearray, view: memoryview, start: int, end: int) -> int:
        """Take the packets at `start` as long as each is plain and the next one.

        Args:
            buffer: What was received.
            view: A view of the same bytes.
            start: Position of an interleaved frame.
            end: End of the valid bytes, exclusive.

        Returns:
            Where the row ends: at an incomplete frame, or at one that is not ours or not plain.
        """
        unpack, skip, prefix, ssrc = self._unpack, self._skip, self._prefix, self._order.ssrc
        high, low, stamp, append = self._high, self._low, self._stamp, self._pieces.open.append
        head = begun = self._order.head
        last = end - skip
        while start <= last:
            mark, length, numbers, times, one, two = unpack(buffer, start)
            stop = start + _FRAME + length
            if stop > end or mark != prefix:
                break
            if numbers == head and two == low and one == high and times == stamp:
                append(view[start + skip : stop])
            elif numbers & _UNMARKED != head or times & _LOW32 != ssrc:
                break
            else:
                if two == low | _END and one == high and times == stamp:
                    append(view[start + skip : stop])
                    self._close()
                else:
                    self._begin(view, start + _PAYLOAD, stop, times >> 32)
                if numbers & _MARKED:
                    self._finish()
                high, low, stamp = self._high, self._low, self._stamp
                append = self._pieces.open.append
            head += 1
            start = stop
        self._order.head = head
        self._counters.packets += head - begun
        return start

    def packet(self, packet: memoryview) -> None:
        """Take one RTP packet, whatever it is.

        Raises:
            MediaFormatError: It is no RTP packet.
        """
        if len(packet) <= rtp.HEADER:
            raise MediaFormatError("RTP packet without payload")
        flags, marked, sequence, timestamp, ssrc = _RTP(packet)
        start, stop = rtp.HEADER, len(packet)
        if flags != rtp.PLAIN:
            start, stop = rtp.payload_range(packet)
        verdict = self._order.judge(marked & 0x7F, ssrc, sequence)
        if verdict is Verdict.SKIP:
            return
        if verdict is not Verdict.TAKE:
            self._interrupt(verdict)
        self._counters.packets += 1
        self._begin(packet, start, stop, timestamp)
        if marked & rtp.MARKER:
            self._finish()

    def settle(self) -> None:
        """Copy what still points into the receive buffer; call before it is reused."""
        if not self._pieces.settle():
            self._drop()
            self._broken = True

    def _begin(self, view: memoryview, start: int, stop: int, timestamp: int) -> None:
        """Take a payload that is no middle or last fragment."""
        if timestamp != self._timestamp:
            self._turn(timestamp)
        self._take(view, start, stop)

    def _interrupt(self, verdict: Verdict) -> None:
        """Lose what was under way, and the rest of it that may still come."""
        self._drop()
        self._broken = True
        if verdict is Verdict.NEW_SOURCE:
            self.gate.restart()

    def _turn(self, timestamp: int) -> None:
        """Begin a new picture; one that ended without its marker is finished first."""
        if self._pieces.done or self._pieces.open:
            self._finish()
        self._timestamp = timestamp
        self._stamp = timestamp << 32 | self._order.ssrc

    def _take(self, view: memoryview, start: int, stop: int) -> None:
        """Add the payload `view[start:stop]` to the unit under way."""
        try:
            found = self._payload.read(view, start, stop)
        except MediaFormatError:
            self._broken = True
            self._out.spoiled()
            return
        if isinstance(found, Fragment):
            self._fragment(found)
        else:
            self._pieces.add(found)

    def _fragment(self, fragment: Fragment) -> None:
        pieces = self._pieces
        if fragment.first:
            self._broken = self._broken or bool(pieces.open)  # the one before never ended
            pieces.begin(fragment.header)
            self._high, self._low = fragment.high, fragment.low
        elif not pieces.open:
            self._broken = True
            return
        pieces.open.append(fragment.body)
        if fragment.last:
            self._close()

    def _close(self) -> None:
        """End the fragmented NAL unit under way."""
        self._pieces.close()
        self._high = -1

    def _finish(self) -> None:
        """Hand the unit under way to the gate, or drop it."""
        payload = self._payload
        if self._broken or self._pieces.open:
            self._drop()
        elif payload.has_slices:  # sets and SEI alone belong to the picture that follows
            key, changed = payload.has_key, payload.take_change()
            payload.clear()
            self.gate.take(self._timestamp, self._pieces.join(), key=key, changed=changed)

    def _drop(self) -> None:
        """Lose the unit under way."""
        self.gate.lose()
        self._pieces.clear()
        self._payload.clear()
        self._high = -1
        self._broken = False
