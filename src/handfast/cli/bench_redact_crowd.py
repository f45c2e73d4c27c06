"""The engine in the crowd film of 1906: the whole film is covered, single pictures count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from handfast.cli.bench_redact_groups import Counted, counted, crowding
from handfast.cli.bench_redact_metrics import (
    Mask,
    covered_share,
    is_bare,
    needless_share,
    size_class,
)
from handfast.cli.bench_redact_stills import Still, Stills
from handfast.cli.bench_redact_ways import ByEngine, Covered, Way, covered_cells, pictures
from handfast.media.footage_sources import Say
from handfast.vision.boxes import Box
from handfast.vision.detector import Detector
from handfast.vision.settings import Settings

_ROWS: Final = 576  # of the picture that size classes are named for
_LIVE: Final = 3  # every third picture is ten a second


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdOutcome:
    """One way of covering, held against the marked pictures.

    Attributes:
        covered: Share of a person's box that is covered, averaged over all sightings.
        bare: Share of the sightings in which somebody may be recognised.
        needless: Share of the picture that is covered where nobody is.
        careful: Share of the pictures in which the engine covered more than usual.
        whole: Share of the pictures that were covered altogether.
        groups: Coverage by how freely people can be seen.
        heights: Coverage by height, in a picture of 576 rows.
    """

    covered: float
    bare: float
    needless: float
    careful: float
    whole: float
    groups: Mapping[str, Counted]
    heights: Mapping[str, Counted]


def measure_crowd(
    film: Path, stills: Stills, persons: Settings, detector: Detector, say: Say
) -> dict[str, CrowdOutcome]:
    """Cover the crowd film in every way that its camera allows."""
    ways = _ways(replace(persons, motion=False), persons, detector)
    outcomes = {}
    for number, (name, (way, step)) in enumerate(ways.items(), 1):
        say(f"covering the crowd, {number} of {len(ways)}: {name}")
        outcomes[name] = judge_stills(cover_stills(film, stills, way, step), stills)
    return outcomes


def cover_stills(film: Path, stills: Stills, way: Way, step: int) -> dict[int, Covered]:
    """Cover each `step`-th picture from the first on; return the marked ones, by frame."""
    wanted = {still.frame for still in stills.stills}
    covered = {}
    for frame, (picture, at_us) in enumerate(pictures(film, max(wanted) + 1)):
        if frame % step:
            continue
        careful = way.cover(picture, at_us)
        if frame in wanted:
            covered[frame] = Covered(cells=covered_cells(picture), careful=careful)
    return covered


def judge_stills(covered: Mapping[int, Covered], stills: Stills) -> CrowdOutcome:
    """Hold what was covered against the marks.

    Raises:
        KeyError: A marked picture is missing: a number from fewer would flatter.
    """
    shares: list[float] = []
    bare: list[bool] = []
    needless: list[float] = []
    groups: dict[str, list[float]] = {}
    heights: dict[str, list[float]] = {}
    scale = _ROWS / stills.height
    for still in stills.stills:
        mask = _mask(covered[still.frame], stills)
        seen = still.seen()
        needless.append(needless_share(_counting(mask, still), [each.box for each in seen]))
        for each in seen:
            share = covered_share(mask, each.box)
            shares.append(share)
            bare.append(is_bare(mask, each.box))
            heights.setdefault(size_class(_scaled(each.box, scale)), []).append(share)
            for group in crowding(each, seen, still.frame):
                groups.setdefault(group, []).append(share)
    found = [covered[still.frame] for still in stills.stills]
    return CrowdOutcome(
        covered=_mean(shares),
        bare=_mean(bare),
        needless=_mean(needless),
        careful=_mean([each.careful for each in found]),
        whole=_mean([bool(each.cells.all()) for each in found]),
        groups=counted(groups),
        heights=counted(heights),
    )


def _ways(
    moving: Settings, fixed: Settings, detector: Detector
) -> dict[str, tuple[ByEngine, int]]:
    def _engine(settings: Settings) -> ByEngine:
        return ByEngine(settings, [detector])

    rarest = moving.every_most
    return {
        "every_1": (_engine(replace(moving, every=1)), 1),
        f"every_{moving.every}": (_engine(moving), 1),
        f"every_{rarest}": (_engine(replace(moving, every=rarest)), 1),
        "live": (_engine(moving), _LIVE),
        "taken_for_fixed": (_engine(fixed), 1),
    }


def _mask(covered: Covered, stills: Stills) -> Mask:
    side = stills.height // covered.cells.shape[0]
    return np.repeat(np.repeat(covered.cells, side, axis=0), side, axis=1)


def _counting(mask: Mask, still: Still) -> Mask:
    counts = mask.copy()
    for left, top, right, bottom in still.unmarked:
        counts[top:bottom, left:right] = False
    return counts


def _scaled(box: Box, by: float) -> Box:
    return Box(*(side * by for side in box))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
