"""What a network's outputs become before they are detections: boxes, most of them double."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from handfast.vision.boxes import Kind

Floats: TypeAlias = npt.NDArray[np.float32]
Indices: TypeAlias = npt.NDArray[np.intp]

_MOST: Final = 4000  # of one kind; a crowd of a thousand leaves several for each


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Boxes of one kind.

    Attributes:
        boxes: n x 4: left, top, right, bottom; px of what the network read.
        scores: n, 0 to 1.
    """

    boxes: Floats
    scores: Floats

    def without_doubles(self, most_overlap: float) -> "Candidates":
        """Return the best of each group of boxes that overlap more than `most_overlap`.

        What has no area, or is no number, is left out.
        """
        finite = np.isfinite(self.boxes).all(axis=1) & np.isfinite(self.scores)
        sizes = self.boxes[:, 2:] - self.boxes[:, :2]
        sound = np.flatnonzero(finite & (sizes > 0).all(axis=1))
        best = sound[np.argsort(-self.scores[sound], kind="stable")[:_MOST]]
        if len(best) == 0:
            return NOTHING
        corner_and_size = np.hstack([self.boxes[best, :2], sizes[best]])
        kept = cv2.dnn.NMSBoxes(
            corner_and_size.tolist(), self.scores[best].tolist(), 0.0, most_overlap
        )
        chosen = best[np.asarray(kept, np.intp)]
        return Candidates(boxes=self.boxes[chosen], scores=self.scores[chosen])


NOTHING: Final = Candidates(boxes=np.empty((0, 4), np.float32), scores=np.empty(0, np.float32))


def joined(parts: Sequence[Candidates]) -> Candidates:
    """Return all boxes of several parts."""
    return Candidates(
        boxes=np.concatenate([NOTHING.boxes, *(part.boxes for part in parts)]),
        scores=np.concatenate([NOTHING.scores, *(part.scores for part in parts)]),
    )


def classes_by_kind(classes: Mapping[int, Kind]) -> dict[Kind, list[int]]:
    """Return which of a model's classes are covered as what, in order."""
    kinds: dict[Kind, list[int]] = {}
    for number, kind in sorted(classes.items()):
        kinds.setdefault(kind, []).append(number)
    return kinds
