"""Pictures reach a model unsquashed, and boxes come back to where they were."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handfast.vision.letterbox import Canvas, fit
from handfast.vision.picture import Picture
from handfast.vision.registry import PictureInput

SIDES = st.integers(1, 4320)
LONGEST = st.sampled_from([128, 416, 960])
READS = PictureInput(
    colours="bgr", mean=(104.0, 116.0, 123.0), deviation=(57.0, 58.0, 59.0), longest=416
)
FIXED = PictureInput(
    colours="rgb", mean=(0, 0, 0), deviation=(1, 1, 1), longest=416, fixed=(320, 416)
)


def plain(width: int, height: int, colour: tuple[int, int, int]) -> Picture:
    """Return a picture of one colour: Y, U, V."""
    half = ((height + 1) // 2, (width + 1) // 2)
    return Picture(
        y=np.full((height, width), colour[0], np.uint8),
        u=np.full(half, colour[1], np.uint8),
        v=np.full(half, colour[2], np.uint8),
    )


@given(width=SIDES, height=SIDES, longest=LONGEST, reads=st.sampled_from([READS, FIXED]))
@example(width=1, height=4320, longest=416, reads=READS)
@example(width=4320, height=1, longest=416, reads=FIXED)
def test_boxes_come_back_to_where_they_were(
    width: int, height: int, longest: int, reads: PictureInput
) -> None:
    """The whole content is the whole picture; its middle is the picture's middle."""
    box = fit((width, height), reads, longest=longest)
    across, down = box.content
    corners = [[0, 0, across, down], [across / 4, down / 4, across / 2, down / 2]]
    back = box.to_picture(np.array(corners, np.float32))
    np.testing.assert_allclose(back[0], [0, 0, width, height], rtol=1e-5)
    np.testing.assert_allclose(
        back[1], [width / 4, height / 4, width / 2, height / 2], rtol=1e-5
    )


@given(width=SIDES, height=SIDES, longest=LONGEST, reads=st.sampled_from([READS, FIXED]))
def test_pictures_are_never_squashed(
    width: int, height: int, longest: int, reads: PictureInput
) -> None:
    """Both sides shrink alike, to within the two pixels that colours are stored in."""
    box = fit((width, height), reads, longest=longest)
    scale = min(box.content[0] / width, box.content[1] / height)
    assert abs(box.content[0] - width * scale) <= 2 + width / height * 2
    assert abs(box.content[1] - height * scale) <= 2 + height / width * 2
    assert all(2 <= part <= whole for part, whole in zip(box.content, box.canvas, strict=True))
    assert all(side % reads.multiple == 0 for side in box.canvas)


@given(
    boxes=st.lists(st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 4), max_size=5),
    width=SIDES,
    height=SIDES,
)
def test_boxes_end_where_the_picture_ends(
    boxes: list[tuple[float, float, float, float]], width: int, height: int
) -> None:
    """What reaches beyond is clipped, whatever a network says."""
    box = fit((width, height), READS, longest=416)
    back = box.to_picture(np.array(boxes, np.float32).reshape(-1, 4))
    assert (back >= 0).all()
    assert (back[:, [0, 2]] <= width).all()
    assert (back[:, [1, 3]] <= height).all()


@pytest.mark.parametrize(
    ("size", "canvas"),
    [
        ((1920, 1080), (416, 256)),
        ((3840, 2160), (416, 256)),
        ((768, 576), (416, 320)),
        ((1080, 1920), (256, 416)),
        ((640, 640), (416, 416)),
    ],
)
def test_a_model_reads_no_more_than_it_must(
    size: tuple[int, int], canvas: tuple[int, int]
) -> None:
    """A wide picture costs less than a square one at the same scale."""
    assert fit(size, READS, longest=416).canvas == canvas


@pytest.mark.parametrize("size", [(1, 1), (2, 7), (641, 363), (1080, 1920), (3840, 2160)])
@pytest.mark.parametrize(
    ("colour", "bgr"),
    [
        ((16, 128, 128), (0, 0, 0)),
        ((235, 128, 128), (255, 255, 255)),
        ((81, 90, 240), (0, 0, 254)),
    ],
)
def test_colours_arrive_as_the_model_was_trained(
    size: tuple[int, int], colour: tuple[int, int, int], bgr: tuple[int, int, int]
) -> None:
    """Black, white and red of any size: each plane (value - mean) / deviation."""
    canvas = Canvas(fit(size, READS, longest=416), READS)
    read = canvas.draw(plain(*size, colour))
    across, down = canvas.box.content
    for place in range(3):
        expected = (bgr[place] - READS.mean[place]) / READS.deviation[place]
        part = read[0, place, :down, :across]
        np.testing.assert_allclose(part, expected, atol=3 / READS.deviation[place])


def test_what_lies_around_the_picture_is_always_grey() -> None:
    """Nothing of an earlier picture stays beside a later one."""
    canvas = Canvas(fit((1920, 1080), READS, longest=416), READS)
    first = canvas.draw(plain(1920, 1080, (235, 20, 20)))[0, :, 240:].copy()
    second = canvas.draw(plain(1920, 1080, (16, 240, 240)))[0, :, 240:]
    assert first.shape[1] > 0
    np.testing.assert_array_equal(first, second)
