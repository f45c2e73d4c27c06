"""The numbers of `handfast bench redact --quality`, held against drawn masks."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.cli.bench_redact_marks import Half, Keyframe, Marks, Person
from handfast.cli.bench_redact_metrics import (
    Mask,
    covered_share,
    frames_in_long_stretches,
    is_bare,
    measure_quality,
    needless_share,
    size_class,
)
from handfast.kit.errors import InvalidError
from handfast.vision.boxes import Box

HALF = Half(name="reporting", since=0, until=10)
MARKS = Marks(
    film="drawn.avi",
    sha256="0" * 64,
    width=100,
    height=80,
    fps=10,
    halves=(HALF,),
    columns=(),
    persons=(
        Person(
            id="r01", keyframes=(Keyframe(0, 0, 0, 10, 40, 0), Keyframe(9, 0, 0, 10, 40, 0))
        ),
        Person(
            id="r02", keyframes=(Keyframe(5, 50, 10, 70, 70, 0), Keyframe(9, 50, 10, 70, 70, 0))
        ),
    ),
)
"""One small person in all ten frames, a larger one in the last five."""


def drawn(*boxes: tuple[float, float, float, float]) -> Mask:
    """Return a mask with these boxes covered."""
    mask = np.zeros((80, 100), dtype=np.bool_)
    for left, top, right, bottom in boxes:
        mask[int(top) : int(bottom), int(left) : int(right)] = True
    return mask


def perfect() -> Iterator[Mask]:
    """Return masks that cover everybody and nothing else."""
    for frame in HALF.frames:
        yield drawn(*[each.box for each in MARKS.seen(frame)])


def test_perfect_masks_have_perfect_numbers() -> None:
    """All of everybody, nothing else."""
    quality = measure_quality(perfect(), MARKS, HALF)
    assert quality.body_coverage == 1
    assert quality.needless_area == 0
    assert quality.uncovered_over_200_ms == 0
    assert (quality.frames, quality.person_frames) == (10, 15)


def test_no_mask_at_all_hides_nobody() -> None:
    """Every person-second is uncovered."""
    quality = measure_quality([drawn() for _ in HALF.frames], MARKS, HALF)
    assert (quality.body_coverage, quality.needless_area) == (0, 0)
    assert quality.uncovered_over_200_ms == 1


def test_a_mask_over_all_hides_everybody_and_costs_the_picture() -> None:
    """What is needless is what lies outside the grown boxes."""
    everything = drawn((0, 0, 100, 80))
    quality = measure_quality([everything] * 10, MARKS, HALF)
    small, large = 11 * 44, 24 * 72  # grown by a tenth on each side, cut at the edge
    assert quality.body_coverage == 1
    assert quality.needless_area == pytest.approx(1 - (small * 10 + large * 5) / (8000 * 10))


def test_each_person_in_each_frame_weighs_the_same() -> None:
    """The large person counts no more than the small one, who is there twice as long."""
    only_large = drawn((50, 10, 70, 70))
    quality = measure_quality([only_large] * 10, MARKS, HALF)
    assert quality.body_coverage == pytest.approx(5 / 15)
    assert quality.body_coverage_by_height == {"000-047": 0, "048-079": 1}
    assert quality.uncovered_over_200_ms == pytest.approx(10 / 15)


@pytest.mark.parametrize(("bare", "counted"), [(1, 0), (2, 0), (3, 3), (10, 10)])
def test_only_stretches_over_200_ms_count_and_then_wholly(bare: int, counted: int) -> None:
    """At ten frames a second two bare frames are a blink and three are not."""
    masks = [
        drawn((50, 10, 70, 70)) if frame < bare else whole
        for frame, whole in zip(HALF.frames, perfect(), strict=True)
    ]
    quality = measure_quality(masks, MARKS, HALF)
    assert quality.uncovered_over_200_ms == pytest.approx(counted / 15)


@pytest.mark.parametrize("count", [0, 9, 11])
def test_a_missing_or_spare_mask_is_refused(count: int) -> None:
    """A number from fewer frames would flatter."""
    with pytest.raises(InvalidError, match="the reporting half has 10 frames"):
        measure_quality([drawn()] * count, MARKS, HALF)


def test_a_mask_of_another_size_is_refused() -> None:
    """The message names the frame and the size that is needed."""
    with pytest.raises(InvalidError, match=r"frame 0 has shape \(40, 50\).*80 x 100"):
        measure_quality([np.zeros((40, 50), dtype=np.bool_)] * 10, MARKS, HALF)


def test_the_corners_of_a_box_count() -> None:
    """Half a box covered is half, wherever the body is inside it."""
    assert covered_share(drawn((10, 10, 20, 30)), Box(10, 10, 30, 30)) == 0.5


def test_pixels_that_a_box_touches_count_whole() -> None:
    """An edge between two keyframes falls inside a pixel, which then has to be covered."""
    assert covered_share(drawn((10, 10, 20, 20)), Box(10.4, 10, 20.5, 20)) == 10 / 11


def test_what_lies_outside_of_the_picture_need_not_be_covered() -> None:
    """A box over the edge is judged by the part that shows."""
    assert covered_share(drawn((0, 0, 10, 10)), Box(-20, -5, 10, 10)) == 1
    assert covered_share(drawn(), Box(200, 10, 210, 20)) == 1


@pytest.mark.parametrize(
    ("top", "bottom", "bare"),
    [(0, 40, False), (0, 20, False), (0, 19, True), (5, 40, False), (6, 40, True)],
)
def test_a_body_without_its_head_is_bare(top: int, bottom: int, *, bare: bool) -> None:
    """Half of the box must be covered, and half of its upper quarter."""
    assert is_bare(drawn((0, top, 10, bottom)), Box(0, 0, 10, 40)) is bare


def test_a_tenth_around_a_box_is_not_needless() -> None:
    """The product may cover a little more than the body."""
    box = Box(20, 20, 40, 60)
    assert needless_share(drawn((18, 16, 42, 64)), [box]) == 0
    assert needless_share(drawn((17, 16, 42, 64)), [box]) == 48 / 8000


@pytest.mark.parametrize(
    ("height", "name"),
    [(5, "000-047"), (47.5, "000-047"), (48, "048-079"), (119, "080-119"), (190, "120-")],
)
def test_size_classes_sort_by_size(height: float, name: str) -> None:
    """Their names say from which to which height."""
    assert size_class(Box(0, 0, 10, height)) == name


@given(flags=st.lists(st.booleans()), fps=st.sampled_from([5, 10, 12.5, 25, 30]))
def test_long_stretches_hold_no_more_than_all_bare_frames(
    flags: list[bool], fps: float
) -> None:
    """A blink is forgiven, nothing is counted twice, and always bare counts always."""
    counted = frames_in_long_stretches(flags, fps=fps)
    assert 0 <= counted <= sum(flags)
    if all(flags) and len(flags) / fps > 0.3:
        assert counted == len(flags)


@given(
    left=st.integers(0, 90),
    top=st.integers(0, 70),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
)
def test_covering_more_never_scores_worse(left: int, top: int, width: int, height: int) -> None:
    """A mask that grows covers as much of every box or more, and bares nobody."""
    box = Box(left, top, left + width, top + height)
    less, more = drawn((20, 20, 40, 60)), drawn((20, 20, 40, 60), (50, 0, 100, 80))
    assert covered_share(more, box) >= covered_share(less, box)
    assert is_bare(less, box) or not is_bare(more, box)
