"""The simulated night: darker, noisier, the same each time, and honest about its noise."""

import numpy as np
import pytest

from handfast.vision.night import Light, Night, noise_steps
from handfast.vision.picture import Picture

DARK, SMOOTHED = Light(lux=0.1, smoothed=False), Light(lux=0.1, smoothed=True)


def grey(luma: int = 100) -> Picture:
    """Return a grey wall with some colour."""
    chroma = np.full((60, 80), 150, np.uint8)
    return Picture(y=np.full((120, 160), luma, np.uint8), u=chroma, v=chroma.copy())


def test_night_is_the_same_each_time_and_leaves_the_day_as_it_was() -> None:
    """Results can be repeated, and another frame has other noise."""
    picture = grey()
    first, again = Night(DARK)(picture, 3), Night(DARK)(picture, 3)
    assert np.array_equal(first.y, again.y)
    assert not np.array_equal(first.y, Night(DARK)(picture, 4).y)
    assert picture.y.min() == picture.y.max() == 100


def test_a_lit_street_is_as_bright_as_by_day() -> None:
    """The gain sees to that, and little noise is left."""
    lit = Night(Light(lux=10, smoothed=False))(grey(), 0)
    assert abs(float(lit.y.mean()) - 100) < 2
    assert float(lit.y.std()) < 3


@pytest.mark.parametrize("luma", [60, 100, 200])
def test_less_light_is_darker_and_noisier(luma: int) -> None:
    """The gain ends somewhere; photons are counted by the dozen then."""
    shown = [
        Night(Light(lux=lux, smoothed=False))(grey(luma), 0).y for lux in (10, 1, 0.3, 0.1)
    ]
    noise = [float(each.std() / (each.mean() - 16)) for each in shown]
    assert noise == sorted(noise)
    assert float(shown[-1].mean()) < luma * 0.7


def test_the_noise_is_that_of_counting_photons() -> None:
    """What the smoothing expects on a grey wall is what is there."""
    wall = grey(round(16 + 219 * (1.099 * 0.2**0.45 - 0.099)))
    light = Light(lux=1, smoothed=False)
    assert float(Night(light)(wall, 0).y.std()) == pytest.approx(noise_steps(light), rel=0.25)


def test_below_two_lux_there_are_no_colours() -> None:
    """As cameras do; above, they are pale."""
    assert set(np.unique(Night(DARK)(grey(), 0).u).tolist()) == {128}
    assert set(np.unique(Night(Light(lux=10, smoothed=False))(grey(), 0).u).tolist()) == {139}


def test_smoothing_calms_what_stays_and_lets_through_what_moves() -> None:
    """Noise falls to less than half; a bright thing that appears is there at once."""
    raw, smooth = Night(DARK), Night(SMOOTHED)
    for frame in range(12):
        still, calm = raw(grey(), frame), smooth(grey(), frame)
    assert float(calm.y.std()) < float(still.y.std()) / 2
    picture = grey()
    picture.y[40:80, 60:100] = 235
    shown = smooth(picture, 12)
    assert float(shown.y[50:70, 70:90].mean()) > float(shown.y[:30].mean()) + 30
