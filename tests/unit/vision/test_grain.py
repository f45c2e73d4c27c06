"""Noise beside contrast: told whatever a background model has got used to."""

import numpy as np
import pytest

from handfast.vision.caution import Reason, State
from handfast.vision.grain import Grain
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
