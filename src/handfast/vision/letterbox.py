"""Bring a picture of any size and shape into what a model reads, never squashed.

Planes are made small first and converted to colours after: at full size, conversion would cost
more than the network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from handfast.vision.picture import Picture, shrink_into
from handfast.vision.registry import PictureInput

Floats: TypeAlias = npt.NDArray[np.float32]

_GREY: Final = 128  # no colour in the chroma planes, and middle luma around the picture
_LEVELS: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterbox:
    """Where a picture lies in what a model reads: in the upper left corner.

    Attributes:
        picture: Width and height of the picture, px.
        canvas: Width and height of what the model reads, px.
        content: Width and height of the picture within that, px; even, at least 2.
    """

    picture: tuple[int, int]
    canvas: tuple[int, int]
    content: tuple[int, int]

    def to_picture(self, boxes: Floats) -> Floats:
        """Return boxes (n x 4: left, top, right, bottom) in pixels of the picture, clipped."""
        across = self.picture[0] / self.content[0]
        down = self.picture[1] / self.content[1]
        scaled = boxes * np.array([across, down, across, down], np.float32)
        limits = np.array([*self.picture, *self.picture], np.float32)
        return np.asarray(np.clip(scaled, 0, limits), np.float32)


def fit(picture: tuple[int, int], reads: PictureInput, *, longest: int) -> Letterbox:
    """Choose what a model reads for pictures of this size.

    Args:
        picture: Width and height, px, at least 1.
        reads: What the model accepts.
        longest: The longer side of the picture for the model, px; of no effect where the
            model's size is fixed.
    """
    width, height = picture
    if reads.fixed is not None:
        canvas = (reads.fixed[1], reads.fixed[0])
        scale = min(canvas[0] / width, canvas[1] / height)
    else:
        scale = longest / max(width, height)
        across, down = (max(ceil(side * scale / reads.multiple), 1) for side in picture)
        canvas = (across * reads.multiple, down * reads.multiple)
    content = (_even(width * scale, canvas[0]), _even(height * scale, canvas[1]))
    return Letterbox(picture=picture, canvas=canvas, content=content)


class Canvas:
    """Draws pictures of one size for a model. Belongs to one thread; its memory is reused."""

    def __init__(self, box: Letterbox, reads: PictureInput) -> None:
        """Make room, grey around where the picture will be."""
        width, height = box.canvas
        self.box = box
        # One buffer as OpenCV wants 4:2:0: luma rows, then both chroma planes without gaps.
        self._planes = np.full((height * 3 // 2, width), _GREY, np.uint8)
        chroma = self._planes[height:].reshape(2, height // 2, width // 2)
        content, half = box.content, (box.content[0] // 2, box.content[1] // 2)
        self._parts = (
            self._planes[: content[1], : content[0]],
            chroma[0, : half[1], : half[0]],
            chroma[1, : half[1], : half[0]],
        )
        self._pixels = np.empty((height, width, 3), np.uint8)
        self._blob = np.empty((1, 3, height, width), np.float32)
        self._code = (
            cv2.COLOR_YUV2BGR_I420 if reads.colours == "bgr" else cv2.COLOR_YUV2RGB_I420
        )
        self._levels = _levels(reads.mean, reads.deviation)

    def draw(self, picture: Picture) -> Floats:
        """Return the picture as the model reads it, 1 x 3 x height x width.

        The picture must be of the size that this canvas was made for. What is returned is
        overwritten by the next call.
        """
        for plane, part in zip((picture.y, picture.u, picture.v), self._parts, strict=True):
            shrink_into(plane, part)
        cv2.cvtColor(self._planes, self._code, dst=self._pixels)
        for place, levels in enumerate(self._levels):
            colour = cv2.extractChannel(self._pixels, place)
            cv2.LUT(colour, levels, dst=self._blob[0, place])
        return self._blob


def _levels(mean: Sequence[float], deviation: Sequence[float]) -> list[Floats]:
    steps = np.arange(_LEVELS, dtype=np.float32)
    return [
        ((steps - middle) / spread).astype(np.float32)
        for middle, spread in zip(mean, deviation, strict=True)
    ]


def _even(length: float, most: int) -> int:
    return min(max(round(length / 2) * 2, 2), most)
