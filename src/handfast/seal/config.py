"""The codec configuration that each keyframe run carries, sealed: what a decoder needs."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from handfast.kit.errors import CorruptError, InvalidError
from handfast.seal.records import TRACKS

_TRACK = ">BBIHHBH"
_TRACK_BYTES = struct.calcsize(_TRACK)  # before the extradata
_EXTRADATA_LIMIT = 0xFFFF


class Codec(IntEnum):
    """How a track is coded, by its byte in the configuration."""

    H264 = 1
    H265 = 2
    AAC = 3
    PCMU = 4
    PCMA = 5
    OPUS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackConfig:
    """One track of a segment.

    Attributes:
        track: 0 video, 1 audio.
        clock_rate: Of the source's RTP clock, Hz; pts and dts are 90 kHz all the same.
        width: Picture width, px; 0 for sound. Likewise `height`.
        channels: Of sound; 0 for pictures.
        extradata: AVCDecoderConfigurationRecord, HEVCDecoderConfigurationRecord or
            AudioSpecificConfig; empty for PCMU, PCMA and Opus.
    """

    track: int
    codec: Codec
    clock_rate: int
    width: int = 0
    height: int = 0
    channels: int = 0
    extradata: bytes = b""


def encode_config(tracks: Sequence[TrackConfig]) -> bytes:
    """Write the plain text of a run's configuration.

    Raises:
        InvalidError: A value does not fit its field, or a track comes twice.
    """
    if len({track.track for track in tracks}) != len(tracks):
        raise InvalidError("a codec configuration names a track twice")
    return b"".join(_encode_track(track) for track in tracks)


def _encode_track(track: TrackConfig) -> bytes:
    if not 0 <= track.track < TRACKS or len(track.extradata) > _EXTRADATA_LIMIT:
        raise InvalidError(f"track {track.track}: at most {TRACKS} tracks, 64 KiB of extradata")
    try:
        fixed = struct.pack(
            _TRACK,
            track.track,
            track.codec,
            track.clock_rate,
            track.width,
            track.height,
            track.channels,
            len(track.extradata),
        )
    except struct.error as error:
        raise InvalidError(f"track {track.track}: a value does not fit: {error}") from error
    return fixed + track.extradata


def decode_config(plain: bytes) -> tuple[TrackConfig, ...]:
    """Read the plain text of a run's configuration.

    Raises:
        CorruptError: It is cut, or names a codec unknown here.
    """
    tracks: list[TrackConfig] = []
    offset = 0
    while offset < len(plain):
        if len(plain) - offset < _TRACK_BYTES:
            raise CorruptError("the codec configuration is cut; ask for the next keyframe")
        *fixed, length = struct.unpack_from(_TRACK, plain, offset)
        offset += _TRACK_BYTES + length
        if offset > len(plain):
            raise CorruptError("the codec configuration is cut; ask for the next keyframe")
        tracks.append(_decode_track(fixed, plain[offset - length : offset]))
    return tuple(tracks)


def _decode_track(fixed: Sequence[int], extradata: bytes) -> TrackConfig:
    track, codec, clock_rate, width, height, channels = fixed
    try:
        known = Codec(codec)
    except ValueError as error:
        raise CorruptError(f"codec {codec} is unknown; install a newer handfast") from error
    return TrackConfig(
        track=track,
        codec=known,
        clock_rate=clock_rate,
        width=width,
        height=height,
        channels=channels,
        extradata=extradata,
    )
