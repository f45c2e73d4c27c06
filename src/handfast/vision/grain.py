"""How much of what a picture shows is noise: in little light, cameras turn up both.

A background model gets used to noise, as it does to leaves, so it cannot tell. This looks at
what changes where nothing much does, beside how much there is to see. It compares pictures some
time apart: cameras smooth noise over time, which hides it from one picture to the next, but
leaves slow blotches.
"""

from typing import Final

import cv2
import numpy as np

from handfast.vision.picture import Plane

_EVERY: Final = 8  # pictures from one look to the next
_EACH: Final = 2  # px of the small picture from one sample to the next
_STILL: Final = 0.8  # share of the picture that is taken not to move: what changes least
_MOVING: Final = 0.2  # share that moves from which nothing can be said
_EVEN: Final = 8.0  # steps of luma; less contrast is a wall or fog, whose noise is harmless
_FOLLOWS: Final = 0.5  # share of the newest look in what is told


class Grain:
    """Follows the noise of one fixed camera at one picture size. Belongs to one thread."""

    def __init__(self) -> None:
        """Begin with pictures that are taken for clear."""
        self._before: Plane | None = None
        self._count = 0
        self._level: float | None = None

    @property
    def level(self) -> float:
        """Noise as share of contrast, averaged over some looks; 0 is none."""
        return self._level or 0.0

    def look(self, small: Plane, moving: float) -> None:
        """Take in one picture.

        Args:
            small: A picture, made small by `motion.shrink`.
            moving: Share of it that moves, 0 to 1.
        """
        if moving >= _MOVING:  # another scene may follow
            self._before, self._level, self._count = None, None, 0
            return
        self._count += 1
        if self._count % _EVERY == 1:
            now = np.ascontiguousarray(small[::_EACH, ::_EACH])
            before, self._before = self._before, now
            if before is not None:
                self._follow(before, now)

    def _follow(self, before: Plane, now: Plane) -> None:
        level = _least_change(before, now) / max(float(cv2.meanStdDev(now)[1][0, 0]), _EVEN)
        last = level if self._level is None else self._level
        self._level = last + (level - last) * _FOLLOWS


def _least_change(before: Plane, now: Plane) -> float:
    """Return the mean change, steps of luma, of the pixels that change least."""
    counts = np.bincount(cv2.absdiff(before, now).ravel(), minlength=256)
    wanted = now.size * _STILL
    taken = np.clip(wanted - (np.cumsum(counts) - counts), 0, counts)
    return float(taken @ np.arange(256)) / wanted
