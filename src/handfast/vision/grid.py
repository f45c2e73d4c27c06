"""The grid that covering is decided on: square cells that hold whole chroma samples."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from handfast.vision.boxes import Box

_COARSE_FROM: Final = 720  # px of height from which cells of 8 px lose nothing that matters

Cells: TypeAlias = npt.NDArray[np.bool_]
"""One truth value per cell, rows x columns."""


class Span(NamedTuple):
    """A rectangle of cells, ends exclusive."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Cells over a picture; those at the right and bottom edge may reach beyond it.

    Attributes:
        width: Of the picture, px.
        height: Of the picture, px.
        cell: Side of a cell, px; even, so that no chroma sample lies in two cells.
    """

    width: int
    height: int
    cell: int

    @property
    def columns(self) -> int:
        """Cells across."""
        return -(-self.width // self.cell)

    @property
    def rows(self) -> int:
        """Cells down."""
        return -(-self.height // self.cell)

    def empty(self) -> Cells:
        """Return cells none of which is set."""
        return np.zeros((self.rows, self.columns), np.bool_)

    def around(self, box: Box) -> Span:
        """Return every cell the box touches within the picture; empty if there is none.

        A box without width or height still touches the cell it lies in; one with an edge that
        is no number may be anywhere, so it touches every cell.
        """
        if not all(math.isfinite(edge) for edge in box):
            return Span(0, self.rows, 0, self.columns)
        left, right = self._outward(box.left, box.right, self.width)
        top, bottom = self._outward(box.top, box.bottom, self.height)
        return Span(top, bottom, left, right)

    def touched(self, boxes: Iterable[Box]) -> Cells:
        """Return every cell that any of the boxes touches, see `around`."""
        cells = self.empty()
        for box in boxes:
            top, bottom, left, right = self.around(box)
            cells[top:bottom, left:right] = True
        return cells

    def inside(self, box: Box) -> Span:
        """Return the cells that lie wholly in the box; empty if there is none."""
        left, top = math.ceil(box.left / self.cell), math.ceil(box.top / self.cell)
        right, bottom = math.floor(box.right / self.cell), math.floor(box.bottom / self.cell)
        return Span(
            max(top, 0),
            max(min(bottom, self.rows), 0),
            max(left, 0),
            max(min(right, self.columns), 0),
        )

    def _outward(self, first: float, end: float, size: int) -> tuple[int, int]:
        low, high = min(first, end), max(first, end)
        if high < 0 or low >= size:
            return 0, 0
        start = max(math.floor(low / self.cell), 0)
        return start, min(max(math.ceil(high / self.cell), start + 1), -(-size // self.cell))


def grid_for(width: int, height: int) -> Grid:
    """Return the grid for a picture's size: finer for small pictures."""
    return Grid(width=width, height=height, cell=8 if min(width, height) >= _COARSE_FROM else 4)
