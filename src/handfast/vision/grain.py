"""How much of what a picture shows is noise: in little light, cameras turn up both.

A background model gets used to noise, as it does to leaves, so it cannot tell. `Grain` looks at
what changes where nothing much does, beside how much there is to see. It compares pictures some
time apart: cameras smooth noise over time, which hides it from one picture to the next, but
leaves slow blotches.

Where the camera turns, everything changes. `speckle` tells noise from one picture alone: from
how rough it is where it is smoothest. Texture that is everywhere passes for noise with it.
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
_CELL: Final = 4  # px of the picture that is read for speckle
_SMOOTHEST: Final = 0.2  # of the cells: below all others
_CLIPPED: Final = (20.0, 235.0)  # luma outside of which there is no noise to see
_FEWEST: Final = 0.05  # of the cells that must be in between, to say anything
_SECOND: Final = np.array([1.0, -2.0, 1.0], np.float32)
_WHITE: Final = 0.209  # of the mean answer to white noise is its deviation (Immerkaer 1996)


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


def speckle(small: Plane) -> float:
    """Return the noise of one picture as share of its contrast; 0 is none.

    The Laplacian of Immerkaer ("Fast noise variance estimation", 1996) sees neither even
    surfaces nor slopes nor straight edges along the rows and columns; of its answers, those of
    the smoothest fifth of the picture count. In the whole, clothes and leaves would.

    Args:
        small: A picture of about 144 px: finer noise troubles no detector, and what
            smoothing leaves of it is coarser.
    """
    rows, columns = (side // _CELL for side in small.shape)
    if not rows or not columns:
        return 0.0
    whole = small[: rows * _CELL, : columns * _CELL]
    rough = np.abs(cv2.sepFilter2D(whole, cv2.CV_32F, _SECOND, _SECOND))
    cells = cv2.resize(rough, (columns, rows), interpolation=cv2.INTER_AREA)
    luma = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    counts = (luma > _CLIPPED[0]) & (luma < _CLIPPED[1])
    counting = cells[counts]
    if counting.size < cells.size * _FEWEST:
        return 0.0
    place = int(counting.size * _SMOOTHEST)
    smoothest = float(np.partition(counting, place)[place])
    return smoothest * _WHITE / max(float(luma[counts].std()), _EVEN)
