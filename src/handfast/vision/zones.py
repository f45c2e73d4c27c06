"""Places an owner draws into a camera's picture: permanent masks and children's zones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np

from handfast.kit.errors import InvalidError
from handfast.vision.grid import Cells, Grid

_SHIFT: Final = 8  # cv2 reads polygon corners with this many bits behind the point


class Point(NamedTuple):
    """A place in the picture as shares of its width and height, 0 to 1."""

    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygon:
    """An area of the picture, whatever its size in pixels.

    Attributes:
        points: Three or more corners, in order.
    """

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        """Refuse what has no area or leaves the picture: a mask must not silently be empty."""
        if len(self.points) < 3:  # noqa: PLR2004 - a triangle is the least polygon
            raise InvalidError("a mask has fewer than three corners; draw an area")
        if not all(0 <= value <= 1 for point in self.points for value in point):
            raise InvalidError("a corner lies outside the picture; give shares from 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A children's zone: the strictest mode applies inside.

    Attributes:
        area: Where.
        whole: Cover all of it always, rather than all that moves or is barely detected.
    """

    area: Polygon
    whole: bool = False


def cells_of(polygons: Sequence[Polygon], grid: Grid) -> Cells:
    """Return each cell that a polygon touches, its outline included."""
    cells = np.zeros((grid.rows, grid.columns), np.uint8)
    # Cells at the right and bottom edge may reach beyond the picture, hence the exact scale.
    scale = np.array([grid.width / grid.cell, grid.height / grid.cell])
    for polygon in polygons:
        corners = np.array(polygon.points) * scale - 0.5  # cv2's pixels have whole centres
        fixed = np.round(corners * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(cells, [fixed], 1, cv2.LINE_8, _SHIFT)
        cv2.polylines(cells, [fixed], isClosed=True, color=1, thickness=3, shift=_SHIFT)
    return cells.view(np.bool_)
