"""What moves in front of a fixed camera: a background model on a small picture."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from handfast.vision.grid import Cells, Grid
from handfast.vision.picture import Plane, shrink_into

_SMALL_WIDTH: Final = 384  # px, as of the film that quality is measured on, halved
_MEMORY_S: Final = (
    20.0  # the background fades with this; a tenth of it absorbs who stands still
)
_EAGER: Final = 12  # pictures after a start that are learned from as from nothing
_VARIANCE: Final = 32.0  # squared distance, in variances, from which a pixel counts as moved
_GROW: Final = 4  # small px around what moved: shoes and hair seldom differ from the street
_SHIFT_EVERY: Final = 5  # pictures from one look at the whole picture's shift to the next
_SHIFT_REFERENCE: Final = 25  # pictures that one reference serves
_SHIFTED: Final = 1.0  # tiny px (about 16 px of 1080p) that no fixed camera moves
_SHIFT_SURE: Final = 0.25  # peak of the phase correlation from which a shift is believed
_SHIFT_GAIN: Final = 0.7  # of the difference remains, at most, when a shift explains it
_SHIFT_MOVES: Final = 0.05  # share of the picture that must move as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What one picture shows against the background.

    Attributes:
        cells: Where something moves, grown.
        flickering: The same with every single pixel that differs: the strictest reading.
        share: Of the picture that moves, before growing, 0 to 1.
        noise: Of the picture that differs in single pixels only, 0 to 1.
        brightness: Mean luma.
        shifted: The picture as a whole has moved: the camera was turned or pushed.
    """

    cells: Cells
    flickering: Cells
    share: float
    noise: float
    brightness: float
    shifted: bool


def shrink(y: Plane) -> Plane:
    """Return a small luma picture of at most 384 px."""
    height, width = y.shape
    if width <= _SMALL_WIDTH:
        return y
    small = np.empty((max(round(height * _SMALL_WIDTH / width), 1), _SMALL_WIDTH), np.uint8)
    shrink_into(y, small)
    return small


class Motion:
    """A background model of one camera at one picture size. Belongs to one thread."""

    def __init__(self, grid: Grid) -> None:
        """Start with nothing known; the first picture becomes the background."""
        self._grid = grid
        self._last_us: int | None = None
        self._around = np.ones((2 * _GROW + 1, 2 * _GROW + 1), np.uint8)
        self._speck = np.ones((3, 3), np.uint8)
        self.restart()

    def restart(self) -> None:
        """Forget the background, as after the camera was moved."""
        self._model = cv2.createBackgroundSubtractorMOG2(
            history=200, varThreshold=_VARIANCE, detectShadows=False
        )
        # Three kinds of background a pixel see all that five see on streets, for a third less.
        self._model.setNMixtures(3)
        self._count = 0
        self._reference: npt.NDArray[np.float32] | None = None

    def look(self, small: Plane, at_us: int) -> Moved:
        """Compare a picture, made small by `shrink`, with the background, and learn from it."""
        raw = np.asarray(self._model.apply(small, learningRate=self._rate(at_us)), np.uint8)
        if self._count == 0:
            raw = np.zeros_like(raw)  # the first picture is the background, nothing differs yet
        opened = np.asarray(cv2.morphologyEx(raw, cv2.MORPH_OPEN, self._speck), np.uint8)
        size = float(raw.size)
        moved, differing = cv2.countNonZero(opened), cv2.countNonZero(raw)
        shifted = self._shifted(small) and moved > size * _SHIFT_MOVES
        self._count += 1
        return Moved(
            cells=self._cells(opened),
            flickering=self._cells(raw),
            share=moved / size,
            noise=max(differing - moved, 0) / size,
            brightness=cv2.mean(small)[0],
            shifted=shifted,
        )

    def _rate(self, at_us: int) -> float:
        """Return the share of this picture in the background: by time, not by pictures."""
        since_us = 40_000 if self._last_us is None else max(at_us - self._last_us, 0)
        self._last_us = at_us
        rate = 1.0 - math.exp(-since_us / 1e6 / _MEMORY_S)
        return max(rate, 1.0 / (self._count + 1)) if self._count < _EAGER else rate

    def _cells(self, mask: Plane) -> Cells:
        """Grow the mask, then read one pixel a cell: growing has reached every corner."""
        grown = cv2.dilate(mask, self._around)
        size = (self._grid.columns, self._grid.rows)
        read = cv2.resize(grown, size, interpolation=cv2.INTER_NEAREST)
        return np.asarray(read > 0, np.bool_)

    def _shifted(self, small: Plane) -> bool:
        if self._count % _SHIFT_EVERY:
            return False
        size = (max(small.shape[1] // 4, 8), max(small.shape[0] // 4, 8))
        tiny = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.float32)
        reference = self._reference
        if reference is None or self._count % _SHIFT_REFERENCE == 0:
            self._reference = tiny
        if reference is None or float(tiny.std()) < 1:
            return False  # an even picture has no place that could have moved
        (across, down), peak = cv2.phaseCorrelate(reference, tiny)
        if peak < _SHIFT_SURE or math.hypot(across, down) < _SHIFTED:
            return False
        return _explains(reference, tiny, round(across), round(down))


def _explains(
    before: npt.NDArray[np.float32], now: npt.NDArray[np.float32], across: int, down: int
) -> bool:
    """Tell whether a shift of everything leaves much less of a difference than none.

    A passer-by in front of an even wall peaks as well, but the rest of the street stays.
    """
    back = np.roll(now, (-down, -across), axis=(0, 1))
    inner = np.s_[abs(down) : -abs(down) or None, abs(across) : -abs(across) or None]
    if before[inner].size == 0:
        return False
    shifted = float(np.median(np.abs(back[inner] - before[inner])))
    unshifted = float(np.median(np.abs(now[inner] - before[inner])))
    return shifted < unshifted * _SHIFT_GAIN
