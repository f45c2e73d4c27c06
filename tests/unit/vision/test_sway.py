"""How far the whole picture has moved: told from two pictures, and nothing told of others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from handfast.vision.picture import Plane
from handfast.vision.sway import Sway, Swayed
from tests.examples import scaled
from tests.unit.vision.turned import window, world

WIDTH, HEIGHT = 192, 108
NEAR = 1.5 / 64  # of a side: one and a half of the pixels that are compared


def view(left: int, top: int = 100) -> Plane:
    """Return what a small camera sees of the world."""
    return window(world(), left, top, WIDTH, HEIGHT)


def after(first: Plane, second: Plane) -> Swayed:
    """Return what is told of the second of two pictures."""
    sway = Sway()
    assert sway.look(first) == Swayed()
    return sway.look(second)


@examples(max_examples=scaled(60))
@given(st.integers(-60, 60), st.integers(-30, 30))
def test_a_shift_is_told_in_its_direction(across: int, down: int) -> None:
    """What was at a place is found where the camera's turning has put it."""
    swayed = after(view(300), view(300 - across, 100 - down))
    assert not swayed.lost
    assert swayed.across == pytest.approx(across / WIDTH, abs=NEAR)
    assert swayed.down == pytest.approx(down / HEIGHT, abs=2 * NEAR)


def test_nothing_sways_before_a_camera_that_rests() -> None:
    """Whatever the light does, and however noisy it is."""
    assert after(view(300), view(300)) == Swayed()
    lighter = np.asarray(np.minimum(view(300).astype(np.int16) + 40, 255), np.uint8)
    assert after(view(300), lighter) == Swayed()
    for number in range(5):
        noise = np.random.default_rng(number).normal(0, 12, (HEIGHT, WIDTH))
        noisy = np.asarray(np.clip(view(300) + noise, 0, 255), np.uint8)
        assert after(view(300), noisy) == Swayed()


def test_who_walks_through_a_third_of_the_picture_does_not_sway_it() -> None:
    """The street behind them stays."""
    walking = view(300).copy()
    walking[:, 60:120] = view(500)[:, 60:120]
    assert after(view(300), walking) == Swayed()


def test_a_cut_is_told() -> None:
    """Nothing of the one picture is in the other."""
    assert after(view(0), view(700, 300)) == Swayed(lost=True)


def test_a_slow_turn_is_told_late_but_in_full() -> None:
    """Half a pixel a picture is below what two pictures can tell."""
    sway = Sway()
    told = [sway.look(view(100 + number // 2)).across for number in range(121)]
    assert sum(told) == pytest.approx(-60 / WIDTH, abs=2 * NEAR)


def test_fog_does_not_sway() -> None:
    """There is no place in it that could have moved."""
    fog = np.full((HEIGHT, WIDTH), 120, np.uint8)
    assert after(fog, fog + 1) == Swayed()


@examples(max_examples=scaled(60))
@given(
    st.integers(1, 400),
    st.integers(1, 400),
    st.lists(st.integers(0, 2**16), min_size=2, max_size=4),
)
def test_no_picture_is_out_of_order(width: int, height: int, seeds: list[int]) -> None:
    """Slits, single pixels, pure noise: something is told, and no shift beyond the picture."""
    sway = Sway()
    for seed in seeds:
        generator = np.random.default_rng(seed)
        told = sway.look(generator.integers(0, 256, (height, width), np.uint8))
        assert max(abs(told.across), abs(told.down)) < 0.5
