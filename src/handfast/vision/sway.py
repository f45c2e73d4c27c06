"""How far the whole picture has moved since before: cameras that turn or are carried.

What is followed moves with it, and what comes into the picture at its edge has been seen by no
detector. So this has to be known in every picture, not only where detectors look.
"""

import math
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from handfast.vision.picture import Plane, shrink_into

_Tiny: TypeAlias = npt.NDArray[np.float32]

_WIDTH: Final = 64  # px; enough to tell shifts of a hundredth of the picture
_HEIGHTS: Final = (8, 128)  # px; of slits, too, there is something to compare, and not much
_AGAIN: Final = 5  # pictures that one reference serves while nothing sways
_SAME: Final = 0.03  # of the contrast; a median change below it is noise
_OTHER: Final = 0.25  # the same, from which an unexplained picture shows something else
_EVEN: Final = 4.0  # steps of luma; less contrast is fog or a wall
_SURE: Final = 0.15  # peak of the phase correlation from which a shift is believed
_SHIFTS: Final = 0.4  # tiny px; less is no shift
_GAIN: Final = 0.7  # of the change remains, at most, when a shift explains it


@dataclass(frozen=True, slots=True, kw_only=True)
class Swayed:
    """How one picture lies to the one before.

    Attributes:
        across: What was there has moved to the right by this share of the picture's width.
        down: The same downwards, as share of its height.
        lost: It shows something else, or in another way: a cut, a zoom, a turn that is too
            fast to follow, something large before the lens.
    """

    across: float = 0.0
    down: float = 0.0
    lost: bool = False


_STILL: Final = Swayed()
_LOST: Final = Swayed(lost=True)


class Sway:
    """Follows the pictures of one camera at one picture size. Belongs to one thread."""

    def __init__(self) -> None:
        """Begin before the first picture."""
        self._reference: _Tiny | None = None
        self._count = 0

    def look(self, small: Plane) -> Swayed:
        """Compare a picture, made small, with those before.

        A slow sway may be told a few pictures late, but then for all of them.
        """
        now = _tiny(small)
        before = self._reference
        if before is None:
            self._reference = now
            return _STILL
        swayed = _compare(before, now)
        self._count += 1
        if swayed is not _STILL or self._count >= _AGAIN:
            self._reference, self._count = now, 0
        return swayed


def _tiny(small: Plane) -> _Tiny:
    height, width = small.shape
    least, most = _HEIGHTS
    rows = min(max(round(height * _WIDTH / width), least), most)
    tiny = np.empty((rows, _WIDTH), np.uint8)
    shrink_into(small, tiny)
    return tiny.astype(np.float32)


def _compare(before: _Tiny, now: _Tiny) -> Swayed:
    contrast = max(float(cv2.meanStdDev(now)[1][0, 0]), _EVEN)
    changed = _median(np.asarray(cv2.absdiff(before, now), np.float32)) / contrast
    if changed < _SAME:
        return _STILL
    (across, down), peak = cv2.phaseCorrelate(before, now)
    if peak < _SURE or not _is_inside(across, down, now.shape):
        return _LOST if changed > _OTHER else _STILL
    if math.hypot(across, down) < _SHIFTS:
        return _STILL  # other light, or people who walk
    if _remains(before, now, across, down) > _GAIN * changed * contrast:
        return _LOST if changed > _OTHER else _STILL
    return Swayed(across=across / now.shape[1], down=down / now.shape[0])


def _is_inside(across: float, down: float, shape: tuple[int, ...]) -> bool:
    """Tell whether after such a shift half of the picture is left on either side to compare."""
    return 2 * math.ceil(abs(across)) < shape[1] and 2 * math.ceil(abs(down)) < shape[0]


def _remains(before: _Tiny, now: _Tiny, across: float, down: float) -> float:
    """Return the median change, steps of luma, that is left when the shift is taken back."""
    moves = np.array([[1, 0, across], [0, 1, down]], np.float64)
    height, width = now.shape
    shifted = cv2.warpAffine(before, moves, (width, height), borderMode=cv2.BORDER_REPLICATE)
    aside, below = math.ceil(abs(across)), math.ceil(abs(down))
    inner = np.s_[below : height - below, aside : width - aside]
    return _median(np.abs(shifted[inner] - now[inner]))


def _median(values: _Tiny) -> float:
    """Return a value that half of them do not exceed; numpy's own takes five times as long."""
    return float(np.partition(values, values.size // 2, axis=None)[values.size // 2])
