"""Audio payloads: AAC (RFC 3640), G.711 (RFC 3551), Opus (RFC 7587)."""

import re
from typing import Final

from handfast.media.faults import MediaFormatError
from handfast.media.sdp import MediaLine
from handfast.media.units import AUDIO, Codec, TrackConfig

_NAMES: Final = {
    "MPEG4-GENERIC": Codec.AAC,
    "PCMU": Codec.PCMU,
    "PCMA": Codec.PCMA,
    "OPUS": Codec.OPUS,
}
_AAC_FRAME: Final = 1024  # samples; the 960 variant is not met on cameras
_LENGTH_BYTES: Final = 2  # AU-headers-length
_MOST_CONFIG: Final = 64
_MOST_FIELD_BITS: Final = 32
_BITS: Final = re.compile("[0-9]{1,2}")


class AudioFormat:
    """How one audio track's packets become frames.

    Attributes:
        config: What a decoder needs to know.
    """

    def __init__(self, media: MediaLine) -> None:
        """Read the SDP lines of an audio track.

        Raises:
            MediaFormatError: The coding is unknown or its parameters contradict each other;
                the track is then left out.
        """
        codec = _NAMES.get(media.encoding)
        if codec is None or media.clock_rate <= 0:
            raise MediaFormatError(f"audio coding {media.encoding[:20]!r} is not recorded")
        self._sizes = (0, 0, 0)
        extradata = b""
        if codec is Codec.AAC:
            extradata = _aac_config(media)
            self._sizes = _field_sizes(media)
        self.config = TrackConfig(
            track=AUDIO,
            codec=codec,
            extradata=extradata,
            clock_rate=media.clock_rate,
            channels=media.channels,
        )

    def frames(self, payload: bytes) -> list[tuple[int, bytes]]:
        """Split one RTP payload into frames.

        Returns:
            For each frame its distance from the packet's timestamp (ticks of the track's
            clock rate) and its bytes. A fragment of a longer AAC frame yields nothing.

        Raises:
            MediaFormatError: The payload contradicts its own headers.
        """
        if self.config.codec is not Codec.AAC:
            return [(0, payload)] if payload else []
        return self._aac_frames(payload)

    def _aac_frames(self, payload: bytes) -> list[tuple[int, bytes]]:
        """Read the AU header section, then the frames (RFC 3640 section 3.2)."""
        if len(payload) < _LENGTH_BYTES:
            raise MediaFormatError("AAC packet is shorter than its header length")
        bits = payload[0] << 8 | payload[1]
        start = _LENGTH_BYTES + (bits + 7) // 8
        sizes = self._frame_sizes(payload[_LENGTH_BYTES:start], bits)
        if start > len(payload) or not sizes:
            raise MediaFormatError("AAC packet is shorter than its headers")
        frames: list[tuple[int, bytes]] = []
        for index, size in enumerate(sizes):
            if start + size > len(payload):
                break
            frames.append((index * _AAC_FRAME, payload[start : start + size]))
            start += size
        return frames

    def _frame_sizes(self, headers: bytes, bits: int) -> list[int]:
        """Read AU-size of each AU header; indexes are passed over (no interleaving)."""
        size_bits, index_bits, delta_bits = self._sizes
        value = int.from_bytes(headers, "big")
        left = 8 * len(headers)
        sizes: list[int] = []
        while True:
            width = size_bits + (delta_bits if sizes else index_bits)
            bits -= width
            left -= width
            if bits < 0 or left < 0:
                return sizes
            sizes.append(value >> left + width - size_bits & ((1 << size_bits) - 1))


def _aac_config(media: MediaLine) -> bytes:
    try:
        config = bytes.fromhex(media.fmtp.get("config", ""))
    except ValueError:
        config = b""
    if not 2 <= len(config) <= _MOST_CONFIG:  # noqa: PLR2004 - shortest AudioSpecificConfig
        raise MediaFormatError("AAC track has no usable config in its SDP")
    return config


def _field_sizes(media: MediaLine) -> tuple[int, int, int]:
    """Read the widths of the AU header fields; AAC-hbr is 13, 3, 3 (RFC 3640 3.3.6)."""
    sizes = tuple(
        _width(media.fmtp.get(name, "0"))
        for name in ("sizelength", "indexlength", "indexdeltalength")
    )
    if sizes[0] == 0 or media.fmtp.get("mode", "").lower() not in {"aac-hbr", "aac-lbr"}:
        raise MediaFormatError("AAC track is neither AAC-hbr nor AAC-lbr")
    return sizes[0], sizes[1], sizes[2]


def _width(word: str) -> int:
    if not _BITS.fullmatch(word) or int(word) > _MOST_FIELD_BITS:
        raise MediaFormatError(f"AAC header field of {word[:8]!r} bits; at most 32")
    return int(word)
