"""Payload formats of H.264 (RFC 6184) and H.265 (RFC 7798): what one packet holds."""

from typing import Final, Protocol

import msgspec

from handfast.media import h264, h265
from handfast.media.faults import MediaFormatError
from handfast.media.parameter_sets import H264Sets, H265Sets, ParameterSets
from handfast.media.sdp import MediaLine, parameter_sets

_START: Final = 0x80
_END: Final = 0x40
_SIZE: Final = 2  # bytes of a length inside an aggregation packet
_MOST_AGGREGATED: Final = 64


class Fragment(msgspec.Struct, frozen=True, gc=False):
    """Part of a NAL unit.

    Attributes:
        first: It begins the NAL unit.
        last: It ends the NAL unit.
        header: The NAL unit's header, rebuilt; meaningful when `first`.
        high: First number of the fragments in between, see `Payload.fast`.
        low: The second one.
        body: The bytes after the fragment header.
    """

    first: bool
    last: bool
    header: bytes
    high: int
    low: int
    body: memoryview


class Payload(Protocol):
    """Reads the payloads of one track; remembers what the picture under way holds.

    Attributes:
        sets: The track's parameter sets.
        fast: How `struct` reads a fragment's header as two numbers, to be compared with
            `Fragment.high` and `Fragment.low`.
        has_slices: The picture under way holds slices.
        has_key: One of them can start decoding.
    """

    sets: ParameterSets
    fast: str
    has_slices: bool
    has_key: bool

    def read(self, view: memoryview, start: int, stop: int) -> list[memoryview] | Fragment:
        """Split the payload `view[start:stop]`.

        Raises:
            MediaFormatError: It contradicts its own lengths, or its type is not used here.
        """
        ...

    def begin(self, one: int, two: int) -> bytes:
        """Take the header of a first fragment, read as `fast`.

        Returns:
            The NAL unit's header, rebuilt; empty if it is the header of anything else.
        """
        ...

    def conclude(self) -> tuple[bool, bool]:
        """End the picture under way.

        Returns:
            Whether decoding can start with it, and whether parameter sets changed since
            the last call.
        """
        ...

    def clear(self) -> None:
        """Forget what the picture under way holds."""
        ...


class H264Payload:
    """Single NAL units, STAP-A and FU-A: packetization modes 0 and 1 (RFC 6184 section 5)."""

    fast = "BB"

    def __init__(self, media: MediaLine) -> None:
        """Take the parameter sets of the SDP, if it has any."""
        self.sets: ParameterSets = H264Sets()
        self.has_slices = self.has_key = self._changed = False
        for nal in parameter_sets(media.fmtp.get("sprop-parameter-sets", "")):
            self._note(nal[0] & 31, nal)

    def read(self, view: memoryview, start: int, stop: int) -> list[memoryview] | Fragment:
        """Split one payload."""
        if start >= stop:
            raise MediaFormatError("H.264 payload without content")
        kind = view[start] & 31
        if kind == h264.FU_A:
            return self._fragment(view, start, stop)
        payload = view[start:stop]
        if kind == h264.STAP_A:
            nals = _aggregated(payload[1:])
            for nal in nals:
                self._note(nal[0] & 31, nal)
            return nals
        if not 0 < kind < h264.STAP_A:
            raise MediaFormatError(f"H.264 payload type {kind} is not used over RTSP")
        self._note(kind, payload)
        return [payload]

    def begin(self, one: int, two: int) -> bytes:
        """Take the header of a first fragment: FU indicator and FU header."""
        if one & 31 != h264.FU_A or two & 0xE0 != _START:
            return b""
        kind = two & 31
        self._note(kind, b"")
        return bytes((one & 0xE0 | kind,))

    def conclude(self) -> tuple[bool, bool]:
        """End the picture under way; see `Payload`."""
        told = self.has_key, self._changed
        self.has_slices = self.has_key = self._changed = False
        return told

    def clear(self) -> None:
        """Forget what the picture under way holds."""
        self.has_slices = self.has_key = False

    def _fragment(self, view: memoryview, start: int, stop: int) -> Fragment:
        if stop - start < 3:  # noqa: PLR2004 - indicator, header, one byte
            raise MediaFormatError("FU-A without content")
        indicator, header = view[start], view[start + 1]
        kind = header & 31
        if header & _START:
            self._note(kind, b"")
        return Fragment(
            header & _START != 0,
            header & _END != 0,
            bytes((indicator & 0xE0 | kind,)),
            indicator,
            kind,
            view[start + 2 : stop],
        )

    def _note(self, kind: int, nal: bytes | memoryview) -> None:
        if kind <= h264.LAST_VCL:
            self.has_slices = True
            self.has_key |= kind == h264.IDR
        elif kind in {h264.SPS, h264.PPS} and nal:
            self._changed |= self.sets.offer(bytes(nal))


class H265Payload:
    """Single NAL units, aggregation and fragmentation units (RFC 7798 section 4.4).

    Decoding order numbers (sprop-max-don-diff above 0) are not used by cameras and refused.
    """

    fast = "BH"

    def __init__(self, media: MediaLine) -> None:
        """Take the parameter sets of the SDP, if it has any.

        Raises:
            MediaFormatError: The track interleaves NAL units.
        """
        if media.fmtp.get("sprop-max-don-diff", "0") != "0":
            raise MediaFormatError("H.265 track interleaves NAL units (sprop-max-don-diff)")
        self.sets: ParameterSets = H265Sets()
        self.has_slices = self.has_key = self._changed = False
        for name in ("sprop-vps", "sprop-sps", "sprop-pps"):
            for nal in parameter_sets(media.fmtp.get(name, "")):
                self._note(h265.nal_type(nal), nal)

    def read(self, view: memoryview, start: int, stop: int) -> list[memoryview] | Fragment:
        """Split one payload."""
        if stop - start < 3:  # noqa: PLR2004 - header and one byte
            raise MediaFormatError("H.265 payload without content")
        kind = view[start] >> 1 & 63
        if kind == h265.FU:
            return self._fragment(view, start, stop)
        payload = view[start:stop]
        if kind == h265.AP:
            nals = _aggregated(payload[2:])
            for nal in nals:
                self._note(nal[0] >> 1 & 63, nal)
            return nals
        if kind > h265.FU:
            raise MediaFormatError(f"H.265 payload type {kind} is not used over RTSP")
        self._note(kind, payload)
        return [payload]

    def begin(self, one: int, two: int) -> bytes:
        """Take the header of a first fragment: two bytes of payload header, one of FU."""
        if one >> 1 & 63 != h265.FU or two & 0xC0 != _START:
            return b""
        kind = two & 63
        self._note(kind, b"")
        return bytes((one & 0x81 | kind << 1, two >> 8))

    def conclude(self) -> tuple[bool, bool]:
        """End the picture under way; see `Payload`."""
        told = self.has_key, self._changed
        self.has_slices = self.has_key = self._changed = False
        return told

    def clear(self) -> None:
        """Forget what the picture under way holds."""
        self.has_slices = self.has_key = False

    def _fragment(self, view: memoryview, start: int, stop: int) -> Fragment:
        if stop - start < 4:  # noqa: PLR2004 - two of payload header, one of FU, one byte
            raise MediaFormatError("H.265 FU without content")
        first, second, header = view[start], view[start + 1], view[start + 2]
        kind = header & 63
        if header & _START:
            self._note(kind, b"")
        return Fragment(
            header & _START != 0,
            header & _END != 0,
            bytes((first & 0x81 | kind << 1, second)),
            first,
            second << 8 | kind,
            view[start + 3 : stop],
        )

    def _note(self, kind: int, nal: bytes | memoryview) -> None:
        if kind <= h265.LAST_VCL:
            self.has_slices = True
            self.has_key |= h265.FIRST_IRAP <= kind <= h265.LAST_IRAP
        elif kind <= h265.PPS and nal:
            self._changed |= self.sets.offer(bytes(nal))


def _aggregated(rest: memoryview) -> list[memoryview]:
    """Split length-prefixed NAL units (RFC 6184 5.7.1, RFC 7798 4.4.2)."""
    nals: list[memoryview] = []
    while rest:
        stop = _SIZE + (rest[0] << 8 | rest[1]) if len(rest) > 1 else 0
        if not _SIZE < stop <= len(rest) or len(nals) >= _MOST_AGGREGATED:
            raise MediaFormatError("aggregation packet contradicts its lengths")
        nals.append(rest[_SIZE:stop])
        rest = rest[stop:]
    return nals
