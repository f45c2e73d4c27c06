"""Pictures between a decoder and an encoder: three planes that may be written to."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final, TypeAlias

import av
import numpy as np
import numpy.typing as npt

Plane: TypeAlias = npt.NDArray[np.uint8]

MICROSECOND: Final = Fraction(1, 1_000_000)
PHOTOS: Final[Mapping[str, str]] = MappingProxyType(
    {".jpg": "mjpeg", ".jpeg": "mjpeg", ".png": "png"}
)
"""Kinds of photo that are read and written, by how their names end."""

_SQUARE: Final = Fraction(1)
_BLACK: Final = (16, 128, 128)
_FULL_RANGE: Final = "yuvj420p"
_FORMAT: Final = "yuv420p"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedPicture:
    """One upright picture, yuv420p, whatever the file held.

    The planes are a copy of the decoder's: it still refers to its own for later pictures, and
    what is covered in one must not turn up in the next.

    Attributes:
        y: Luma, height x width; may be written to.
        u: First chroma plane, (height + 1) // 2 x (width + 1) // 2.
        v: Second chroma plane, like `u`.
        at_us: Presentation time.
        key: Decoding could begin here.
        damaged: The decoder reported an error in it, or in one that it builds upon.
        aspect: Shape of a pixel, width over height.
        frame: What holds the planes; its size is rounded up to even.
    """

    y: Plane
    u: Plane
    v: Plane
    at_us: int
    key: bool
    damaged: bool
    aspect: Fraction
    frame: av.VideoFrame


def take(
    frame: av.VideoFrame,
    at_us: int,
    *,
    damaged: bool = False,
    aspect: Fraction = _SQUARE,
    mirrored: bool = False,
) -> DecodedPicture:
    """Copy a decoder's frame, turned upright as its display matrix says.

    Args:
        frame: In any format.
        at_us: Its presentation time.
        damaged: An error was met before it.
        aspect: Shape of a pixel as it is coded, before it is turned.
        mirrored: The camera mirrored it as well, which a frame's rotation does not tell.
    """
    source = frame if frame.format.name in {_FORMAT, _FULL_RANGE} else _converted(frame)
    turns = round(frame.rotation / 90) % 4
    planes = planes_of(source)
    if mirrored:
        planes = [np.flipud(plane) for plane in planes]
    planes = [np.rot90(plane, turns) for plane in planes]
    height, width = planes[0].shape
    held = av.VideoFrame(width + width % 2, height + height % 2, _FORMAT)
    _copy_colours(frame, held)
    views = []
    for view, plane in zip(planes_of(held), planes, strict=True):
        part = view[: plane.shape[0], : plane.shape[1]]
        np.copyto(part, plane)
        views.append(part)
    return DecodedPicture(
        y=views[0],
        u=views[1],
        v=views[2],
        at_us=at_us,
        key=bool(frame.key_frame),
        damaged=damaged or frame.is_corrupt,
        aspect=1 / aspect if turns % 2 else aspect,
        frame=held,
    )


def fit(picture: DecodedPicture, width: int, height: int) -> av.VideoFrame:
    """Return the picture at a size, even numbers; black bars keep its shape.

    No copy is made when it already has that size. Called after covering, so nothing that is
    covered can be scaled out from under its cover.
    """
    frame = picture.frame
    _repeat_edges(picture)
    if (frame.width, frame.height) == (width, height):
        return frame
    share = min(width / frame.width, height / frame.height)
    inner = (_even(frame.width * share, width), _even(frame.height * share, height))
    scaled = frame.reformat(width=inner[0], height=inner[1], interpolation="AREA")
    if inner == (width, height):
        return scaled
    canvas = av.VideoFrame(width, height, _FORMAT)
    _copy_colours(frame, canvas)
    left, top = (width - inner[0]) // 4 * 2, (height - inner[1]) // 4 * 2
    for number, (plane, part) in enumerate(
        zip(planes_of(canvas), planes_of(scaled), strict=True)
    ):
        plane[:] = _BLACK[number]
        half = 1 if number == 0 else 2
        area = plane[top // half : top // half + part.shape[0], left // half :]
        area[:, : part.shape[1]] = part
    return canvas


def planes_of(frame: av.VideoFrame) -> list[Plane]:
    """Return views of a planar frame's planes, without the padding of their rows."""
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)[:, : plane.width]
        for plane in frame.planes
    ]


def _converted(frame: av.VideoFrame) -> av.VideoFrame:
    # Ten bits, 4:2:2, RGB, grey: rare in cameras, so one conversion that knows them all.
    return frame.reformat(format=_FORMAT, interpolation="BILINEAR")


def _copy_colours(source: av.VideoFrame, target: av.VideoFrame) -> None:
    target.color_range = source.color_range
    target.colorspace = source.colorspace
    target.color_primaries = source.color_primaries
    target.color_trc = source.color_trc


def _repeat_edges(picture: DecodedPicture) -> None:
    """Fill the row and column that make the size even from their neighbours."""
    y = planes_of(picture.frame)[0]
    height, width = picture.y.shape
    y[:height, width:] = y[:height, width - 1 : width]
    y[height:] = y[height - 1 : height]


def _even(value: float, most: int) -> int:
    return max(min(round(value / 2) * 2, most), 2)
