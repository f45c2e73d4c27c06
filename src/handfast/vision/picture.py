"""A picture as decoders give it and encoders take it: three planes, 4:2:0."""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Plane: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture, yuv420p, limited or full range alike.

    The planes are written to when the picture is redacted.

    Attributes:
        y: Luma, height x width.
        u: First chroma plane, (height + 1) // 2 x (width + 1) // 2.
        v: Second chroma plane, like `u`.
    """

    y: Plane
    u: Plane
    v: Plane

    @property
    def width(self) -> int:
        """Width, px."""
        return int(self.y.shape[1])

    @property
    def height(self) -> int:
        """Height, px."""
        return int(self.y.shape[0])


def shrink_into(plane: Plane, part: Plane) -> None:
    """Make a plane small, in a place of the size wanted; larger is possible too.

    Halving is exact and what the library does fastest; what remains is less than a factor of
    two, where linear interpolation sees every pixel.
    """
    height, width = part.shape
    while plane.shape[0] >= 2 * height and plane.shape[1] >= 2 * width:
        rows, columns = plane.shape[0] // 2, plane.shape[1] // 2
        even = plane[: rows * 2, : columns * 2]
        plane = np.asarray(
            cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8
        )
    cv2.resize(plane, (width, height), dst=part, interpolation=cv2.INTER_LINEAR)
