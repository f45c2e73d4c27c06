"""What can be told of pictures without a background: of cameras that turn or are carried."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from handfast.vision.grain import speckle
from handfast.vision.picture import Plane, shrink_into
from handfast.vision.sway import Sway

_LONGEST: Final = 144  # px of the longer side, which detectors go by as well
_EVERY: Final = 4  # pictures from one look at noise to the next
_RISES: Final = 0.5  # share of the newest look in what is told, if it shows more noise
_FALLS: Final = 0.2  # the same if it shows less: a turn blurs noise, and night goes on
_UNSEEN: Final = 0.03  # of the picture's width or height that came in unseen: worth a look
_FASTEST: Final = 0.75  # widths or heights a second; from there on blur hides people
_SHORTEST_S: Final = 0.02  # between two pictures: less is a clock that is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Roamed:
    """What one picture shows beside those before.

    Attributes:
        across: What was there has moved to the right by this share of the picture's width.
        down: The same downwards, as share of its height.
        fresh: It shows much that no detector has looked at.
        cut: It shows something else than the one before.
        racing: It turns too fast for anybody to be found in it.
        noise: As share of contrast; see `grain.speckle`.
        brightness: Mean luma.
    """

    across: float
    down: float
    fresh: bool
    cut: bool
    racing: bool
    noise: float
    brightness: float


class Roaming:
    """Follows one camera that is not fixed, at one picture size. Belongs to one thread."""

    def __init__(self) -> None:
        """Begin before the first picture."""
        self._sway = Sway()
        self._count = 0
        self._noise: float | None = None
        self._last_us: int | None = None
        self._lost = False
        self._unseen = (0.0, 0.0)

    def seen(self) -> None:
        """Take note that the latest picture was looked at by detectors."""
        self._unseen = (0.0, 0.0)

    def look(self, small: Plane, at_us: int) -> Roamed:
        """Take in a picture, made small by `motion.shrink`, at its time."""
        half = _shrunk(small)
        swayed = self._sway.look(half)
        if swayed.lost:  # another scene may follow, whose noise is another
            self._noise, self._count = None, 0
        if self._count % _EVERY == 0:
            self._follow(speckle(half))
        self._count += 1
        # Once may be a cut; if it goes on, nothing can be followed.
        racing = swayed.lost and self._lost
        self._lost = swayed.lost
        racing = racing or self._speed(swayed.across, swayed.down, at_us) > _FASTEST
        across, down = (1.0, 1.0) if swayed.lost else self._unseen
        self._unseen = (across + swayed.across, down + swayed.down)
        return Roamed(
            across=swayed.across,
            down=swayed.down,
            fresh=max(map(abs, self._unseen)) > _UNSEEN,
            cut=swayed.lost,
            racing=racing,
            noise=self._noise or 0.0,
            brightness=cv2.mean(half)[0],
        )

    def _follow(self, noise: float) -> None:
        last = noise if self._noise is None else self._noise
        self._noise = last + (noise - last) * (_RISES if noise > last else _FALLS)

    def _speed(self, across: float, down: float, at_us: int) -> float:
        since_us = 0 if self._last_us is None else at_us - self._last_us
        self._last_us = at_us
        return math.hypot(across, down) / max(since_us / 1e6, _SHORTEST_S)


def _shrunk(small: Plane) -> Plane:
    height, width = small.shape
    scale = min(_LONGEST / max(width, height), 1.0)
    shrunk = np.empty((max(round(height * scale), 1), max(round(width * scale), 1)), np.uint8)
    shrink_into(small, shrunk)
    return shrunk
