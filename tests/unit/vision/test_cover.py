"""Covering: nothing of the original is left in what was to be covered."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from handfast.vision.boxes import Box
from handfast.vision.cover import (
    CHROMA,
    LUMA,
    cover_cells,
    cover_whole,
    cover_with_mosaic,
    mosaic_cell,
    spans,
)
from handfast.vision.grid import Cells, grid_for
from handfast.vision.picture import Picture
from tests.unit.vision.drawn import copy, draw, original_inside, street

SIZES = st.tuples(st.integers(1, 200), st.integers(1, 200))
EDGE = st.floats(-300, 500, allow_nan=False) | st.sampled_from(
    [float("nan"), float("inf"), float("-inf"), 1e300]
)


@given(st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(lambda s: arrays(np.bool_, s)))
def test_spans_hold_each_set_cell_exactly_once(cells: Cells) -> None:
    """And no other cell."""
    counted = np.zeros(cells.shape, np.int64)
    for top, bottom, left, right in spans(cells):
        assert top < bottom
        assert left < right
        counted[top:bottom, left:right] += 1
    assert np.array_equal(counted, cells.astype(np.int64))


@given(SIZES, st.tuples(EDGE, EDGE, EDGE, EDGE))
def test_no_pixel_of_a_box_keeps_its_original(
    size: tuple[int, int], edges: tuple[float, float, float, float]
) -> None:
    """Whatever the picture's size, and however strange the box."""
    width, height = size
    picture = street(width, height)
    before = copy(picture)
    grid = grid_for(width, height)
    cells = grid.empty()
    top, bottom, left, right = grid.around(Box(*edges))
    cells[top:bottom, left:right] = True
    cover_cells(picture, grid, cells)
    if not np.isfinite(edges).all():
        assert (picture.y == LUMA).all()
        return
    across, down = sorted((edges[0], edges[2])), sorted((edges[1], edges[3]))
    box = Box(across[0], down[0], min(across[1], width), min(down[1], height))
    assert original_inside(picture, before, box) == 0


def test_a_box_without_size_covers_the_place_it_lies_in() -> None:
    """A detector's box of no width is no reason to cover nothing."""
    grid = grid_for(320, 240)
    top, bottom, left, right = grid.around(Box(50, 60, 50, 60))
    assert (bottom - top, right - left) == (1, 1)
    assert top * grid.cell <= 60 < bottom * grid.cell
    assert left * grid.cell <= 50 < right * grid.cell


def test_a_box_beside_the_picture_covers_nothing() -> None:
    """Somebody who has left is not covered at the edge."""
    grid = grid_for(320, 240)
    for box in (Box(-40, 10, -20, 30), Box(330, 10, 350, 30), Box(5, 250, 9, 270)):
        top, bottom, left, right = grid.around(box)
        assert (bottom - top) * (right - left) == 0


def test_chroma_is_covered_at_least_as_far_as_luma() -> None:
    """No coloured outline tells what is under the grey."""
    picture = draw(street(), Box(100, 80, 140, 160))
    grid = grid_for(320, 240)
    cells = grid.empty()
    top, bottom, left, right = grid.around(Box(100, 80, 140, 160))
    cells[top:bottom, left:right] = True
    cover_cells(picture, grid, cells)
    dark = picture.y == LUMA
    for plane in (picture.u, picture.v):
        grey = np.repeat(np.repeat(plane == CHROMA, 2, axis=0), 2, axis=1)
        assert not (dark & ~grey).any()
    assert not (picture.u == 40).any()


def test_a_whole_picture_is_one_colour() -> None:
    """Nothing at all is left."""
    picture = street(33, 17)
    cover_whole(picture)
    assert set(np.unique(picture.y)) == {LUMA}
    assert set(np.unique(picture.u)) == set(np.unique(picture.v)) == {CHROMA}


@pytest.mark.parametrize("size", [(320, 240), (240, 320), (1920, 1080), (3840, 2160), (64, 48)])
@pytest.mark.parametrize("largest", [0.0, 30.0, 150.0, 5000.0])
def test_a_mosaic_is_never_finer_than_three_squares_a_thing(
    size: tuple[int, int], largest: float
) -> None:
    """Nor than twelve squares along the picture's shorter side."""
    picture = Picture(
        y=np.zeros((size[1], size[0]), np.uint8),
        u=np.zeros(((size[1] + 1) // 2, (size[0] + 1) // 2), np.uint8),
        v=np.zeros(((size[1] + 1) // 2, (size[0] + 1) // 2), np.uint8),
    )
    side = mosaic_cell(picture, largest)
    assert side * 12 >= min(size)
    assert side * 3 >= min(largest, *size)


def test_a_mosaic_keeps_averages_only() -> None:
    """A pattern of single pixels has vanished inside, and stands outside."""
    picture = street()
    picture.y[:] = (np.indices(picture.y.shape).sum(axis=0) % 2) * 200
    grid = grid_for(320, 240)
    cells = grid.empty()
    cells[10:30, 10:40] = True
    cover_with_mosaic(picture, grid, cells, mosaic=40)
    inside = picture.y[10 * grid.cell : 30 * grid.cell, 10 * grid.cell : 40 * grid.cell]
    assert set(np.unique(inside)) <= set(range(95, 106))
    assert picture.y[0, 1] == 200
