"""`handfast bench redact --quality`: the engine against the marks of two films."""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from handfast.cli.bench_redact_crowd import CrowdOutcome, measure_crowd
from handfast.cli.bench_redact_groups import Counted, Group, counted, crowding, pace
from handfast.cli.bench_redact_marks import Half, Marks, load_marks
from handfast.cli.bench_redact_metrics import (
    Mask,
    Quality,
    covered_share,
    matched,
    measure_quality,
    size_class,
)
from handfast.cli.bench_redact_stills import load_stills
from handfast.cli.bench_redact_turning import Turned, measure_turning
from handfast.cli.bench_redact_ways import (
    Alter,
    ByEngine,
    ByLatestBoxes,
    Covered,
    FindsNobody,
    Way,
    as_filmed,
    cover_film,
    far_away,
    foreshortened,
    pictures,
)
from handfast.cli.bench_report import Figures
from handfast.kit.errors import CorruptError, UnavailableError
from handfast.media.footage_sources import MARKET, VTEST, FootageSource, Say, obtain
from handfast.vision.boxes import Box, Kind
from handfast.vision.detector import Detector
from handfast.vision.detectors import open_detectors
from handfast.vision.night import Light, Night
from handfast.vision.registry import read_registry
from handfast.vision.settings import Settings

AS_DELIVERED: Final = "as_delivered"
MOVEMENT_ALONE: Final = "movement_alone"
FLATTER: Final = (2, 4)
"""How often lower than wide people become in the scenes that stand for steep cameras."""
LIGHTS: Final = (
    *(Light(lux=lux, smoothed=each) for lux in (1.0, 0.3, 0.1) for each in (True, False)),
    Light(lux=0.03, smoothed=True),
)
PERSONS: Final = Settings(kinds=frozenset({Kind.PERSON}))
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One way in one half.

    Attributes:
        quality: Held against the marks.
        careful: Share of the frames in which the engine covered more than usual.
        whole: Share of the frames that were covered altogether.
    """

    quality: Quality
    careful: float
    whole: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything that was measured, each by the name of the half.

    Attributes:
        outcomes: By the name of the way, then by half.
        groups: Coverage as delivered of those who are hidden, in pairs, alone.
        recall: What the detector alone finds in single frames, by size class.
        paces: Coverage by movement alone of those who stand, and of those who move.
        flat_recall: What the detector alone finds of people so many times flatter.
        crowd: By the name of the way; the crowd film has no halves.
        turning: By the name of the scene: a camera that turns, by day and in less light.
    """

    outcomes: Mapping[str, Mapping[str, Outcome]]
    groups: Mapping[str, Mapping[str, Counted]]
    recall: Mapping[str, Mapping[str, Counted]]
    paces: Mapping[str, Mapping[str, Counted]]
    flat_recall: Mapping[int, Mapping[str, Counted]]
    crowd: Mapping[str, CrowdOutcome]
    turning: Mapping[str, Mapping[str, Turned]]

    def figures(self) -> Figures:
        """Return them as the benchmark prints them; those promised come first."""
        promised = self.outcomes[AS_DELIVERED]["reporting"].quality
        return {
            "body_coverage": round(promised.body_coverage, 4),
            "needless_area": round(promised.needless_area, 4),
            "uncovered_over_200_ms": round(promised.uncovered_over_200_ms, 4),
            "half": "reporting",
            "film": VTEST.name,
            "every": PERSONS.every,
            "ways": {
                way: {half: _printed(each) for half, each in halves.items()}
                for way, halves in self.outcomes.items()
            },
            "coverage_by_group": _all_printed(self.groups),
            "recall_of_the_detector_alone": _all_printed(self.recall),
            "movement_alone_by_pace": _all_printed(self.paces),
            "recall_when_foreshortened": {
                f"times_{times}": _halves_printed(halves)
                for times, halves in self.flat_recall.items()
            },
            "crowd": {way: _crowd_printed(each) for way, each in self.crowd.items()},
            "camera_that_turns": {
                scene: {half: each.figures() for half, each in halves.items()}
                for scene, halves in self.turning.items()
            },
        }


def measure(cache: Path, say: Say) -> Findings:
    """Cover the film in every way, from its first frame on, and hold it against the marks.

    Raises:
        CorruptError: The film is not the one that was marked.
        UnavailableError: Film or models cannot be had.
    """
    marks, stills = load_marks(), load_stills()
    film = _film(cache, VTEST, marks.sha256, say)
    crowd = _film(cache, MARKET, stills.sha256, say)
    detector, exact = (_detector(cache, accelerated=each) for each in (True, False))
    covered = _cover_all(film, marks, _ways(detector, exact), say)
    say("looking with the detector alone")
    recall = recall_by_size(film, marks, detector)
    flat = {times: recall_when_flat(film, marks, detector, times) for times in FLATTER}
    return Findings(
        outcomes=covered.outcomes,
        groups=covered.groups,
        recall=recall,
        paces=covered.paces,
        flat_recall=flat,
        crowd=measure_crowd(crowd, stills, PERSONS, detector, say),
        turning=measure_turning(film, marks, PERSONS, detector, say),
    )


@dataclass(slots=True)
class _Street:
    """What the ways of the street film have given so far."""

    outcomes: dict[str, dict[str, Outcome]]
    groups: dict[str, dict[str, Counted]]
    paces: dict[str, dict[str, Counted]]


def _cover_all(
    film: Path, marks: Marks, ways: Mapping[str, tuple[Way, Alter]], say: Say
) -> _Street:
    street = _Street({}, {}, {})
    until = max(half.until for half in marks.halves)
    for number, (name, (way, alter)) in enumerate(ways.items(), 1):
        say(f"covering the street, {number} of {len(ways)}: {name}")
        covered = cover_film(film, until, way, alter)
        street.outcomes[name] = {
            half.name: judge(covered, marks, half) for half in marks.halves
        }
        if name == AS_DELIVERED:
            street.groups = _grouped(covered, marks, crowding)
        if name == MOVEMENT_ALONE:
            street.paces = _grouped(covered, marks, pace(marks))
    return street


def _grouped(
    covered: Sequence[Covered], marks: Marks, group: Group
) -> dict[str, dict[str, Counted]]:
    return {half.name: coverage_by_group(covered, marks, half, group) for half in marks.halves}


def judge(covered: Sequence[Covered], marks: Marks, half: Half) -> Outcome:
    """Hold one half of what was covered, all of the film, against the marks."""
    quality = measure_quality(_masks(covered, marks, half), marks, half)
    frames = [covered[frame] for frame in half.frames]
    return Outcome(
        quality=quality,
        careful=sum(each.careful for each in frames) / len(frames),
        whole=sum(bool(each.cells.all()) for each in frames) / len(frames),
    )


def coverage_by_group(
    covered: Sequence[Covered], marks: Marks, half: Half, group: Group = crowding
) -> dict[str, Counted]:
    """Return the coverage of persons by how well they can be seen, or by another group."""
    shares: dict[str, list[float]] = {}
    for frame, mask in zip(half.frames, _masks(covered, marks, half), strict=True):
        seen = marks.seen(frame)
        for each in seen:
            for name in group(each, seen, frame):
                shares.setdefault(name, []).append(covered_share(mask, each.box))
    return counted(shares)


def recall_by_size(
    film: Path, marks: Marks, detector: Detector
) -> dict[str, dict[str, Counted]]:
    """Return which share of persons the detector finds in single frames, by size class.

    A person is found when a detection that is no other person's, and confident enough to be
    covered, overlaps the box by 0.4 or more. Both halves are looked at frame by frame.
    """
    found: dict[str, dict[str, list[float]]] = {half.name: {} for half in marks.halves}
    for half, size, hit in _hits(film, marks, detector, 1):
        found[half].setdefault(size, []).append(hit)
    return {half: counted(sizes) for half, sizes in found.items()}


def recall_when_flat(
    film: Path, marks: Marks, detector: Detector, times: int
) -> dict[str, Counted]:
    """Return the same for all sizes, of pictures in which people are so many times flatter."""
    found: dict[str, list[float]] = {}
    for half, _, hit in _hits(film, marks, detector, times):
        found.setdefault(half, []).append(hit)
    return counted(found)


def _hits(
    film: Path, marks: Marks, detector: Detector, times: int
) -> Iterator[tuple[str, str, bool]]:
    """Yield half, size class and whether the detector found them, for every sighting."""
    bar = PERSONS.threshold(Kind.PERSON).faint
    until = max(half.until for half in marks.halves)
    alter = foreshortened(times) if times > 1 else as_filmed
    for frame, (picture, _) in enumerate(pictures(film, until, alter)):
        for half in marks.halves:
            if frame not in half.frames:
                continue
            boxes = [
                each.box
                for each in detector.detect(picture)
                if each.kind is Kind.PERSON and each.confidence >= bar
            ]
            seen = [each.box for each in marks.seen(frame)]
            hits = matched([_pressed(box, times) for box in seen], boxes)
            for place, box in enumerate(seen):
                yield half.name, size_class(box), place in hits


def _ways(detector: Detector, exact: Detector) -> dict[str, tuple[Way, Alter]]:
    def _engine(settings: Settings, with_: Detector = detector) -> ByEngine:
        return ByEngine(settings, [with_])

    rarest = PERSONS.every_most
    return {
        AS_DELIVERED: (_engine(PERSONS), as_filmed),
        "every_1": (_engine(replace(PERSONS, every=1)), as_filmed),
        "every_2": (_engine(replace(PERSONS, every=2)), as_filmed),
        f"every_{rarest}": (_engine(replace(PERSONS, every=rarest)), as_filmed),
        "without_movement": (_engine(replace(PERSONS, motion=False)), as_filmed),
        MOVEMENT_ALONE: (_engine(PERSONS, FindsNobody()), as_filmed),
        "boxes_alone": (ByLatestBoxes(PERSONS, detector), as_filmed),
        "without_bfloat16": (_engine(PERSONS, exact), as_filmed),
        "far_away": (_engine(PERSONS), far_away),
        **{night_way(light): (_engine(PERSONS), Night(light)) for light in LIGHTS},
        **{flat_way(times): (_engine(PERSONS), foreshortened(times)) for times in FLATTER},
    }


def night_way(light: Light) -> str:
    """Return the name of the way that is the engine as delivered in that light."""
    return f"night_{light.lux:g}_lux" + ("_smoothed" if light.smoothed else "")


def flat_way(times: int) -> str:
    """Return the name of the way that is the engine as delivered on people so much flatter."""
    return f"foreshortened_{times}_times"


def _film(cache: Path, source: FootageSource, sha256: str, say: Say) -> Path:
    film = obtain(source, cache, say)
    if film is None:
        raise UnavailableError(f"no {source.name}; make this work and repeat: {source.command}")
    digest = hashlib.sha256()
    with film.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != sha256:
        raise CorruptError(
            f"{film} is not the film that was marked (SHA-256 {sha256}); remove it and repeat"
        )
    return film


def _detector(cache: Path, *, accelerated: bool) -> Detector:
    opened = open_detectors(
        PERSONS.kinds, read_registry(), cache, time.process_time, accelerated=accelerated
    )
    if opened.missing:
        raise UnavailableError("; ".join(opened.missing))
    return opened.detectors[0]


def _masks(covered: Sequence[Covered], marks: Marks, half: Half) -> Iterator[Mask]:
    for frame in half.frames:
        cells = covered[frame].cells
        rows, columns = marks.height // cells.shape[0], marks.width // cells.shape[1]
        yield np.repeat(np.repeat(cells, rows, axis=0), columns, axis=1)


def _pressed(box: Box, times: int) -> Box:
    return box._replace(top=box.top / times, bottom=box.bottom / times)


def _printed(outcome: Outcome) -> Figures:
    quality = outcome.quality
    return {
        "body_coverage": round(quality.body_coverage, 4),
        "body_coverage_by_height_px": {
            size: round(share, 4) for size, share in quality.body_coverage_by_height.items()
        },
        "needless_area": round(quality.needless_area, 4),
        "uncovered_over_200_ms": round(quality.uncovered_over_200_ms, 4),
        "frames_with_more_covered": round(outcome.careful, 3),
        "frames_wholly_covered": round(outcome.whole, 3),
        "person_frames": quality.person_frames,
    }


def _all_printed(halves: Mapping[str, Mapping[str, Counted]]) -> Figures:
    return {half: _halves_printed(names) for half, names in halves.items()}


def _halves_printed(names: Mapping[str, Counted]) -> Figures:
    return {
        name: {"share": round(each.share, 4), "sightings": each.sightings}
        for name, each in names.items()
    }


def _crowd_printed(outcome: CrowdOutcome) -> Figures:
    return {
        "body_coverage": round(outcome.covered, 4),
        "needless_area": round(outcome.needless, 4),
        "bare": round(outcome.bare, 4),
        "pictures_with_more_covered": round(outcome.careful, 3),
        "pictures_wholly_covered": round(outcome.whole, 3),
        "coverage_by_group": _halves_printed(outcome.groups),
        "coverage_by_height_of_576": _halves_printed(outcome.heights),
    }
