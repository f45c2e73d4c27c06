"""Places that an owner draws, as a file of JSON.

    {"masks": [[[0, 0], [0.3, 0], [0.3, 0.2]]],
     "zones": [{"area": [[0.5, 0.5], [1, 0.5], [1, 1]], "whole": false}]}

Corners are shares of the picture's width and height, 0 to 1.
"""

from pathlib import Path
from typing import TypeAlias

import msgspec

from handfast.cli.files import read_json
from handfast.vision.zones import Point, Polygon, Zone

Corners: TypeAlias = list[tuple[float, float]]


class ZoneLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A children's zone; `whole` covers all of it always."""

    area: Corners
    whole: bool = False


class Masks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Permanent masks and children's zones."""

    masks: list[Corners] = []
    zones: list[ZoneLine] = []

    def polygons(self) -> tuple[Polygon, ...]:
        """Return what is always covered.

        Raises:
            InvalidError: A mask has no area, or leaves the picture.
        """
        return tuple(_polygon(each) for each in self.masks)

    def areas(self) -> tuple[Zone, ...]:
        """Return the children's zones.

        Raises:
            InvalidError: A zone has no area, or leaves the picture.
        """
        return tuple(Zone(area=_polygon(each.area), whole=each.whole) for each in self.zones)


def read_masks(path: Path | None) -> Masks:
    """Read the file; none means no masks.

    Raises:
        InvalidError: It cannot be read, or holds something else.
    """
    return Masks() if path is None else read_json(path, Masks)


def _polygon(corners: Corners) -> Polygon:
    return Polygon(points=tuple(Point(x, y) for x, y in corners))
