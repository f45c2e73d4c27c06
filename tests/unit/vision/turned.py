"""A world for cameras that turn in tests."""

from functools import cache

import numpy as np

from handfast.vision.picture import Plane


@cache
def world() -> Plane:
    """Return a wide luma plane, 1600 x 800, no part of which is like another."""
    coarse = np.random.default_rng(7).integers(40, 220, (50, 100), np.uint8)
    fine = np.random.default_rng(8).integers(0, 20, (200, 400), np.uint8)
    rough = coarse.repeat(16, axis=0).repeat(16, axis=1)
    return np.asarray(rough + fine.repeat(4, axis=0).repeat(4, axis=1), np.uint8)


def window(plane: Plane, left: int, top: int, width: int, height: int) -> Plane:
    """Return a copy of what a camera sees that looks at a part of a plane."""
    return np.array(plane[top : top + height, left : left + width], np.uint8)
