"""Outputs that are boxes already, as most exporters can write them: torchvision's do."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from handfast.vision.boxes import Kind
from handfast.vision.candidates import Candidates, Floats

OVERLAP: Final = 0.7


def decode_boxes(
    outputs: Mapping[str, Floats], kinds: Mapping[Kind, Sequence[int]], threshold: float
) -> dict[Kind, Candidates]:
    """Return the boxes of each kind, doubles removed.

    Args:
        outputs: `boxes` (n x 4: left, top, right, bottom; px of what the network read),
            `scores` (n) and `labels` (n, class numbers); leading axes of length 1 are no
            hindrance.
        kinds: Which classes are covered as what.
        threshold: Boxes of less confidence are left out.
    """
    boxes = outputs["boxes"].reshape(-1, 4).astype(np.float32)
    scores = outputs["scores"].reshape(-1).astype(np.float32)
    labels = outputs["labels"].reshape(-1)
    count = min(len(boxes), len(scores), len(labels))
    confident = scores[:count] >= threshold
    found = {}
    for kind, classes in kinds.items():
        chosen = np.flatnonzero(confident & np.isin(labels[:count], list(classes)))
        candidates = Candidates(boxes=boxes[chosen], scores=scores[chosen])
        found[kind] = candidates.without_doubles(OVERLAP)
    return found
