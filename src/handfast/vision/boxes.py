"""What detectors find: kinds, boxes, detections."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What may have to be covered."""

    PERSON = "person"
    FACE = "face"
    VEHICLE = "vehicle"


class Box(NamedTuple):
    """An upright rectangle in pixels of the picture, ends exclusive; may leave the picture."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width, px; never negative."""
        return max(self.right - self.left, 0.0)

    @property
    def height(self) -> float:
        """Height, px; never negative."""
        return max(self.bottom - self.top, 0.0)

    @property
    def area(self) -> float:
        """Area, px^2."""
        return self.width * self.height

    def shared(self, other: "Box") -> float:
        """Return the area that both cover, px^2."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0)

    def overlap(self, other: "Box") -> float:
        """Return intersection over union, 0 to 1."""
        shared = self.shared(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def grown(self, share: float) -> "Box":
        """Return a box that is larger by `share` of its size on each side."""
        across, down = self.width * share, self.height * share
        return Box(self.left - across, self.top - down, self.right + across, self.bottom + down)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One thing that a detector found.

    Attributes:
        kind: What it is taken for.
        confidence: 0 to 1, as the model says; comparable within one model only.
        box: Where, in pixels of the picture that was given.
    """

    kind: Kind
    confidence: float
    box: Box
