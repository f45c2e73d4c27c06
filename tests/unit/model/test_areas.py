"""What may be drawn into a picture, and what is refused because it would cover nothing."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.kit.errors import InvalidError
from handfast.model.areas import (
    MOST_AREAS,
    MOST_CORNERS,
    SCALE,
    Corner,
    DrawnArea,
    areas_of,
)

SQUARE: list[Corner] = [(0, 0), (100, 0), (100, 100), (0, 100)]
values = st.integers(-5, SCALE + 5)
outlines = st.lists(st.tuples(values, values), max_size=MOST_CORNERS + 2)
small = st.integers(0, 6)


def twice_area(corners: tuple[Corner, ...]) -> int:
    """Reckon twice the area of an outline."""
    closed = [*corners, corners[0]]
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(closed)))


@pytest.mark.parametrize(
    "corners",
    [
        SQUARE,
        SQUARE[::-1],
        SQUARE[:3],
        [(0, 0), (SCALE, 0), (SCALE, SCALE), (0, SCALE)],
        [(0, 0), (50, 0), (100, 0), (100, 100)],  # a corner on a straight edge
        [(0, 0), (100, 0), (100, 100), (50, 50), (0, 100)],  # hollow
    ],
)
def test_simple_outlines_are_taken(corners: list[Corner]) -> None:
    """Either way round, hollow, up to the picture's edge."""
    assert DrawnArea(corners=tuple(corners)).corners == tuple(corners)


@pytest.mark.parametrize(
    ("corners", "why"),
    [
        ([], "corners"),
        (SQUARE[:2], "corners"),
        ([(each, each * each % 97) for each in range(MOST_CORNERS + 1)], "corners"),
        ([(0, 0), (SCALE + 1, 0), (0, 5)], "outside"),
        ([(0, -1), (5, 0), (0, 5)], "outside"),
        ([(0, 0), (0, 0), (0, 0)], "no area"),
        ([(0, 0), (5, 5), (9, 9)], "no area"),
        ([(0, 0), (9, 0), (0, 0), (0, 9)], "cross"),
        ([(0, 0), (9, 9), (9, 0), (0, 9)], "cross"),  # a bow tie
        ([(0, 0), (9, 0), (9, 9), (5, 0), (0, 9)], "touch"),  # a corner on another edge
        ([(0, 0), (9, 0), (4, 0), (4, 9)], "cross"),  # an edge that goes back
    ],
)
def test_what_would_not_cover_what_is_seen_is_refused(corners: list[Corner], why: str) -> None:
    """Each with its reason."""
    with pytest.raises(InvalidError, match=why):
        DrawnArea(corners=tuple(corners))


@given(outlines)
def test_whatever_is_taken_lies_in_the_picture_and_has_an_area(corners: list[Corner]) -> None:
    """Anything else is refused, and nothing breaks."""
    try:
        area = DrawnArea(corners=tuple(corners))
    except InvalidError:
        return
    assert 3 <= len(area.corners) <= MOST_CORNERS
    assert all(0 <= value <= SCALE for corner in area.corners for value in corner)
    assert twice_area(area.corners) > 0


@given(st.lists(st.tuples(small, small), min_size=3, max_size=7), st.integers(0, 6))
def test_where_an_outline_begins_and_which_way_it_goes_change_nothing(
    corners: list[Corner], by: int
) -> None:
    """Taken or refused, it is the same outline."""

    def _is_taken(outline: list[Corner]) -> bool:
        try:
            DrawnArea(corners=tuple(outline))
        except InvalidError:
            return False
        return True

    by %= len(corners)
    turned = corners[by:] + corners[:by]
    assert _is_taken(corners) == _is_taken(turned) == _is_taken(turned[::-1])


def test_no_more_areas_than_can_be_kept_in_view() -> None:
    """Masks and zones count together."""
    assert len(areas_of([SQUARE] * MOST_AREAS, []).masks) == MOST_AREAS
    with pytest.raises(InvalidError, match="areas"):
        areas_of([SQUARE] * MOST_AREAS, [SQUARE])
