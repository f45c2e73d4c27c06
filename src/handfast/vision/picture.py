"""A picture as decoders give it and encoders take it: three planes, 4:2:0."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Plane: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture, yuv420p, limited or full range alike.

    The planes are written to when the picture is redacted.

    Attributes:
        y: Luma, height x width.
        u: First chroma plane, (height + 1) // 2 x (width + 1) // 2.
        v: Second chroma plane, like `u`.
    """

    y: Plane
    u: Plane
    v: Plane

    @property
    def width(self) -> int:
        """Width, px."""
        return int(self.y.shape[1])

    @property
    def height(self) -> int:
        """Height, px."""
        return int(self.y.shape[0])
