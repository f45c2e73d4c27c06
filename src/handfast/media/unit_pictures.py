"""Between access units and pictures: decoding what a camera sent, encoding what is shown.

For renditions that are made while somebody watches: one thread, no look-ahead, so that a
picture that goes in comes out at once.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.video.frame import PictureType

from handfast.kit.errors import UnavailableError
from handfast.media.annex_b import split_start_codes
from handfast.media.parameter_sets import H264Sets
from handfast.media.pictures import Plane, planes_of
from handfast.media.units import TICKS_PER_SECOND, VIDEO, AccessUnit, Codec, TrackConfig

_DECODERS: Final = {Codec.H264: "h264", Codec.H265: "hevc"}
_ENCODER: Final = "libx264"
_DEPTH: Final = 16  # no standard lets more pictures wait for one another
_IDR: Final = 5
_TYPE: Final = 0x1F


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanarPicture:
    """A decoded picture, yuv420p, even sizes.

    Attributes:
        planes: (height * 3 / 2) x width: luma rows, then both chroma planes. Its views `y`,
            `u` and `v` may be written to.
        pts: 90 kHz.
        received_us: Wall clock at which the node received it.
        damaged: Something was wrong with its unit, or with one that it builds on.
    """

    planes: Plane
    pts: int
    received_us: int
    damaged: bool = False

    @property
    def y(self) -> Plane:
        """Luma, height x width."""
        return _parts(self.planes)[0]

    @property
    def u(self) -> Plane:
        """First chroma plane, half as high and wide."""
        return _parts(self.planes)[1]

    @property
    def v(self) -> Plane:
        """Second chroma plane, half as high and wide."""
        return _parts(self.planes)[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSize:
    """The largest picture that is wanted, px; smaller ones are not made larger."""

    width: int
    height: int

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """Return the even size of a picture that keeps its shape within the bounds."""
        scale = min(1.0, self.width / width, self.height / height)
        return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _always(_pts: int, _received_us: int) -> bool:
    return True


class UnitDecoder:
    """Decodes one stream's units. One thread."""

    def __init__(self, config: TrackConfig, size: PictureSize) -> None:
        """Take the stream's configuration, and how large its pictures are wanted.

        Raises:
            UnavailableError: FFmpeg has no decoder for it.
        """
        try:
            context = av.CodecContext.create(_DECODERS[config.codec], "r")
        except (KeyError, av.FFmpegError) as error:
            raise UnavailableError(
                f"no decoder for {config.codec}; use another codec"
            ) from error
        assert isinstance(context, av.VideoCodecContext)  # noqa: S101 - narrows the type
        context.extradata = config.extradata
        context.thread_count = 1
        self._context = context
        self._size = size
        self._received: dict[int, int] = {}  # by pts, of units whose pictures are still to come
        self._broken = False  # since the last whole key picture

    def decode(
        self,
        data: bytes,
        *,
        pts: int,
        received_us: int,
        is_due: Callable[[int, int], bool] = _always,
    ) -> Iterator[PlanarPicture]:
        """Yield the pictures that are complete now, in order of presentation.

        After a unit that is damaged all pictures are marked so up to the next key picture.

        Args:
            data: One unit.
            pts: Its presentation time, 90 kHz.
            received_us: Wall clock at which the node received it.
            is_due: Asked with both times of each picture, in order; those that are not due
                are decoded only, because others build on them, and never scaled.
        """
        if not data:
            return  # to FFmpeg an empty packet is the end, after which it decodes no more
        packet = av.Packet(data)
        packet.pts = packet.dts = pts
        packet.time_base = Fraction(1, TICKS_PER_SECOND)
        self._received[pts] = received_us
        try:
            frames = self._context.decode(packet)
        except av.FFmpegError:
            self._broken = True
            return
        for frame in frames:
            self._broken = frame.is_corrupt or (self._broken and not frame.key_frame)
            at_us = self._received.pop(frame.pts or 0, received_us)
            if is_due(frame.pts or 0, at_us):
                yield self._picture(frame, at_us)
        while len(self._received) > _DEPTH:  # of units that gave no picture
            self._received.pop(next(iter(self._received)))

    def _picture(self, frame: av.VideoFrame, received_us: int) -> PlanarPicture:
        width, height = self._size.fit(frame.width, frame.height)
        if (frame.format.name, frame.width, frame.height) != ("yuv420p", width, height):
            # Half the time of the default, bicubic, and made for smaller pictures.
            frame = frame.reformat(
                width=width, height=height, format="yuv420p", interpolation="AREA"
            )
        return PlanarPicture(
            planes=_joined(planes_of(frame)),
            pts=frame.pts or 0,
            received_us=received_us,
            damaged=self._broken,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedPicture:
    """What the encoder made of one picture."""

    unit: AccessUnit
    config: TrackConfig | None  # with key units


class UnitEncoder:
    """Encodes pictures of one size as H.264, each at once. One thread."""

    def __init__(self, width: int, height: int, *, fps: int, bitrate_bps: int) -> None:
        """Take the pictures' even size, about how many come, and the bits they may take.

        Raises:
            UnavailableError: FFmpeg has no H.264 encoder.
        """
        try:
            context = av.CodecContext.create(_ENCODER, "w")
        except av.FFmpegError as error:
            raise UnavailableError(
                f"FFmpeg has no {_ENCODER}; install PyAV's own wheel"
            ) from error
        assert isinstance(context, av.VideoCodecContext)  # noqa: S101 - narrows the type
        context.width, context.height = width, height
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, TICKS_PER_SECOND)
        context.framerate = Fraction(fps)
        context.thread_count = 1
        context.max_b_frames = 0
        kilobits = bitrate_bps // 1000
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "crf": "23",
            "x264-params": f"keyint=600:scenecut=0:vbv-maxrate={kilobits}"
            f":vbv-bufsize={kilobits}:sliced-threads=0",
        }
        self._context = context
        self._sets = H264Sets()

    def encode(self, picture: PlanarPicture, *, key: bool) -> CodedPicture | None:
        """Encode one picture, as a key picture if asked; `None` if nothing came out."""
        parts = _parts(picture.planes)
        frame = av.VideoFrame(parts[0].shape[1], parts[0].shape[0], "yuv420p")
        for plane, part in zip(planes_of(frame), parts, strict=True):
            np.copyto(plane, part)
        frame.pts, frame.time_base = picture.pts, Fraction(1, TICKS_PER_SECOND)
        frame.pict_type = PictureType.I if key else PictureType.NONE
        data = b"".join(bytes(packet) for packet in self._context.encode(frame))
        nals = split_start_codes(data)
        if not nals:
            return None
        for nal in filter(self._sets.holds, nals):
            self._sets.offer(nal)
        is_key = any(nal[0] & _TYPE == _IDR for nal in nals)
        unit = AccessUnit(
            VIDEO,
            is_key,
            picture.pts,
            picture.pts,
            b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals),
        )
        return CodedPicture(unit=unit, config=self._sets.config() if is_key else None)


# PyAV's own conversions copy twice, or a row at a time.


def _parts(planes: Plane) -> list[Plane]:
    """Return views of luma and both chroma planes of what lies in one piece."""
    rows, width = planes.shape
    height = rows * 2 // 3
    first, second = planes[height:].reshape(2, height // 2, width // 2)
    return [planes[:height], first, second]


def _joined(planes: Sequence[Plane]) -> Plane:
    """Return a copy in one piece."""
    height, width = planes[0].shape
    joined = np.empty((height * 3 // 2, width), np.uint8)
    for part, plane in zip(_parts(joined), planes, strict=True):
        np.copyto(part, plane)
    return joined
