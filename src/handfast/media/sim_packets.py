"""Clips cut into RTP packets once, so that sending costs a few header bytes each."""

import struct
from dataclasses import dataclass
from typing import Final

from handfast.media.clip import Clip, Picture
from handfast.media.marks import FrameMark, mark_digits, mark_nal
from handfast.media.packetize import payloads
from handfast.media.rtp import HEADER, MARKER, PLAIN
from handfast.media.units import Codec

PAYLOAD_TYPE: Final = 96
_FRAME: Final = 4  # bytes of `$`, channel, length before each packet
_NUMBERS: Final = struct.Struct(">HII")  # sequence number, timestamp, SSRC
_DIGITS: Final = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketRow:
    """One picture as interleaved RTP packets, back to back.

    The bytes are shared by all connections: `stamp` a burst, send a copy at once.

    Attributes:
        data: The packets.
        starts: Where each packet begins, and the end of the last one.
        digits: Where the mark's digits begin, or -1 without marks.
        index: The picture's place in output order.
        key: Decoding can start here.
        delay: Pictures between its place in decoding order and in output order.
    """

    data: bytearray
    starts: tuple[int, ...]
    digits: int
    index: int
    key: bool
    delay: int

    def stamp(self, first: int, last: int, *, numbers: tuple[int, int, int]) -> bytes:
        """Write sequence, timestamp and SSRC into packets `first` to `last` (exclusive).

        Args:
            first: First packet of the burst.
            last: Packet after the burst.
            numbers: Sequence number of packet `first`, timestamp, SSRC.
        """
        sequence, timestamp, ssrc = numbers
        pack = _NUMBERS.pack_into
        for start in self.starts[first:last]:
            pack(self.data, start + _FRAME + 2, sequence & 0xFFFF, timestamp, ssrc)
            sequence += 1
        return bytes(self.data[self.starts[first] : self.starts[last]])

    def mark(self, mark: FrameMark) -> None:
        """Write number, time and index into the SEI, if there is one."""
        if self.digits >= 0:
            self.data[self.digits : self.digits + _DIGITS] = mark_digits(mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketLoop:
    """A clip ready to be sent without end.

    Attributes:
        codec: H.264 or H.265.
        parameter_sets: For the SDP.
        rows: In decoding order; the first one is a key picture.
    """

    codec: Codec
    parameter_sets: tuple[bytes, ...]
    rows: tuple[PacketRow, ...]

    def key_after(self, place: int) -> int:
        """Return the place of the next key picture at or after `place`, wrapping around."""
        count = len(self.rows)
        return next(
            (place + ahead) % count
            for ahead in range(count)
            if self.rows[(place + ahead) % count].key
        )


def packet_loop(clip: Clip, *, marks: bool) -> PacketLoop:
    """Cut a clip into packets, with a mark before the first slice of each picture."""
    rows = [
        _row(clip.codec, picture, delay=picture.index - place, marks=marks)
        for place, picture in enumerate(clip.pictures)
    ]
    lift = -min(row.delay for row in rows)
    return PacketLoop(
        codec=clip.codec,
        parameter_sets=clip.parameter_sets,
        rows=tuple(_lifted(row, lift) for row in rows),
    )


def _row(codec: Codec, picture: Picture, *, delay: int, marks: bool) -> PacketRow:
    nals = list(picture.nals)
    if marks:
        first_slice = next(at for at, nal in enumerate(nals) if _is_slice(codec, nal))
        nals.insert(first_slice, mark_nal(codec))
    data, starts, digits = bytearray(), [], -1
    parts = list(payloads(codec, nals))
    for place, part in enumerate(parts):
        starts.append(len(data))
        marker = MARKER if place == len(parts) - 1 else 0
        data += b"$\0" + (HEADER + len(part)).to_bytes(2, "big")
        data += bytes((PLAIN, PAYLOAD_TYPE | marker)) + bytes(10) + part
        if marks and part == mark_nal(codec):
            digits = len(data) - 1 - _DIGITS
    return PacketRow(
        data=data,
        starts=(*starts, len(data)),
        digits=digits,
        index=picture.index,
        key=picture.key,
        delay=delay,
    )


def _lifted(row: PacketRow, lift: int) -> PacketRow:
    """Delay output by `lift` pictures, so that none is due before it is decoded."""
    return PacketRow(
        data=row.data,
        starts=row.starts,
        digits=row.digits,
        index=row.index,
        key=row.key,
        delay=row.delay + lift,
    )


def _is_slice(codec: Codec, nal: bytes) -> bool:
    return 0 < nal[0] & 31 <= 5 if codec is Codec.H264 else (nal[0] >> 1 & 63) < 32  # noqa: PLR2004 - slices, Tables 7-1
