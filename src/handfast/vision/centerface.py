"""CenterFace's outputs as boxes: a peak for each face, its size and its place within the cell.

Source:
    "CenterFace: Joint Face Detection and Alignment Using Face as Point", arXiv 1911.03599,
    section 3. The points of eyes, nose and mouth that the published model also gives are cut
    off when it is installed: nobody here needs to know whose face it is.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np

from handfast.vision.boxes import Kind
from handfast.vision.candidates import NOTHING, Candidates, Floats

STRIDE: Final = 4
OVERLAP: Final = 0.3
_LARGEST_EXPONENT: Final = 8.0  # e^8 cells are 12000 px, more than any picture
_NEIGHBOURS: Final = np.ones((3, 3), np.uint8)


def decode_centerface(
    outputs: Mapping[str, Floats], kinds: Mapping[Kind, Sequence[int]], threshold: float
) -> dict[Kind, Candidates]:
    """Return the faces, doubles removed.

    Args:
        outputs: `heat` (1 x 1 x rows x columns), `size` (1 x 2: logarithm of height and width
            in cells) and `offset` (1 x 2: down and right, in cells).
        kinds: Says that faces are wanted; the model knows one class.
        threshold: Faces of less confidence are left out.
    """
    heat = np.ascontiguousarray(outputs["heat"][0, 0])
    # Only peaks: the cells around one say the same face again, and cost time in a crowd.
    peaks = (heat >= threshold) & (heat >= cv2.dilate(heat, _NEIGHBOURS))
    rows, columns = np.nonzero(peaks)
    if len(rows) == 0:
        return dict.fromkeys(kinds, NOTHING)
    high, wide = np.exp(np.minimum(outputs["size"][0][:, rows, columns], _LARGEST_EXPONENT))
    down, right = outputs["offset"][0][:, rows, columns]
    x, y = columns + right + 0.5, rows + down + 0.5
    boxes = np.stack([x - wide / 2, y - high / 2, x + wide / 2, y + high / 2], axis=1) * STRIDE
    found = Candidates(boxes=boxes.astype(np.float32), scores=heat[rows, columns])
    return dict.fromkeys(kinds, found.without_doubles(OVERLAP))
