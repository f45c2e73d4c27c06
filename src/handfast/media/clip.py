"""A prepared clip: its pictures in decoding order, ready to be sent again and again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av

from handfast.kit.errors import InvalidError
from handfast.media import h264, h265
from handfast.media.units import Codec

_CODECS: Final = {"h264": Codec.H264, "hevc": Codec.H265}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One coded picture.

    Attributes:
        index: Its place in output order, from 0; what its bar code says.
        key: Decoding can start here.
        nals: Its NAL units; key pictures begin with the parameter sets.
    """

    index: int
    key: bool
    nals: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A clip that begins with a key picture, so that it can loop.

    Attributes:
        codec: H.264 or H.265.
        parameter_sets: SPS and PPS, or VPS, SPS and PPS.
        pictures: In decoding order.
    """

    codec: Codec
    parameter_sets: tuple[bytes, ...]
    pictures: tuple[Picture, ...]


def load_clip(path: Path) -> Clip:
    """Read a clip from an MP4 file with one H.264 or H.265 track.

    Raises:
        InvalidError: The file cannot be read, or holds no such track.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            codec = _CODECS[stream.codec_context.name]
            extradata = bytes(stream.codec_context.extradata or b"")
            packets = [
                (packet.pts or 0, packet.is_keyframe, bytes(packet))
                for packet in container.demux(stream)
                if packet.size
            ]
    except (av.FFmpegError, KeyError, IndexError) as error:
        raise InvalidError(f"{path} is no H.264 or H.265 clip; prepare it again") from error
    order = {pts: index for index, pts in enumerate(sorted(pts for pts, _, _ in packets))}
    sets = _sets_of(codec, extradata)
    return Clip(
        codec=codec,
        parameter_sets=sets,
        pictures=tuple(
            Picture(index=order[pts], key=key, nals=(sets if key else ()) + _nals(codec, data))
            for pts, key, data in packets
        ),
    )


def cut_clip(source: Path, target: Path, pictures: int) -> None:
    """Copy the first pictures of a clip without B pictures to a file of their own.

    Raises:
        InvalidError: The clip cannot be read, or has fewer.
    """
    count = 0
    try:
        with av.open(str(source)) as reading, av.open(str(target), "w") as writing:
            stream = reading.streams.video[0]
            copy = writing.add_stream_from_template(stream)
            for packet in reading.demux(stream):
                if not packet.size or count == pictures:
                    break
                packet.stream = copy
                writing.mux(packet)
                count += 1
    except (av.FFmpegError, IndexError) as error:
        raise InvalidError(f"{source} is no clip; prepare it again") from error
    if count < pictures:
        raise InvalidError(f"{source} has {count} pictures; ask for fewer")


def split_lengths(data: bytes) -> list[bytes]:
    """Split NAL units behind 4-byte lengths; stops where the lengths no longer fit."""
    nals, position = [], 0
    while position + 4 <= len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        if size == 0 or position + 4 + size > len(data):
            break
        nals.append(data[position + 4 : position + 4 + size])
        position += 4 + size
    return nals


def _nals(codec: Codec, data: bytes) -> tuple[bytes, ...]:
    """Return the picture's own NAL units: parameter sets come from the extradata instead."""
    return tuple(nal for nal in split_lengths(data) if not _is_set(codec, nal))


def _is_set(codec: Codec, nal: bytes) -> bool:
    if codec is Codec.H264:
        return nal[0] & 31 in {h264.SPS, h264.PPS}
    return h265.nal_type(nal) in {h265.VPS, h265.SPS, h265.PPS}


def _sets_of(codec: Codec, extradata: bytes) -> tuple[bytes, ...]:
    """Take the parameter sets out of an avcC or hvcC record (ISO/IEC 14496-15)."""
    found: list[bytes] = []
    if codec is Codec.H264:
        position = 5
        for mask in (31, 255):
            count = extradata[position] & mask
            position += 1
            for _ in range(count):
                size = int.from_bytes(extradata[position : position + 2], "big")
                found.append(extradata[position + 2 : position + 2 + size])
                position += 2 + size
        return tuple(found)
    position = 23
    for _ in range(extradata[22]):
        count = int.from_bytes(extradata[position + 1 : position + 3], "big")
        position += 3
        for _ in range(count):
            size = int.from_bytes(extradata[position : position + 2], "big")
            found.append(extradata[position + 2 : position + 2 + size])
            position += 2 + size
    return tuple(nal for nal in found if h265.nal_type(nal) <= h265.PPS)
