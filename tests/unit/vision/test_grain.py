"""Noise beside contrast: told whatever a background model has got used to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.vision.caution import Reason, State
from handfast.vision.grain import Grain, speckle
from handfast.vision.picture import Plane
from handfast.vision.redactor import Redactor
from handfast.vision.settings import Settings
from tests.unit.vision.drawn import ScriptedDetector, street

FRAME_US = 100_000


def wall(noise: float, number: int, *, contrast: int = 60) -> Plane:
    """Return a small picture of stripes with noise."""
    rows = np.where(np.arange(144) // 12 % 2, 128 - contrast // 2, 128 + contrast // 2)
    luma = np.repeat(rows[:, None], 256, axis=1)
    luma = luma + np.random.default_rng(number).normal(0, noise, luma.shape)
    return np.asarray(np.clip(luma, 0, 255), np.uint8)


def level(noise: float, *, contrast: int = 60, moving: float = 0.0) -> float:
    """Return what is told after 40 pictures."""
    grain = Grain()
    for number in range(40):
        grain.look(wall(noise, number, contrast=contrast), moving)
    return grain.level


def test_noise_counts_beside_contrast() -> None:
    """Twice the noise, or half of the contrast, is about twice the grain."""
    assert level(0) == 0
    assert level(6) == pytest.approx(2 * level(3), rel=0.1)
    assert level(3, contrast=30) == pytest.approx(2 * level(3), rel=0.1)


def test_a_few_who_walk_are_no_noise() -> None:
    """A tenth of the picture that changes does not count."""
    grain = Grain()
    for number in range(40):
        picture = wall(0, number)
        picture[:, :25] = number * 6
        grain.look(picture, 0.1)
    assert grain.level == 0


def test_nothing_is_said_while_much_moves() -> None:
    """Another scene may follow, whose noise is another."""
    assert level(20, moving=0.5) == 0
    grain = Grain()
    for number in range(40):
        grain.look(wall(20, number), 0.5 if number == 30 else 0.0)
        if number == 30:
            assert grain.level == 0
    assert grain.level > 0.1


def test_pictures_sent_twice_hide_no_noise() -> None:
    """As of a camera that sends more pictures than it takes."""
    grain = Grain()
    for number in range(80):
        grain.look(wall(6, number // 2), 0.0)
    assert grain.level == pytest.approx(level(6), rel=0.1)


def test_noise_that_blinds_covers_the_whole_picture_and_less_uncovers_it() -> None:
    """Though the background model takes the noise for background."""
    redactor = Redactor(Settings(), [ScriptedDetector()])
    states = []
    for number in range(150):
        picture = street()
        noise = 40.0 if 40 <= number < 90 else 0.0
        flicker = np.random.default_rng(number).normal(0, noise, picture.y.shape)
        picture.y[:] = np.clip(picture.y + flicker, 0, 255).astype(np.uint8)
        done = redactor.redact(picture, number * FRAME_US)
        states.append((done.state, done.reason))
    assert states[39] == (State.NORMAL, None)
    assert states[89] == (State.WHOLE, Reason.NIGHT_NOISE)
    assert states[-1] == (State.NORMAL, None)


def spotted(noise: float, *, contrast: int = 60) -> float:
    """Return the speckle of one picture of broad stripes with noise."""
    return speckle(wall(noise, 1, contrast=contrast)[:108, :192])


def test_speckle_is_noise_beside_contrast() -> None:
    """Of one picture alone, without a background."""
    assert spotted(0) < 0.01
    assert spotted(6) == pytest.approx(2 * spotted(3), rel=0.25)
    assert spotted(3, contrast=30) == pytest.approx(2 * spotted(3), rel=0.25)


def test_leaves_in_most_of_a_picture_are_no_speckle() -> None:
    """What counts is how rough it is where it is smoothest."""
    leafy = wall(0, 1)[:108, :192].copy()
    leafy[:, 50:] = np.random.default_rng(2).integers(40, 220, (108, 142), np.uint8)
    assert speckle(leafy) < 0.01


@pytest.mark.parametrize("luma", [16, 235])
def test_black_and_white_areas_hide_no_noise(luma: int) -> None:
    """Neither bars above and below the picture nor a sky: there is no noise to see in them."""
    framed = wall(6, 1)[:108, :192].copy()
    framed[:30] = framed[-30:] = luma
    assert speckle(framed) > speckle(wall(3, 1)[:108, :192])


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**16))
def test_speckle_is_told_of_every_picture(width: int, height: int, seed: int) -> None:
    """However small; never less than none."""
    small = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    assert 0 <= speckle(small) < 54
