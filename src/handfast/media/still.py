"""Single pictures as JPEG, for pages that show them one by one."""

from fractions import Fraction
from typing import Final

import av
import numpy as np

from handfast.kit.errors import UnavailableError
from handfast.media.pictures import DecodedPicture, planes_of
from handfast.media.unit_pictures import PlanarPicture

_FORMAT: Final = "yuvj420p"
_SCALE: Final = 3  # mjpeg's quantizer, 2 to 31: fine enough to judge a face by
_LEAST: Final = 16  # px; smaller pictures are no use, and some encoders refuse them


def jpeg(picture: DecodedPicture, *, widest: int) -> bytes:
    """Return the whole picture, its colours as the film means them.

    Args:
        picture: Is only read.
        widest: px; wider pictures are scaled down to it, narrower ones stay as they are.
    """
    return _encode(picture.frame, widest)


def jpeg_part(
    picture: DecodedPicture, box: tuple[float, float, float, float], *, widest: int
) -> bytes:
    """Return a part of the picture, widened to whole chroma samples.

    Args:
        picture: Is only read.
        box: Left, top, right, bottom, px; cut at the picture's edge.
        widest: px, as for `jpeg`.
    """
    frame = picture.frame
    left, right = _span(box[0], box[2], frame.width)
    top, bottom = _span(box[1], box[3], frame.height)
    part = av.VideoFrame(right - left, bottom - top, frame.format.name)
    part.color_range, part.colorspace = frame.color_range, frame.colorspace
    for number, (source, target) in enumerate(zip(frame.planes, part.planes, strict=True)):
        half = 1 if number == 0 else 2
        read = np.frombuffer(memoryview(source), np.uint8).reshape(source.height, -1)
        written = np.frombuffer(memoryview(target), np.uint8).reshape(target.height, -1)
        area = np.s_[top // half : bottom // half, left // half : right // half]
        np.copyto(written[:, : target.width], read[area])
    return _encode(part, widest)


def planar_jpeg(picture: PlanarPicture) -> bytes:
    """Return the whole picture, which is only read."""
    height, width = picture.y.shape
    frame = av.VideoFrame(width, height, "yuv420p")
    parts = (picture.y, picture.u, picture.v)
    for plane, part in zip(planes_of(frame), parts, strict=True):
        np.copyto(plane, part)
    return _encode(frame, width)


def _encode(frame: av.VideoFrame, widest: int) -> bytes:
    share = min(widest / frame.width, 1.0)
    width, height = (
        max(round(each * share / 2) * 2, 2) for each in (frame.width, frame.height)
    )
    still = frame.reformat(
        width=width, height=height, format=_FORMAT, dst_color_range="JPEG", interpolation="AREA"
    )
    coder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(coder, av.VideoCodecContext)  # noqa: S101 - narrows the type
    coder.width, coder.height, coder.pix_fmt = width, height, _FORMAT
    coder.time_base = Fraction(1, 25)
    coder.options = {"qmin": str(_SCALE), "qmax": str(_SCALE)}
    still.pts = 0
    packets = [*coder.encode(still), *coder.encode(None)]
    if not packets:
        raise UnavailableError("the picture could not be made a JPEG; try another one")
    return bytes(packets[0])


def _span(first: float, end: float, size: int) -> tuple[int, int]:
    """Return an even span within 0 and `size` (even), at least `_LEAST` where there is room."""
    low = min(max(int(first) // 2 * 2, 0), max(size - _LEAST, 0) // 2 * 2)
    return low, min(max(-(-int(end) // 2) * 2, low + _LEAST), size)
