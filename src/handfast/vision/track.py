"""One thing followed from detection to detection: where it is now, and how sure that is."""

import math
from dataclasses import dataclass
from typing import Final

from handfast.vision.boxes import Box, Detection, Kind
from handfast.vision.picture import Plane

# Sizes a thing may move per second beyond what was foreseen: a person runs 5 m/s, a head moves
# as fast as its body, a car is four metres long.
_WILD: Final = {Kind.PERSON: 0.7, Kind.FACE: 4.0, Kind.VEHICLE: 2.0}
_TAMED: Final = 0.2  # of that remains once the speed is known
_FASTEST: Final = 6.0  # sizes per second; more is another thing, or a mistake
_COASTS_S: Final = 0.5  # unseen things are foreseen to slow down within about this time
_MOST_SLACK: Final = 0.35  # of its size: from then on it may be anywhere
_NEWEST: Final = 0.6  # weight of the last speed measured
_HITS_TO_TAME: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A track as one picture shows it.

    Attributes:
        track: Its number, from 1, never used again; the same for the same input and settings.
        kind: What it is taken for.
        box: Where it is, or is foreseen to be, px; without margins.
        slack: How far from there it may be, px; grows until it is seen again.
        confidence: Of its last detection.
        seen: Detected in this very picture; otherwise foreseen.
        missed: Detections in a row that did not find it.
    """

    track: int
    kind: Kind
    box: Box
    slack: float
    confidence: float
    seen: bool
    missed: int

    def covered(self, margin: float) -> Box:
        """Return the box that has to be covered, with `margin` as a share of its size."""
        box = self.box.grown(margin)
        return Box(
            box.left - self.slack,
            box.top - self.slack,
            box.right + self.slack,
            box.bottom + self.slack,
        )


class Track:
    """What the tracker knows of one thing. Belongs to the tracker's thread."""

    def __init__(self, number: int, detection: Detection, at_us: int, *, sure: bool) -> None:
        """Begin with a first detection."""
        self.number = number
        self.kind = detection.kind
        self.sure = sure
        self.missed = 0
        self.seen_us = at_us
        self.patch: Plane | None = None
        self._box = detection.box
        self._confidence = detection.confidence
        self._across = 0.0  # px per second, of the middle
        self._down = 0.0
        self._hits = 1

    @property
    def last_box(self) -> Box:
        """Where it was when it was last seen, px."""
        return self._box

    def see(self, detection: Detection, at_us: int, *, sure: bool) -> None:
        """Take a detection for this track."""
        seconds = (at_us - self.seen_us) / 1e6
        if seconds > 0:
            self._learn_speed(detection.box, seconds)
        self._box, self._confidence = detection.box, detection.confidence
        self.seen_us = at_us
        self.missed = 0
        self.sure = self.sure or sure
        self._hits += 1

    def shift(self, across: float, down: float) -> None:
        """Take note that the whole picture has moved, px: its speed in the street stays."""
        box = self._box
        self._box = Box(
            box.left + across, box.top + down, box.right + across, box.bottom + down
        )

    def at(self, at_us: int) -> Tracked:
        """Return where it is foreseen to be."""
        seconds = max(at_us - self.seen_us, 0) / 1e6
        way = _COASTS_S * (1 - math.exp(-seconds / _COASTS_S))
        across, down = self._across * way, self._down * way
        box = self._box
        return Tracked(
            track=self.number,
            kind=self.kind,
            box=Box(box.left + across, box.top + down, box.right + across, box.bottom + down),
            slack=self._slack(seconds),
            confidence=self._confidence,
            seen=seconds == 0 and self.missed == 0,
            missed=self.missed,
        )

    def _slack(self, seconds: float) -> float:
        size = _size(self._box)
        wild = _WILD[self.kind] * (_TAMED if self._hits >= _HITS_TO_TAME else 1.0)
        return min(wild * seconds, _MOST_SLACK) * size

    def _learn_speed(self, box: Box, seconds: float) -> None:
        fastest = _FASTEST * max(_size(box), _size(self._box))
        across = (box.left + box.right - self._box.left - self._box.right) / 2 / seconds
        down = (box.top + box.bottom - self._box.top - self._box.bottom) / 2 / seconds
        weight = 1.0 if self._hits == 1 else _NEWEST
        self._across += weight * (_within(across, fastest) - self._across)
        self._down += weight * (_within(down, fastest) - self._down)


def _size(box: Box) -> float:
    return max(box.width, box.height)


def _within(value: float, bound: float) -> float:
    return max(-bound, min(value, bound))
