"""What an owner decides about redaction: what is covered, how, and how carefully."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from handfast.kit.errors import InvalidError
from handfast.vision.boxes import Kind
from handfast.vision.zones import Polygon, Zone


class Fill(StrEnum):
    """What covered pixels become."""

    SOLID = "solid"
    MOSAIC = "mosaic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How confident a detector must be; each model has its own scale.

    Attributes:
        sure: A track begins that is held through misses.
        faint: Covered, but held only while it is seen.
        barely: Covered in children's zones, and everywhere while the state asks for more.
    """

    sure: float = 0.45
    faint: float = 0.35
    barely: float = 0.12

    def __post_init__(self) -> None:
        """Refuse an order that would make the strictest mode the laxest."""
        if not 0 <= self.barely <= self.faint <= self.sure <= 1:
            raise InvalidError(
                f"thresholds {self.barely}, {self.faint}, {self.sure} are not in order; "
                "give 0 <= barely <= faint <= sure <= 1"
            )


_DEFAULT: Final = Thresholds()
_DEFAULTS: Final[Mapping[Kind, Thresholds]] = MappingProxyType(
    {Kind.FACE: Thresholds(sure=0.4, faint=0.25, barely=0.12)}
)
_ROAMING: Final[Mapping[Kind, Thresholds]] = MappingProxyType(
    {**_DEFAULTS, Kind.PERSON: Thresholds(faint=0.25)}
)
"""Where no background shows who moves, whom the detector is unsure of is covered as well.

On the street film, as if its camera were not fixed, for 1 to 2 % of the picture more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one camera or file is redacted.

    A mosaic keeps the average of each cell, and averages can be recognised. Attacked with the
    walkers of vtest.avi (nearest neighbour among pictures two seconds or more apart, 213
    queries), 77 % were told from each other in the clear, 66 % through cells of 12 px, 29 %
    through cells as coarse as `cover.mosaic_cell` makes them, 13 % by chance: who wears what
    still shows a little. Solid fill leaves nothing, so it is the default, and a mosaic has to
    be asked for.

    Attributes:
        kinds: What is covered. Each needs a detector, or the whole picture is covered.
        every: Detect in each k-th picture.
        every_most: The bound that k may rise to under load, at least `every`.
        stale_us: Detection older than this covers the whole picture, microseconds.
        hold_us: A track is covered for this long after it was last seen.
        still_us: The same, while its place in the picture looks as when it was seen.
        motion: Cover what moves as well; for fixed cameras only. Without it people are covered
            from less confidence on.
        faces_rest: Seek faces every other time only, where `looks.Looks` finds that this hides
            nothing; for pictures that are made while somebody waits.
        margin: Boxes are grown by this share of their size on each side.
        thresholds: Of each kind; kinds left out have the defaults.
        fill: What covered pixels become.
        masks: Always covered, whatever happens there.
        zones: Children's zones.
    """

    kinds: frozenset[Kind] = frozenset({Kind.PERSON, Kind.FACE})
    every: int = 5
    every_most: int = 10
    stale_us: int = 1_000_000
    hold_us: int = 1_000_000
    still_us: int = 60_000_000
    motion: bool = True
    faces_rest: bool = False
    margin: float = 0.1
    thresholds: Mapping[Kind, Thresholds] = field(default_factory=lambda: MappingProxyType({}))
    fill: Fill = Fill.SOLID
    masks: tuple[Polygon, ...] = ()
    zones: tuple[Zone, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what could leave something uncovered without anybody having asked for it."""
        if not self.kinds:
            raise InvalidError("nothing is to be covered; name persons, faces or vehicles")
        if not 1 <= self.every <= self.every_most:
            raise InvalidError(
                f"detecting every {self.every} to {self.every_most} pictures makes no sense; "
                "give 1 or more, and a bound that is no smaller"
            )
        if self.margin < 0 or min(self.stale_us, self.hold_us, self.still_us) < 0:
            raise InvalidError("margins and durations cannot be negative; give 0 or more")

    def threshold(self, kind: Kind) -> Thresholds:
        """Return the thresholds of a kind."""
        defaults = _DEFAULTS if self.motion else _ROAMING
        return self.thresholds.get(kind) or defaults.get(kind, _DEFAULT)
