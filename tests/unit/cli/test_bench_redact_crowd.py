"""The crowd: marks of single pictures, and what counts in them."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from handfast.cli.bench_redact_crowd import cover_stills, judge_stills
from handfast.cli.bench_redact_groups import Counted, crowding, pace
from handfast.cli.bench_redact_marks import Half, Keyframe, Marks, Person, Seen
from handfast.cli.bench_redact_quality import PERSONS
from handfast.cli.bench_redact_stills import Corners, Figure, Still, Stills, load_stills
from handfast.cli.bench_redact_ways import ByEngine, Covered
from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.vision.boxes import Box
from tests.unit.vision.drawn import ScriptedDetector, person

TINY = EncodeSettings(width=160, height=96, bitrate_bps=400_000, bars=False)
STILLS = Stills(
    film="drawn.mp4",
    sha256="0" * 64,
    width=160,
    height=96,
    columns=(),
    stills=(
        Still(
            frame=6,
            persons=(
                Figure(0, 0, 16, 40, 0),
                Figure(8, 0, 24, 40, 60),
                Figure(80, 0, 96, 90, 0),
            ),
            unmarked=(Corners(120, 0, 160, 96),),
        ),
    ),
)


def test_the_marks_lie_in_the_film_and_in_order() -> None:
    """Eighty-seven people in fifteen pictures, each at least 40 px high."""
    marks = load_stills()
    assert all(first.frame < second.frame for first, second in pairwise(marks.stills))
    figures = [each for still in marks.stills for each in still.persons]
    assert (len(marks.stills), len(figures)) == (15, 87)
    for left, top, right, bottom, hidden in figures:
        assert 0 <= left < right <= marks.width
        assert 0 <= top < bottom <= marks.height
        assert bottom - top >= 40
        assert 0 <= hidden < 100


def test_who_is_covered_counts_and_what_is_unmarked_does_not() -> None:
    """One is covered, one half, one not; cells over the unmarked throng are not needless."""
    cells = np.zeros((24, 40), np.bool_)
    cells[:10, :4] = True  # the first person, and half of the second
    cells[:, 30:] = True  # the throng
    cells[20:24, 10:15] = True  # nobody
    outcome = judge_stills({6: Covered(cells=cells, careful=True)}, STILLS)
    assert outcome.covered == pytest.approx(0.5)
    assert outcome.bare == pytest.approx(1 / 3)
    assert outcome.needless == pytest.approx(16 * 20 / (160 * 96))
    assert (outcome.careful, outcome.whole) == (1, 0)
    assert outcome.groups == {
        "by_themselves": Counted(share=0, sightings=1),
        "half_hidden_or_more": Counted(share=0.5, sightings=1),
        "touching_another": Counted(share=1, sightings=1),
    }
    assert set(outcome.heights) == {"120-"}  # 40 px of 96 rows are 240 of 576


def test_a_marked_picture_that_is_missing_is_an_error() -> None:
    """A number from fewer pictures would flatter."""
    with pytest.raises(KeyError):
        judge_stills({}, STILLS)


def test_only_marked_pictures_are_kept_of_a_film_that_is_covered_in_steps(
    tmp_path: Path,
) -> None:
    """Every third picture, as live; the marked one is among them."""
    film = tmp_path / "film.mp4"
    encode(drawn_pictures(TINY.width, TINY.height, 12), film, TINY)
    detector = ScriptedDetector([[person(8, 8)]])
    covered = cover_stills(film, STILLS, ByEngine(PERSONS, [detector]), 3)
    assert list(covered) == [6]
    assert covered[6].cells[4:10, 4:6].all()


def test_a_picture_is_full_from_seven_people_on() -> None:
    """Whoever shows in it counts there as well."""
    seen = [Seen(str(n), Box(20.0 * n, 0, 20.0 * n + 10, 40), 0) for n in range(7)]
    assert crowding(seen[0], seen, 0) == ("by_themselves", "in_full_pictures")
    assert crowding(seen[0], seen[:6], 0) == ("by_themselves",)


def test_who_has_not_moved_for_a_second_stands() -> None:
    """And nobody knows of those who have not been there for so long."""
    walks = (Keyframe(0, 0, 0, 8, 40, 0), Keyframe(20, 80, 0, 88, 40, 0))
    stands = (Keyframe(0, 40, 0, 48, 40, 0), Keyframe(20, 42, 0, 50, 40, 0))
    marks = Marks(
        film="drawn.avi",
        sha256="0" * 64,
        width=100,
        height=48,
        fps=10,
        halves=(Half(name="tuning", since=0, until=21),),
        columns=(),
        persons=(Person(id="w", keyframes=walks), Person(id="s", keyframes=stands)),
    )
    group = pace(marks)
    late, early = marks.seen(15), marks.seen(5)
    assert [group(each, late, 15) for each in late] == [("moves",), ("stands",)]
    assert [group(each, early, 5) for each in early] == [(), ()]
