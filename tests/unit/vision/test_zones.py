"""Places an owner draws: no part of them is left out, at any size of picture."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from handfast.vision.grid import grid_for
from handfast.vision.zones import Point, Polygon, cells_of

share = st.floats(0, 1)
corner = st.builds(Point, share, share)


@given(
    st.tuples(corner, corner, corner),
    st.lists(st.tuples(share, share), min_size=1, max_size=20),
    st.tuples(st.integers(8, 400), st.integers(8, 400)),
)
def test_every_place_in_a_mask_is_in_its_cells(
    corners: tuple[Point, Point, Point],
    places: list[tuple[float, float]],
    size: tuple[int, int],
) -> None:
    """Corners and edges included, however thin the mask is."""
    width, height = size
    grid = grid_for(width, height)
    cells = cells_of([Polygon(points=corners)], grid)
    assert cells.shape == (grid.rows, grid.columns)
    for first, second in places:
        low, high = sorted((first, second))
        weights = np.array([low, high - low, 1 - high])
        x, y = weights @ np.array(corners)
        column = min(int(x * width / grid.cell), grid.columns - 1)
        row = min(int(y * height / grid.cell), grid.rows - 1)
        assert cells[row, column]


def test_nothing_drawn_covers_nothing() -> None:
    """No mask, no cell."""
    assert not cells_of([], grid_for(320, 240)).any()


def test_a_mask_leaves_the_rest_of_the_picture_free() -> None:
    """A quarter of the picture is about a quarter of its cells."""
    quarter = Polygon(points=(Point(0, 0), Point(0.5, 0), Point(0.5, 0.5), Point(0, 0.5)))
    assert 0.25 <= cells_of([quarter], grid_for(1920, 1080)).mean() < 0.28
