"""A night made of a film by day: what a small camera's sensor would have seen in little light.

A simulation, and no more: the light is even, there are no lamps, headlights, rain or infrared,
and nobody is blurred by a longer exposure. What it does have is the physics that makes night
pictures bad: few photons, the noise of counting them and of reading them out, a gain with an
end, and the smoothing that cameras put on top.

The sensor: pixels of 2.9 um behind a lens of f/1.6, 40 ms exposure, as in cameras of
1/2.8 inch. White paper under E lux gives E * 0.9 / (4 * 1.6^2) lux on the sensor, 1e16 visible
photons per second, square metre and lux, 0.4 of which become electrons: 120 electrons per pixel
and lux.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from handfast.vision.picture import Picture, Plane

Signal: TypeAlias = npt.NDArray[np.float32]

_ELECTRONS_PER_LUX: Final = 120.0  # of a pixel that sees white paper
_READING: Final = 3.0  # standard deviation of reading a pixel out, electrons
_UNEVEN: Final = 1.0  # the same of what stays from picture to picture, electrons
_FULL: Final = 8000.0  # electrons that make white without gain
_MOST_GAIN: Final = 126.0  # 42 dB; from there on pictures get darker
_LENS: Final = 0.6  # px, standard deviation
_DEMOSAIC: Final = 0.7  # px; neighbours are mixed to fill in colours, and so is their noise
_COLOUR_ENDS_LUX: Final = 2.0  # below this cameras turn to black and white
_PALE: Final = 0.5  # of the colours that is left above it
_BLACK: Final = 16.0
_RANGE: Final = 219.0  # from black to white
_TOE: Final = 0.018  # of the light, up to which luma rises straight
_SLOPE: Final = 4.5
_GREY: Final = 0.2  # of white; where the smoothing measures the noise
_FOLLOWS: Final = 0.25  # share of a still pixel's new value that smoothing over time takes
_NEIGHBOURS: Final = (5, 5)
_MOVES: Final = 3.0  # noise deviations from which a pixel is taken to have changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """How little light there is, and what the camera does about it.

    Attributes:
        lux: On the street; 10 is a lit street, 1 a path with a lamp far off, 0.1 a full moon.
        smoothed: The camera smooths noise over time and neighbours, as most do by default.
    """

    lux: float
    smoothed: bool

    @property
    def electrons(self) -> float:
        """Collected by a pixel that sees white."""
        return self.lux * _ELECTRONS_PER_LUX

    @property
    def gain(self) -> float:
        """Automatic: white stays white until the gain ends."""
        return min(_FULL / self.electrons, _MOST_GAIN)


class Night:
    """Makes night of a film, told its pictures in order; the same each time."""

    def __init__(self, light: Light) -> None:
        """Begin before the first picture."""
        self._light = light
        self._fixed: Signal | None = None
        self._smooth: Signal | None = None

    def __call__(self, picture: Picture, frame: int) -> Picture:
        """Return what the camera would have given out."""
        seen = cv2.GaussianBlur(_linear(picture.y), (0, 0), _LENS)
        noisy = self._noisy(np.asarray(seen * self._light.electrons, np.float32), frame)
        mixed = np.asarray(cv2.GaussianBlur(noisy, (0, 0), _DEMOSAIC), np.float32)
        shown = _shown(mixed, self._light)
        if self._light.smoothed:
            shown = self._smoothed(shown)
        pale = _PALE if self._light.lux >= _COLOUR_ENDS_LUX else 0.0
        return Picture(
            y=np.clip(np.rint(shown), 0, 255).astype(np.uint8),
            u=_paler(picture.u, pale),
            v=_paler(picture.v, pale),
        )

    def _noisy(self, electrons: Signal, frame: int) -> Signal:
        if self._fixed is None:
            self._fixed = _normal(electrons.shape, 0) * np.float32(_UNEVEN)
        spread = np.sqrt(np.maximum(electrons, 0) + np.float32(_READING**2))
        noisy = electrons + self._fixed + spread * _normal(electrons.shape, frame + 1)
        return np.asarray(noisy, np.float32)

    def _smoothed(self, shown: Signal) -> Signal:
        """Average over time where nothing seems to change, then over alike neighbours."""
        noise = noise_steps(self._light)
        last = shown if self._smooth is None else self._smooth
        differs = cv2.blur(np.abs(shown - last), _NEIGHBOURS)
        follows = np.clip(differs / (_MOVES * noise), _FOLLOWS, 1.0)
        self._smooth = np.asarray(last + follows * (shown - last), np.float32)
        return np.asarray(cv2.bilateralFilter(self._smooth, 5, 2 * noise, 1.5), np.float32)


def noise_steps(light: Light) -> float:
    """Return the noise of a grey wall before smoothing: standard deviation, steps of luma."""
    grey = light.electrons * _GREY
    spread = np.sqrt(grey + _READING**2) / (2 * _DEMOSAIC * np.sqrt(np.pi))
    around = np.array([[max(grey - spread, 0.0), grey + spread]], np.float32)
    low, high = _shown(around, light)[0]
    return max(float(high - low) / 2, 0.5)


def _linear(y: Plane) -> Signal:
    """Return the light of luma, 1 for white (ITU-R BT.709, turned round)."""
    steps = np.clip((np.arange(256, dtype=np.float32) - _BLACK) / _RANGE, 0, 1.1)
    light = np.where(
        steps < _TOE * _SLOPE, steps / _SLOPE, ((steps + 0.099) / 1.099) ** (1 / 0.45)
    )
    return np.asarray(light, np.float32)[y]


def _shown(electrons: Signal, light: Light) -> Signal:
    """Return the luma of amplified electrons (ITU-R BT.709)."""
    white = np.clip(electrons * np.float32(light.gain / _FULL), 0, 1.1)
    steps = np.where(white < _TOE, _SLOPE * white, 1.099 * cv2.pow(white, 0.45) - 0.099)
    return np.asarray(_BLACK + _RANGE * steps, np.float32)


def _normal(shape: tuple[int, ...], seed: int) -> Signal:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def _paler(plane: Plane, share: float) -> Plane:
    pale = 128 + (plane - np.float32(128)) * np.float32(share)
    return np.asarray(np.rint(pale), np.uint8)
