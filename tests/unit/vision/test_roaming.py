"""Cameras that turn or are carried: nothing is fixed, and still nobody is bare unnoticed."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from handfast.vision.boxes import Box, Detection, Kind
from handfast.vision.caution import Reason, State
from handfast.vision.due import Keep
from handfast.vision.picture import Picture
from handfast.vision.redactor import Redacted, Redactor
from handfast.vision.settings import Settings
from tests.examples import scaled
from tests.unit.vision.drawn import (
    ScriptedDetector,
    copy,
    draw,
    original_inside,
    person,
    street,
)
from tests.unit.vision.turned import window, world

FRAME_US = 100_000
ROAMS = Settings(kinds=frozenset({Kind.PERSON}), motion=False)
STANDS = Box(900, 200, 940, 300)
"""Somebody in the world, luma of the world."""


class Scene:
    """A camera of 320 x 240 px before the world, with somebody in it; finds who is shown."""

    kinds = frozenset({Kind.PERSON})

    def __init__(self) -> None:
        """Begin before the first picture."""
        self.left = self.top = 0

    @property
    def box(self) -> Box:
        """Where somebody stands, px of the picture."""
        left, top, right, bottom = STANDS
        return Box(left - self.left, top - self.top, right - self.left, bottom - self.top)

    def show(self, left: int, top: int = 100) -> Picture:
        """Turn the camera; return what it sees."""
        self.left, self.top = left, top
        picture = street()
        picture.y[:] = window(world(), left, top, 320, 240)
        return draw(picture, self.box)

    def detect(self, picture: Picture) -> Sequence[Detection]:
        """Return who shows by more than a sliver."""
        assert picture.width == 320
        box = self.box
        if box.shared(Box(0, 0, 320, 240)) < box.area / 4:
            return []
        return [Detection(kind=Kind.PERSON, confidence=0.9, box=box)]


def turn(lefts: Sequence[int]) -> tuple[list[Redacted], list[float]]:
    """Turn over these places; return what was done, and how much of somebody was bare."""
    scene = Scene()
    redactor = Redactor(ROAMS, [scene])
    done, bare = [], []
    for number, left in enumerate(lefts):
        picture = scene.show(left)
        before = copy(picture)
        done.append(redactor.redact(picture, number * FRAME_US))
        bare.append(original_inside(picture, before, scene.box) / (scene.box.area * 1.5))
    return done, bare


@examples(max_examples=scaled(25))
@given(st.integers(-20, 20))
def test_who_stands_stays_covered_while_the_camera_turns(speed: int) -> None:
    """In the pictures between two looks as well, and under the same number."""
    lefts = [760] * 11 + [760 + speed * number for number in range(1, 9)]
    done, bare = turn(lefts)
    assert max(bare) < 0.1
    assert {each.track for one in done for each in one.tracks} == {1}


def test_who_comes_into_the_picture_is_looked_for_at_once() -> None:
    """Not only in the picture that a look is due in."""
    done, bare = turn([500 + 20 * min(number, 12) for number in range(30)])
    assert max(bare) < 0.3
    assert sum(each.detected for each in done[1:13]) >= 8
    assert sum(each.detected for each in done[15:]) <= 4


def test_a_turn_that_is_too_fast_covers_everything_until_it_rests() -> None:
    """Blur hides people from the detector; not from everybody."""
    lefts = [*[700] * 10, *[700 + 40 * number for number in range(1, 8)], *[980] * 20]
    done, _ = turn(lefts)
    assert {each.state for each in done[:10]} == {State.NORMAL}
    turning = done[11:17]
    assert {(each.state, each.reason) for each in turning} == {
        (State.WHOLE, Reason.LARGE_MOTION)
    }
    assert sum(each.detected for each in turning) <= 2
    assert done[20].state is State.WHOLE
    assert done[-1].state is State.NORMAL


def test_a_cut_is_looked_at_in_its_first_picture() -> None:
    """More is covered for a while, and nobody keeps the number of somebody else."""
    scene = Scene()
    redactor = Redactor(ROAMS, [scene])
    for number in range(7):
        redactor.redact(scene.show(800), number * FRAME_US)
    picture = scene.show(880, 120)
    picture.y[:] = 255 - picture.y
    before = copy(picture)
    done = redactor.redact(picture, 7 * FRAME_US, keep=Keep(tracks=frozenset({1})))
    assert (done.detected, done.state, done.reason) == (True, State.MORE, Reason.LARGE_MOTION)
    assert done.clear == frozenset()
    assert original_inside(picture, before, scene.box) == 0


def test_pictures_that_go_on_changing_beyond_recognition_are_covered_whole() -> None:
    """As before a lorry, in a fast zoom, or under flashing lights."""
    redactor = Redactor(ROAMS, [Scene()])
    for number in range(4):
        picture = street()
        picture.y[:] = window(world(), 320 * number, 100 * number, 320, 240)
        done = redactor.redact(picture, number * FRAME_US)
    assert (done.state, done.reason) == (State.WHOLE, Reason.LARGE_MOTION)


def shown(noise: float, luma: float, number: int) -> Picture:
    """Return the world in less light: `luma` is the mean, in steps above black."""
    picture = street()
    view = window(world(), 300, 100, 320, 240).astype(np.float32)
    dimmed = 16 + view * (luma / float(view.mean()))
    grainy = np.random.default_rng(number).normal(0, noise, view.shape)
    picture.y[:] = np.clip(dimmed + grainy, 0, 255).astype(np.uint8)
    return picture


@pytest.mark.parametrize(
    ("noise", "luma", "state", "reason"),
    [
        (0, 110, State.NORMAL, None),
        (40, 110, State.WHOLE, Reason.NIGHT_NOISE),
        (0, 12, State.MORE, Reason.TOO_DARK),
        (0, 4, State.WHOLE, Reason.TOO_DARK),
    ],
)
def test_night_is_noticed_without_a_background(
    noise: float, luma: float, state: State, reason: Reason | None
) -> None:
    """From the first picture on, and said by the same words as of fixed cameras."""
    redactor = Redactor(ROAMS, [ScriptedDetector()])
    for number in range(9):
        done = redactor.redact(shown(noise, luma, number), number * FRAME_US)
        assert (done.state, done.reason) == (state, reason)


def test_noise_that_is_over_uncovers_after_a_while_only() -> None:
    """A level that goes up and down at the bound does not make the picture flicker."""
    redactor = Redactor(ROAMS, [ScriptedDetector()])
    states = [
        redactor.redact(
            shown(40.0 if number < 20 else 0.0, 110, number), number * FRAME_US
        ).state
        for number in range(80)
    ]
    changes = sum(one is not other for one, other in pairwise(states))
    assert states[19] is states[27] is State.WHOLE
    assert states[-1] is State.NORMAL
    assert changes <= 2


@pytest.mark.parametrize("motion", [True, False])
def test_whom_the_detector_is_unsure_of_is_covered_without_a_background(motion: bool) -> None:
    """Before a fixed camera, whoever moves is covered for that."""
    unsure = person(200, 100, confidence=0.3)
    redactor = Redactor(replace(ROAMS, motion=motion), [ScriptedDetector([[unsure]])])
    for number in range(20):
        picture = shown(0, 110, 0)
        before = copy(picture)
        done = redactor.redact(picture, number * FRAME_US)
    assert done.state is State.NORMAL
    assert (original_inside(picture, before, unsure.box) == 0) is not motion


def test_more_is_covered_at_dusk() -> None:
    """Also what is barely detected."""
    weak = person(200, 100, confidence=0.2)
    redactor = Redactor(ROAMS, [ScriptedDetector([[weak]])])
    day, dusk = shown(0, 110, 0), shown(0, 12, 0)
    before = copy(day)
    redactor.redact(day, 0)
    assert original_inside(day, before, weak.box) > 0
    before = copy(dusk)
    redactor.redact(dusk, FRAME_US)
    assert original_inside(dusk, before, weak.box) == 0


def test_a_damaged_picture_tells_nothing_of_the_camera() -> None:
    """What the decoder made up is no cut."""
    scene = Scene()
    redactor = Redactor(ROAMS, [scene])
    for number in range(5):
        redactor.redact(scene.show(800), number * FRAME_US)
    torn = scene.show(0, 400)
    assert redactor.redact(torn, 5 * FRAME_US, damaged=True).reason is Reason.DAMAGED
    done = redactor.redact(scene.show(800), 6 * FRAME_US)
    assert (done.state, [each.track for each in done.tracks]) == (State.NORMAL, [1])
