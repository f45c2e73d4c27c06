"""Covering: cells become rectangles, and rectangles are filled in the three planes."""

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np

from handfast.vision.grid import Cells, Grid, Span
from handfast.vision.picture import Picture, Plane

LUMA: Final = 48
"""Luma of solid fill: dark, but not the black of a dead camera."""

CHROMA: Final = 128
"""Chroma of solid fill: grey."""

_MOSAIC_ACROSS: Final = 12  # cells along the picture's shorter side, at most
_MOSAIC_PER_THING: Final = 3  # cells along the longest side of what is covered, at most


def cover_whole(picture: Picture) -> None:
    """Fill the whole picture."""
    picture.y[:] = LUMA
    picture.u[:] = CHROMA
    picture.v[:] = CHROMA


def cover_cells(picture: Picture, grid: Grid, cells: Cells) -> None:
    """Fill the cells with one grey.

    Chroma is filled one sample further on each side: encoders and scalers mix neighbours, and
    a coloured outline would tell what is under the grey.
    """
    cell, half = grid.cell, grid.cell // 2
    for top, bottom, left, right in spans(cells):
        picture.y[top * cell : bottom * cell, left * cell : right * cell] = LUMA
        rows = slice(max(top * half - 1, 0), bottom * half + 1)
        columns = slice(max(left * half - 1, 0), right * half + 1)
        picture.u[rows, columns] = CHROMA
        picture.v[rows, columns] = CHROMA


def cover_with_mosaic(picture: Picture, grid: Grid, cells: Cells, *, mosaic: int) -> None:
    """Replace the cells by averages over squares of about `mosaic` px."""
    cell, half = grid.cell, grid.cell // 2
    y = _averaged(picture.y, mosaic)
    u, v = (_averaged(plane, mosaic // 2) for plane in (picture.u, picture.v))
    for top, bottom, left, right in spans(cells):
        area = np.s_[top * cell : bottom * cell, left * cell : right * cell]
        picture.y[area] = y[area]
        area = np.s_[
            max(top * half - 1, 0) : bottom * half + 1,
            max(left * half - 1, 0) : right * half + 1,
        ]
        picture.u[area] = u[area]
        picture.v[area] = v[area]


def mosaic_cell(picture: Picture, largest: float) -> int:
    """Return the side of a mosaic's cells, px.

    At least a twelfth of the picture's shorter side, and a third of the longest side of the
    largest thing covered (`largest`, px). It grows in steps of two only: squares that change
    their size from picture to picture would let the finer structure be added up.
    """
    shorter = min(picture.width, picture.height)
    side = max(-(-shorter // _MOSAIC_ACROSS), 2)
    while side * _MOSAIC_PER_THING < min(largest, shorter):
        side *= 2
    return min(side, max(shorter, 2))


def spans(cells: Cells) -> Iterator[Span]:
    """Yield rectangles that hold each set cell exactly once, and no other."""
    width = cells.shape[1] + 1
    # A clear column between two rows, so that runs of cells begin and end within their row.
    flat = np.zeros(cells.shape[0] * width + 1, np.bool_)
    flat[1:].reshape(-1, width)[:, :-1] = cells
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    rows, lefts = (each.tolist() for each in np.divmod(edges[::2], width))
    rights = (edges[1::2] % width).tolist()
    growing: dict[tuple[int, int], tuple[int, int]] = {}  # (left, right): (top, bottom)
    for row, left, right in zip(rows, lefts, rights, strict=True):
        top, bottom = growing.get((left, right), (row, row))
        if bottom != row:
            yield Span(top, bottom, left, right)
            top = row
        growing[left, right] = (top, row + 1)
    for (left, right), (top, bottom) in growing.items():
        yield Span(top, bottom, left, right)


def _averaged(plane: Plane, side: int) -> Plane:
    height, width = plane.shape
    size = (max(width // side, 1), max(height // side, 1))
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    blown = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(blown, np.uint8)
