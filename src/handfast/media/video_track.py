"""From RTP packets to access units: one video track (RFC 6184, RFC 7798).

This is the hot path of ingest: a 4 Mbit/s camera sends about 370 packets a second, nearly
all of them middle fragments of one NAL unit. `VideoTrack.run` passes over such a row with one
unpacking and a few comparisons each; whatever is not plain takes the long way, `packet`.
"""

import struct
from typing import Final, Protocol

from handfast.media import rtp
from handfast.media.counters import Counters
from handfast.media.faults import MediaFormatError
from handfast.media.payloads import Fragment, Payload
from handfast.media.timeline import DecodeOrder, Unwrapper
from handfast.media.units import VIDEO, AccessUnit, TrackConfig

MOST_UNIT: Final = 4 << 20
"""Bytes of the largest picture accepted; a 4K keyframe is about 1 MiB."""

_LENGTH: Final = struct.Struct(">I").pack
_RTP: Final = struct.Struct(">BBHII").unpack_from
_FRAME: Final = 4  # bytes of `$`, channel, length
_PAYLOAD: Final = _FRAME + rtp.HEADER
_MARKED: Final = rtp.MARKER << 16
_UNMARKED: Final = 0xFFFF_FFFF ^ _MARKED
_LOW32: Final = 0xFFFF_FFFF
_END: Final = 0x40  # of the fragment header, last byte of what `Payload.fast` reads
_PATIENCE: Final = 100  # old packets in a row after which the new numbering is believed

Pieces = list[bytes | memoryview]


class Pictures(Protocol):
    """Where a video track delivers."""

    def reconfigured(self, config: TrackConfig) -> None:
        """Take the configuration of the pictures that follow."""
        ...

    def picture(self, unit: AccessUnit) -> None:
        """Take one complete picture."""
        ...

    def spoiled(self) -> None:
        """Learn of a packet that contradicts its payload format."""
        ...


class VideoTrack:
    """Assembles one camera's pictures. Ingest thread only.

    Pieces of the unit under construction point into the receive buffer until `settle`.
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
        self.ssrc = -1
        self.newest = 0  # presentation time of the newest unit
        self.wants_key = False  # the reader may ask the camera for a keyframe
        self._payload = payload
        self._type = payload_type
        self._counters = counters
        self._out = out
        self._candidate = (-1, -1)  # SSRC on probation, its next sequence number
        self._done: Pieces = []  # finished NAL units with their lengths
        self._open: Pieces = []  # fragments of the NAL unit under way
        self._settled = 0, 0
        self._size = 0  # settled bytes, to bound memory
        self._broken = False  # the unit under way misses something
        self._timestamp = -1
        self._old = 0
        self._synced = False  # the units since the last key unit are complete
        self._stale = True  # decoders must be told the configuration
        self._unwrap = Unwrapper()
        self._order = DecodeOrder(payload.sets.reorder())
        self._unpack = payload.fast.unpack_from
        self._skip = payload.fast_skip
        self._prefix = 0x2400 | channel
        self._head = -1  # version, flags, payload type, sequence number of the next packet
        self._stamp = -1  # timestamp and SSRC of the unit under way
        self._high = self._low = -1  # how middle fragments of the NAL unit under way begin

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
        unpack, skip, prefix, ssrc = self._unpack, self._skip, self._prefix, self.ssrc
        high, low, stamp, append = self._high, self._low, self._stamp, self._open.append
        head = begun = self._head
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
                self._head = head
                self._next(view, start, stop, numbers=numbers, times=times, begins=(one, two))
                high, low, stamp = self._high, self._low, self._stamp
                append = self._open.append
            head += 1
            start = stop
        self._head = head
        self._counters.packets += head - begun
        return start

    def packet(self, packet: memoryview) -> None:
        """Take one RTP packet, whatever it is.

        Raises:
            MediaFormatError: It is no RTP packet, or contradicts its payload format.
        """
        if len(packet) <= rtp.HEADER:
            raise MediaFormatError("RTP packet without payload")
        flags, marked, sequence, timestamp, ssrc = _RTP(packet)
        start, stop = rtp.HEADER, len(packet)
        if flags != rtp.PLAIN:
            start, stop = rtp.payload_range(packet)
        if not self._accept(marked & 0x7F, ssrc, sequence):
            return
        self._counters.packets += 1
        if timestamp != self._timestamp:
            self._turn(timestamp)
        self._take(packet, start, stop)
        if marked & rtp.MARKER:
            self._finish()

    def time_of(self, timestamp: int) -> int:
        """Return the presentation time of a nearby 32-bit RTP timestamp."""
        return self._unwrap.nearby(timestamp)

    def settle(self) -> None:
        """Copy what still points into the receive buffer; call before it is reused."""
        done, opened = self._settled
        for pieces, start in ((self._done, done), (self._open, opened)):
            if len(pieces) > start:
                copy = b"".join(pieces[start:])
                pieces[start:] = [copy]
                self._size += len(copy)
        self._settled = len(self._done), len(self._open)
        if self._size > MOST_UNIT:
            self._lose()
            self._clear()
            self._broken = True

    def _next(
        self,
        view: memoryview,
        start: int,
        stop: int,
        *,
        numbers: int,
        times: int,
        begins: tuple[int, int],
    ) -> None:
        """Take a plain packet that is the next one, and no middle fragment."""
        if times != self._stamp:
            self._turn(times >> 32)
        if begins == (self._high, self._low | _END):
            self._open.append(view[start + self._skip : stop])
            self._close()
        else:
            self._take(view, start + _PAYLOAD, stop)
        if numbers & _MARKED:
            self._finish()

    def _accept(self, payload_type: int, ssrc: int, sequence: int) -> bool:
        """Decide whether a packet belongs here and is the next one."""
        if payload_type != self._type:
            self._counters.unexpected += 1
            return False
        if ssrc != self.ssrc and not self._accept_source(ssrc, sequence):
            return False
        return self._in_order(sequence)

    def _accept_source(self, ssrc: int, sequence: int) -> bool:
        """Decide about a packet of another source (RFC 3550 A.1: two in sequence)."""
        if self.ssrc >= 0 and self._candidate != (ssrc, sequence):
            self._candidate = ssrc, (sequence + 1) & 0xFFFF
            self._counters.unexpected += 1
            return False
        if self.ssrc >= 0:
            self._lose()
            self._clear()
            self._stale = True
            self._unwrap = Unwrapper()
            self._order = DecodeOrder(self._order.depth)
        self.ssrc = ssrc
        self._expect(sequence)
        return True

    def _in_order(self, sequence: int) -> bool:
        """Compare with the expected number; a gap spoils the unit under way."""
        ahead = (sequence - self._head) & 0xFFFF
        if ahead >= 0x8000:  # noqa: PLR2004 - half of the number space is the past
            self._counters.duplicates += 1
            self._old += 1
            if self._old < _PATIENCE:
                return False
            ahead = 1  # the camera counts anew
        if ahead:
            self._counters.lost_packets += ahead
            self._lose()
            self._clear()
            self._broken = True
        self._old = 0
        self._expect(sequence + 1)
        return True

    def _expect(self, sequence: int) -> None:
        self._head = rtp.PLAIN << 24 | self._type << 16 | sequence & 0xFFFF

    def _turn(self, timestamp: int) -> None:
        """Begin a new picture; one that ended without its marker is finished first."""
        if self._done or self._open:
            self._finish()
        self._timestamp = timestamp
        self._stamp = timestamp << 32 | self.ssrc

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
            return
        for nal in found:
            self._done += (_LENGTH(len(nal)), nal)

    def _fragment(self, fragment: Fragment) -> None:
        if fragment.first:
            if self._open:
                self._broken = True  # the NAL unit before never ended
            self._open = [fragment.header]
            self._settled = self._settled[0], 0
            self._high, self._low = fragment.high, fragment.low
        elif not self._open:
            self._broken = True
            return
        self._open.append(fragment.body)
        if fragment.last:
            self._close()

    def _close(self) -> None:
        """End the fragmented NAL unit under way."""
        self._done.append(_LENGTH(sum(map(len, self._open))))
        self._done += self._open
        self._open = []
        self._high = -1
        self._settled = self._settled[0], 0

    def _finish(self) -> None:
        """Deliver the unit under way, or count why not."""
        payload = self._payload
        if self._broken or self._open:
            self._lose()
            self._clear()
            return
        if not payload.has_slices:
            return  # parameter sets and SEI alone belong to the picture that follows
        data = b"".join(self._done)
        key = payload.has_key
        changed = payload.take_change()
        self._clear()
        if key and (changed or self._stale):
            self._reconfigure()
        self._emit(key, data)

    def _reconfigure(self) -> None:
        config = self._payload.sets.config()
        if config is not None:
            self._order.restart(max(self._order.depth, self._payload.sets.reorder()))
            self._stale = False
            self._out.reconfigured(config)

    def _emit(self, key: bool, data: bytes) -> None:  # noqa: FBT001 - the unit's own flag
        if not self._synced:
            if not key or self._stale:
                self._counters.dropped_units += 1
                self.wants_key = True
                return
            self._order.restart()
            self._synced = True
        pts = self._unwrap.extend(self._timestamp)
        dts = self._order.next(pts)
        if dts is None:
            self._learn_order(pts)
            return
        self.newest = pts
        self._counters.units += 1
        if key:
            self._counters.key_units += 1
        self._out.picture(AccessUnit(VIDEO, key, pts, dts, data))

    def _learn_order(self, pts: int) -> None:
        """Start again at the next key unit: with a deeper order, or on a new time line."""
        self._counters.reorder_learned += 1
        if not self._order.learn(pts):
            self._order = DecodeOrder(self._payload.sets.reorder())
            self._stale = True
        self._lose()

    def _lose(self) -> None:
        """Count a loss once per group of pictures and wait for the next key unit."""
        if self._synced:
            self._counters.losses += 1
        self._synced = False
        self.wants_key = True

    def _clear(self) -> None:
        self._done = []
        self._open = []
        self._high = -1
        self._settled = 0, 0
        self._size = 0
        self._broken = False
        self._payload.clear()
