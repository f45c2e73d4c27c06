"""Whether a place in the picture looks as it did: for people who stand still and are missed."""

from typing import Final

import numpy as np

from handfast.vision.boxes import Box
from handfast.vision.picture import Plane

_NOISE: Final = 16  # steps of luma that a camera's noise and compression explain
_LIGHT: Final = 24  # steps of luma that a cloud or a lamp explains
_CHANGED: Final = 0.15  # share of pixels beyond that from which the place looks different


def cut(small: Plane, box: Box, scale: float) -> Plane | None:
    """Return a copy of a box's place in a small picture; None if none of it is inside.

    Args:
        small: The small picture.
        box: In pixels of the whole picture.
        scale: Small pixels per pixel of the whole picture.
    """
    height, width = small.shape
    edges = np.nan_to_num(np.array(box, np.float64) * scale, posinf=1e6, neginf=-1e6)
    left, top = max(int(edges[0]), 0), max(int(edges[1]), 0)
    right, bottom = min(int(edges[2]) + 1, width), min(int(edges[3]) + 1, height)
    if left >= right or top >= bottom:
        return None
    return small[top:bottom, left:right].copy()


def is_same(before: Plane | None, now: Plane | None) -> bool:
    """Tell whether a place still looks the same; a small change of light does not matter."""
    if before is None or now is None or before.shape != now.shape:
        return False
    then, after = before.astype(np.int16), now.astype(np.int16)
    lighter = int(np.median(after)) - int(np.median(then))
    if abs(lighter) > _LIGHT:
        return False
    return float(np.mean(np.abs(after - then - lighter) > _NOISE)) < _CHANGED
