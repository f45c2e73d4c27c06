"""A window that moves over the marked film: what it shows, who shows in it, what is counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.cli.bench_redact_marks import Half, Keyframe, Marks, Person, Seen
from handfast.cli.bench_redact_turning import (
    SCENES,
    WINDOW,
    Scene,
    Shown,
    Turning,
    judge_turning,
)
from handfast.cli.bench_redact_ways import Covered
from handfast.vision.boxes import Box
from handfast.vision.picture import Picture

WIDTH, HEIGHT = 768, 576
MARKS = Marks(
    film="drawn.avi",
    sha256="0" * 64,
    width=WIDTH,
    height=HEIGHT,
    fps=10,
    halves=(Half(name="reporting", since=0, until=200),),
    columns=(),
    persons=(
        Person(
            id="a",
            keyframes=(
                Keyframe(0, 600, 100, 640, 200, 0),
                Keyframe(199, 600, 100, 640, 200, 0),
            ),
        ),
    ),
)


def film() -> Picture:
    """Return a picture that is black but for the person, who is white."""
    y = np.zeros((HEIGHT, WIDTH), np.uint8)
    y[100:200, 600:640] = 255
    chroma = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
    return Picture(y=y, u=chroma, v=chroma.copy())


@given(st.sampled_from(sorted(SCENES)), st.integers(0, 199))
def test_whoever_counts_is_where_the_window_shows_them(name: str, frame: int) -> None:
    """Also mirrored, also beyond the film's side; while it rests without any blur."""
    turning = Turning(scene=SCENES[name], fps=10)
    shown = turning(film(), frame)
    assert (shown.width, shown.height) == WINDOW
    assert shown.u.shape == (WINDOW[1] // 2, WINDOW[0] // 2)
    rests = turning.left(frame) == turning.left(frame - 1)
    for each in turning.seen(MARKS, frame):
        left, right = max(int(each.box.left), 0), min(int(each.box.right), WINDOW[0])
        body = shown.y[100:200, left:right]
        assert body.mean() > 120
        assert not rests or body.min() == 255


def test_it_turns_for_a_second_and_rests_for_one() -> None:
    """At the speed that was asked for; a cut is there at once."""
    turning = Turning(scene=Scene(speed=0.5), fps=10)
    assert [turning.left(frame) for frame in (0, 5, 10, 19, 25)] == [0, 128, 256, 256, 384]
    cut = Turning(scene=Scene(speed=0.5, jumps=True), fps=10)
    assert [cut.left(frame) for frame in (0, 19, 20, 39)] == [256, 256, 512, 512]


def test_turning_blurs_and_a_cut_does_not() -> None:
    """By an exposure of a fiftieth of a second."""
    turning = Turning(scene=Scene(speed=2.0), fps=10)
    edge = turning(film(), 8).y[150]
    assert np.count_nonzero((edge > 0) & (edge < 255)) > 20
    cut = Turning(scene=Scene(speed=0.25, jumps=True), fps=10)(film(), 0).y
    assert set(np.unique(cut).tolist()) == {0, 255}


def test_who_shows_by_less_than_a_half_does_not_count() -> None:
    """A sliver at the edge gives nobody away."""
    counts = [
        (turning.left(0), len(turning.seen(MARKS, 0)))
        for speed in (0.0, 0.2, 0.25)
        for turning in [Turning(scene=Scene(speed=speed, jumps=True), fps=10)]
    ]
    assert counts == [(0, 0), (102, 0), (128, 1)]


def shown(*, covered: bool, hit: bool | None) -> Shown:
    """Return a frame in which one person shows, all covered or nothing."""
    box = Box(0, 0, 40, 100)
    return Shown(
        frame=0,
        seen=[Seen("a 0", box, 0.0)],
        covered=Covered(cells=np.full((144, 128), covered), careful=covered),
        looked=covered,
        hits=None if hit is None else [hit],
    )


def test_what_is_bare_is_counted_shortly_and_for_long() -> None:
    """Two frames of a tenth of a second are short, three are not."""
    bare, hidden = shown(covered=False, hit=None), shown(covered=True, hit=True)
    missed = shown(covered=False, hit=False)
    judged = judge_turning([bare, bare, hidden, bare, missed, bare, hidden, hidden], fps=10)
    assert judged.bare == pytest.approx(5 / 8)
    assert judged.bare_over_200_ms == pytest.approx(3 / 8)
    assert judged.found == pytest.approx(3 / 4)
    assert judged.covered == judged.careful == judged.whole == judged.looks == 3 / 8
    assert judged.sightings == 8
