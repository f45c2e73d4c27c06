"""`handfast bench redact --quality`: the engine against the marks of the street film."""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from handfast.cli.bench_redact_marks import Half, Marks, Seen, load_marks
from handfast.cli.bench_redact_metrics import (
    Mask,
    Quality,
    covered_share,
    measure_quality,
    size_class,
)
from handfast.cli.bench_redact_ways import (
    Alter,
    ByEngine,
    ByLatestBoxes,
    Covered,
    FindsNobody,
    Way,
    as_filmed,
    at_night,
    cover_film,
    far_away,
    pictures,
)
from handfast.cli.bench_report import Figures
from handfast.kit.errors import CorruptError, UnavailableError
from handfast.media.footage_sources import VTEST, Say, obtain
from handfast.vision.boxes import Box, Kind
from handfast.vision.detector import Detector
from handfast.vision.detectors import open_detectors
from handfast.vision.registry import read_registry
from handfast.vision.settings import Settings

AS_DELIVERED: Final = "as_delivered"
PERSONS: Final = Settings(kinds=frozenset({Kind.PERSON}))
_MATCHES: Final = 0.4  # overlap from which a detection is of the person marked
_HALF_HIDDEN: Final = 0.5
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One way in one half.

    Attributes:
        quality: Held against the marks.
        careful: Share of the frames in which the engine covered more than usual.
    """

    quality: Quality
    careful: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A share of so many sightings of persons."""

    share: float
    sightings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything that was measured, each by the name of the half.

    Attributes:
        outcomes: By the name of the way, then by half.
        groups: Coverage as delivered of those who are hidden, in pairs, alone.
        recall: What the detector alone finds in single frames, by size class.
    """

    outcomes: Mapping[str, Mapping[str, Outcome]]
    groups: Mapping[str, Mapping[str, Counted]]
    recall: Mapping[str, Mapping[str, Counted]]

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
        }


def measure(cache: Path, say: Say) -> Findings:
    """Cover the film in every way, from its first frame on, and hold it against the marks.

    Raises:
        CorruptError: The film is not the one that was marked.
        UnavailableError: Film or models cannot be had.
    """
    marks = load_marks()
    film = _film(cache, marks, say)
    until = max(half.until for half in marks.halves)
    detector, exact = (_detector(cache, accelerated=each) for each in (True, False))
    ways = _ways(detector, exact)
    outcomes: dict[str, dict[str, Outcome]] = {}
    groups: dict[str, dict[str, Counted]] = {}
    for number, (name, (way, alter)) in enumerate(ways.items(), 1):
        say(f"covering the film, {number} of {len(ways)}: {name}")
        covered = cover_film(film, until, way, alter)
        outcomes[name] = {half.name: judge(covered, marks, half) for half in marks.halves}
        if name == AS_DELIVERED:
            groups = {
                half.name: coverage_by_group(covered, marks, half) for half in marks.halves
            }
    say("looking with the detector alone")
    recall = recall_by_size(film, marks, detector)
    return Findings(outcomes=outcomes, groups=groups, recall=recall)


def judge(covered: Sequence[Covered], marks: Marks, half: Half) -> Outcome:
    """Hold one half of what was covered, all of the film, against the marks."""
    quality = measure_quality(_masks(covered, marks, half), marks, half)
    careful = [covered[frame].careful for frame in half.frames]
    return Outcome(quality=quality, careful=sum(careful) / len(careful))


def coverage_by_group(
    covered: Sequence[Covered], marks: Marks, half: Half
) -> dict[str, Counted]:
    """Return the coverage of persons by how well they can be seen."""
    shares: dict[str, list[float]] = {}
    for frame, mask in zip(half.frames, _masks(covered, marks, half), strict=True):
        seen = marks.seen(frame)
        for each in seen:
            group = _group(each, seen)
            shares.setdefault(group, []).append(covered_share(mask, each.box))
    return {
        group: Counted(share=sum(found) / len(found), sightings=len(found))
        for group, found in sorted(shares.items())
    }


def recall_by_size(
    film: Path, marks: Marks, detector: Detector
) -> dict[str, dict[str, Counted]]:
    """Return which share of persons the detector finds in single frames, by size class.

    A person is found when a detection that is no other person's, and confident enough to be
    covered, overlaps the box by 0.4 or more. Both halves are looked at frame by frame.
    """
    bar = PERSONS.threshold(Kind.PERSON).faint
    found: dict[str, dict[str, list[bool]]] = {half.name: {} for half in marks.halves}
    until = max(half.until for half in marks.halves)
    for frame, (picture, _) in enumerate(pictures(film, until)):
        for half in marks.halves:
            if frame not in half.frames:
                continue
            boxes = [
                each.box
                for each in detector.detect(picture)
                if each.kind is Kind.PERSON and each.confidence >= bar
            ]
            seen = marks.seen(frame)
            hits = matched([each.box for each in seen], boxes)
            for place, each in enumerate(seen):
                found[half.name].setdefault(size_class(each.box), []).append(place in hits)
    return {
        half: {
            size: Counted(share=sum(hits) / len(hits), sightings=len(hits))
            for size, hits in sorted(sizes.items())
        }
        for half, sizes in found.items()
    }


def matched(marked: Sequence[Box], detected: Sequence[Box]) -> set[int]:
    """Return the places of the marked boxes that have a detection of their own."""
    fits = sorted(
        (
            (box.overlap(other), place, number)
            for place, box in enumerate(marked)
            for number, other in enumerate(detected)
        ),
        reverse=True,
    )
    hits: set[int] = set()
    used: set[int] = set()
    for overlap, place, number in fits:
        if overlap >= _MATCHES and place not in hits and number not in used:
            hits.add(place)
            used.add(number)
    return hits


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
        "movement_alone": (_engine(PERSONS, FindsNobody()), as_filmed),
        "boxes_alone": (ByLatestBoxes(PERSONS, detector), as_filmed),
        "without_bfloat16": (_engine(PERSONS, exact), as_filmed),
        "night": (_engine(PERSONS), at_night),
        "far_away": (_engine(PERSONS), far_away),
    }


def _film(cache: Path, marks: Marks, say: Say) -> Path:
    film = obtain(VTEST, cache, say)
    if film is None:
        raise UnavailableError(f"no {VTEST.name}; make this work and repeat: {VTEST.command}")
    digest = hashlib.sha256()
    with film.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != marks.sha256:
        raise CorruptError(
            f"{film} is not the film that was marked (SHA-256 {marks.sha256}); remove it and "
            "repeat"
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
        side = marks.height // cells.shape[0]
        yield np.repeat(np.repeat(cells, side, axis=0), side, axis=1)


def _group(each: Seen, seen: Sequence[Seen]) -> str:
    if each.hidden >= _HALF_HIDDEN:
        return "half_hidden_or_more"
    others = (other.box for other in seen if other.person != each.person)
    touches = any(each.box.shared(other) > 0 for other in others)
    return "touching_another" if touches else "by_themselves"


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
        "person_frames": quality.person_frames,
    }


def _all_printed(halves: Mapping[str, Mapping[str, Counted]]) -> Figures:
    return {
        half: {
            name: {"share": round(each.share, 4), "sightings": each.sightings}
            for name, each in names.items()
        }
        for half, names in halves.items()
    }
