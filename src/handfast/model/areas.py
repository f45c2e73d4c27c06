"""Areas that an owner draws into a camera's picture: always covered, or children's zones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from handfast.kit.errors import InvalidError

Corner: TypeAlias = tuple[int, int]
"""From the left and upper edge, in 1/10000 of the picture's width and height."""

SCALE: Final = 10_000
MOST_AREAS: Final = 32
MOST_CORNERS: Final = 32
_LEAST_CORNERS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnArea:
    """A simple polygon in the picture; its last corner is joined to its first.

    Attributes:
        corners: 3 to 32, in order; no edge meets another but its neighbours, at their corner.
    """

    corners: tuple[Corner, ...]

    def __post_init__(self) -> None:
        """Refuse what would not cover what its owner sees: it must never be a surprise.

        Raises:
            InvalidError: Too few or too many corners, one outside the picture, no area, or
                edges that cross or touch.
        """
        corners = self.corners
        if not _LEAST_CORNERS <= len(corners) <= MOST_CORNERS:
            raise InvalidError(
                f"an area has {len(corners)} corners; draw {_LEAST_CORNERS} to {MOST_CORNERS}"
            )
        if not all(0 <= value <= SCALE for corner in corners for value in corner):
            raise InvalidError("a corner lies outside the picture; draw it inside")
        if _crosses_itself(corners):
            raise InvalidError(
                "the edges of an area cross or touch, or it has no area; move its corners apart"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnAreas:
    """All that was drawn for one camera.

    Attributes:
        masks: Always covered.
        children: Children's zones.
    """

    masks: tuple[DrawnArea, ...] = ()
    children: tuple[DrawnArea, ...] = ()

    def __post_init__(self) -> None:
        """Refuse more than an engine and a person can keep in view.

        Raises:
            InvalidError: More than 32 areas.
        """
        if len(self.masks) + len(self.children) > MOST_AREAS:
            raise InvalidError(f"more than {MOST_AREAS} areas; join some of them")


def areas_of(
    masks: Sequence[Sequence[Corner]], children: Sequence[Sequence[Corner]]
) -> DrawnAreas:
    """Check what was drawn.

    Raises:
        InvalidError: As `DrawnArea` and `DrawnAreas`.
    """
    if len(masks) + len(children) > MOST_AREAS:
        raise InvalidError(f"more than {MOST_AREAS} areas; join some of them")
    return DrawnAreas(
        masks=tuple(DrawnArea(corners=tuple(each)) for each in masks),
        children=tuple(DrawnArea(corners=tuple(each)) for each in children),
    )


def _crosses_itself(corners: Sequence[Corner]) -> bool:
    """Tell whether the outline meets itself; one without area always does."""
    count = len(corners)
    edges = [(corners[at], corners[(at + 1) % count]) for at in range(count)]
    if any(start == end for start, end in edges):
        return True
    for first in range(count):
        follower = edges[(first + 1) % count]
        if _turns_back(*edges[first], follower[1]):
            return True
        for other in range(first + 2, count - (first == 0)):
            if _meet(edges[first], edges[other]):
                return True
    return False


def _turn(a: Corner, b: Corner, c: Corner) -> int:
    """Return twice the signed area of a triangle: exact, for these are integers."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _turns_back(a: Corner, b: Corner, c: Corner) -> bool:
    """Tell whether the edge from `b` to `c` lies on that from `a` to `b`."""
    ahead = (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1])
    return _turn(a, b, c) == 0 and ahead < 0


def _meet(one: tuple[Corner, Corner], other: tuple[Corner, Corner]) -> bool:
    (a, b), (c, d) = one, other
    turns = (_turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b))
    sides = [(turn > 0) - (turn < 0) for turn in turns]
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    return any(
        side == 0 and _between(start, end, point)
        for side, (start, end), point in zip(
            sides, (one, one, other, other), (c, d, a, b), strict=True
        )
    )


def _between(start: Corner, end: Corner, point: Corner) -> bool:
    """Tell whether a point on the line through an edge lies on the edge."""
    return all(
        min(start[axis], end[axis]) <= point[axis] <= max(start[axis], end[axis])
        for axis in (0, 1)
    )
