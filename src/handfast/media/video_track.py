"""From RTP packets to access units: one video track (RFC 6184, RFC 7798).

This is the hot path of ingest: a 4 Mbit/s camera sends about 370 packets a second, nearly
all of them middle fragments of one NAL unit, and these of one length. `VideoTrack.run` passes
over such a row with three comparisons each; whatever is not plain takes the long way,
`packet`.
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
_START: Final = 0x80  # of the fragment header, last byte of what `Payload.fast` reads
_END: Final = 0x40


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
        self._unpack = struct.Struct(">HHIQ" + payload.fast).unpack_from
        self._skip = struct.calcsize(">HHIQ" + payload.fast)  # of a fragment, to its body
        self._prefix = 0x2400 | channel
        self._stamp = -1  # timestamp and SSRC of the unit under way
        self._high = self._low = -1  # how middle fragments of the NAL unit under way begin
        self._stride = -1  # bytes of a middle fragment's frame, as far as they are alike
        self._row = ""  # how `struct` reads such a frame, body included

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
        order, begun = self._order, self._order.head
        last = end - self._skip
        while start <= last:
            if self._high >= 0 and (start := self._pass_row(view, start, end)) > last:
                break
            mark, length, numbers, times, one, two = self._unpack(buffer, start)
            stop = start + _FRAME + length
            plain = mark == self._prefix and numbers & _UNMARKED == order.head
            if stop > end or not plain or times & _LOW32 != order.ssrc:
                break
            order.head += 1
            if two == self._low | _END and one == self._high and times == self._stamp:
                self._pieces.open.append(view[start + self._skip : stop])
                self._close()
            else:
                if times >> 32 != self._timestamp:
                    self._turn(times >> 32)
                body = view[start + self._skip : stop]
                if body and (header := self._payload.begin(one, two)):
                    self._begin(header, one, two & ~_START, body)
                else:
                    self._take(view, start + _PAYLOAD, stop)
            if numbers & _MARKED:
                self._finish()
            start = stop
        self._counters.packets += order.head - begun
        return start

    def _pass_row(self, view: memoryview, start: int, end: int) -> int:
        """Take the middle fragments of one length that follow; returns where they end."""
        stride, high, low, stamp = self._stride, self._high, self._low, self._stamp
        append = self._pieces.open.append
        first = number = self._prefix << 48 | stride - _FRAME << 32 | self._order.head
        whole = view[start : start + (end - start) // stride * stride]
        for numbers, times, one, two, body in struct.iter_unpack(self._row, whole):
            if numbers != number or times != stamp or two != low or one != high:
                break
            append(body)
            number += 1
        self._order.head += number - first
        return start + (number - first) * stride

    def packet(self, packet: memoryview) -> None:
        """Take one RTP packet, whatever it is.

        Raises:
            MediaFormatError: It is no RTP packet.
        """
        if len(packet) <= rtp.HEADER:
            raise MediaFormatError("RTP packet without payload")
        _, marked, sequence, timestamp, ssrc = _RTP(packet)
        start, stop = rtp.payload_range(packet)
        verdict = self._order.judge(marked & 0x7F, ssrc, sequence)
        if verdict is Verdict.SKIP:
            return
        if verdict is not Verdict.TAKE:
            self._interrupt(verdict)
        self._counters.packets += 1
        if timestamp != self._timestamp:
            self._turn(timestamp)
        self._take(packet, start, stop)
        if marked & rtp.MARKER:
            self._finish()

    def settle(self) -> None:
        """Copy what still points into the receive buffer; call before it is reused."""
        if not self._pieces.settle():
            self._drop()
            self._broken = True

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
        if fragment.first:
            self._begin(fragment.header, fragment.high, fragment.low, fragment.body)
        elif self._pieces.open:
            self._pieces.open.append(fragment.body)
            self._expect(len(fragment.body))
        else:
            self._broken = True
            return
        if fragment.last:
            self._close()

    def _begin(self, header: bytes, high: int, low: int, body: memoryview) -> None:
        """Begin a NAL unit with its first fragment."""
        self._broken = self._broken or bool(self._pieces.open)  # the one before never ended
        self._pieces.begin(header, body)
        self._high, self._low = high, low
        self._expect(len(body))

    def _expect(self, size: int) -> None:
        """Be ready for fragments as long as this one, as networks have it."""
        if self._stride != self._skip + size:
            self._stride = self._skip + size
            self._row = f">QQ{self._payload.fast}{size}s"

    def _close(self) -> None:
        """End the fragmented NAL unit under way."""
        self._pieces.close()
        self._high = -1

    def _finish(self) -> None:
        """Hand the unit under way to the gate, or drop it."""
        if self._broken or self._pieces.open:
            self._drop()
        elif self._payload.has_slices:  # sets and SEI alone belong to the picture that follows
            key, changed = self._payload.conclude()
            self.gate.take(self._timestamp, self._pieces.join(), key=key, changed=changed)

    def _drop(self) -> None:
        """Lose the unit under way."""
        self.gate.lose()
        self._pieces.clear()
        self._payload.clear()
        self._high = -1
        self._broken = False
