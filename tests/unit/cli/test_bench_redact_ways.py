"""What counts as covered, the scenes made of one film, and redacting without an engine."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from handfast.cli.bench_redact_metrics import matched
from handfast.cli.bench_redact_quality import PERSONS
from handfast.cli.bench_redact_ways import (
    ByEngine,
    ByLatestBoxes,
    FindsNobody,
    cover_film,
    covered_cells,
    far_away,
    foreshortened,
    pictures,
)
from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.vision.boxes import Box
from handfast.vision.cover import CHROMA, LUMA, cover_cells
from handfast.vision.grid import grid_for
from tests.unit.vision.drawn import ScriptedDetector, person, street

TINY = EncodeSettings(width=160, height=96, bitrate_bps=400_000, bars=False)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Return a drawn film of 20 pictures."""
    path = tmp_path / "film.mp4"
    encode(drawn_pictures(TINY.width, TINY.height, 20), path, TINY)
    return path


def test_cells_that_were_covered_are_found_and_no_others() -> None:
    """The mask is read off the picture."""
    picture = street()
    grid = grid_for(picture.width, picture.height)
    cells = grid.empty()
    cells[10:30, 20:40] = True
    cover_cells(picture, grid, cells)
    assert np.array_equal(covered_cells(picture), cells)


def test_a_cell_with_one_pixel_left_is_not_covered() -> None:
    """A body of the very grey of the cover would have to be flat to pass for covered."""
    picture = street()
    picture.y[:], picture.u[:], picture.v[:] = LUMA, CHROMA, CHROMA
    picture.y[5, 5] += 1
    picture.v[20, 20] += 1
    missing = np.argwhere(~covered_cells(picture)).tolist()
    assert missing == [[1, 1], [10, 10]]


def test_far_away_halves_everything_in_the_middle() -> None:
    """Sizes stay, so that the marks of the film still fit what is cut out again."""
    picture = far_away(street(320, 240, luma=200), 0)
    assert picture.y.shape == (240, 320)
    assert picture.u.shape == (120, 160)
    assert picture.y[60:180, 80:240].min() >= 200
    assert set(np.unique(picture.y[:60]).tolist()) == {128}


def test_people_are_pressed_flat_and_stay_as_wide() -> None:
    """A body of 40 px is 10 px high; what was in a row is in a quarter of the rows."""
    picture = street(320, 240, luma=200)
    picture.y[100:140, 50:60] = 0
    flat = foreshortened(4)(picture, 0)
    assert (flat.y.shape, flat.u.shape) == ((60, 320), (30, 160))
    assert flat.y[25:35, 50:60].max() == 0
    assert flat.y[:25].min() >= 200


def test_without_an_engine_boxes_wait_for_the_next_detection() -> None:
    """Nothing is followed in between, nothing is held afterwards."""
    detector = ScriptedDetector([[person(40, 40)], []])
    way = ByLatestBoxes(PERSONS, detector)
    covered = []
    for number in range(PERSONS.every + 1):
        picture = street()
        assert not way.cover(picture, number * 100_000)
        covered.append(bool(covered_cells(picture).any()))
    assert covered == [True] * PERSONS.every + [False]


def test_a_film_is_covered_up_to_a_frame(film: Path) -> None:
    """Whole cells for each frame; the far scene gives those of its middle only."""
    covered = cover_film(film, 7, ByEngine(PERSONS, [ScriptedDetector([[person(8, 8)]])]))
    assert [each.cells.shape for each in covered] == [(24, 40)] * 7
    assert all(each.cells[4:10, 4:6].all() for each in covered)
    far = cover_film(film, 2, ByEngine(PERSONS, [FindsNobody()]), far_away)
    assert far[0].cells.shape == (12, 20)


def test_pictures_end_with_the_film(film: Path) -> None:
    """Asking for more than there is gives what there is."""
    assert len(list(pictures(film, 100))) == 20


@pytest.mark.parametrize(
    ("detected", "hits"),
    [
        ([], set[int]()),
        ([Box(0, 0, 10, 20)], {0}),
        ([Box(50, 0, 60, 20), Box(0, 0, 10, 20)], {0, 1}),
        ([Box(0, 15, 10, 35)], set[int]()),
    ],
)
def test_a_detection_serves_one_person(detected: Sequence[Box], hits: set[int]) -> None:
    """And only one that it overlaps well."""
    marked = [Box(0, 0, 10, 20), Box(50, 0, 60, 20)]
    assert matched(marked, detected) == hits
    assert len(matched([marked[0], marked[0]], [marked[0]])) == 1
