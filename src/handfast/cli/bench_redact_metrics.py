"""How well a redacted film hides the marked walkers: three numbers, all of them strict.

What counts, and why, in words for everybody: docs/redaction-marks.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from math import ceil, floor
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from handfast.cli.bench_redact_marks import Half, Marks
from handfast.kit.errors import InvalidError
from handfast.vision.boxes import Box

Mask: TypeAlias = npt.NDArray[np.bool_]
"""One frame, height x width of the picture; true where a pixel no longer shows anything."""

_HEAD: Final = 0.25
"""The upper part of a box in which head and shoulders are."""

_ENOUGH: Final = 0.5
"""Less than this share covered, of a box or of its upper part, and a person counts as bare."""

_MARGIN: Final = 0.1
"""How much larger than marked, on each side, a box may be covered without being needless."""

_BLINK_S: Final = 0.2

_MATCHES: Final = 0.4
"""Overlap from which a detection is of the person marked."""

_HEIGHTS: Final = (48, 80, 120)
"""Where size classes of persons begin, px of the box's height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What the masks of one half are worth.

    Attributes:
        body_coverage: Share of a person's box that is covered, averaged over all persons
            in all frames; each weighs the same, however small or hidden.
        body_coverage_by_height: The same for each size class, e.g. `048-079` px high.
        needless_area: Share of the picture that is covered although no box, grown by a
            tenth on each side, is there; averaged over frames.
        uncovered_over_200_ms: Share of all person-seconds that fall into stretches longer
            than 0.2 s in which that person is bare in every frame.
        person_frames: How many persons were looked at, each frame on its own.
        frames: How many frames were looked at.
    """

    body_coverage: float
    body_coverage_by_height: dict[str, float]
    needless_area: float
    uncovered_over_200_ms: float
    person_frames: int
    frames: int


def measure_quality(masks: Iterable[Mask], marks: Marks, half: Half) -> Quality:
    """Hold masks against marks.

    Args:
        masks: One for each frame of the half, in order; read once, never kept.
        marks: Where persons are.
        half: Which frames.

    Raises:
        InvalidError: A mask is missing, or there is one too many, or one has another size
            than the picture: a number from fewer frames would flatter.
    """
    covered: dict[str, list[float]] = {}
    bare: dict[str, list[bool]] = {}
    needless: list[float] = []
    for frame, mask in zip_longest(half.frames, masks):
        fitting = _checked(mask, frame, marks=marks, half=half)
        seen = marks.seen(frame)
        needless.append(needless_share(fitting, [each.box for each in seen]))
        for each in seen:
            share = covered_share(fitting, each.box)
            covered.setdefault(size_class(each.box), []).append(share)
            bare.setdefault(each.person, []).append(is_bare(fitting, each.box))
    total = sum(map(len, covered.values()))
    long = sum(frames_in_long_stretches(flags, fps=marks.fps) for flags in bare.values())
    return Quality(
        body_coverage=sum(map(sum, covered.values())) / total,
        body_coverage_by_height={
            name: sum(shares) / len(shares) for name, shares in sorted(covered.items())
        },
        needless_area=sum(needless) / len(needless),
        uncovered_over_200_ms=long / total,
        person_frames=total,
        frames=len(needless),
    )


def covered_share(mask: Mask, box: Box) -> float:
    """Return the share of a box's pixels that is covered, 0 to 1.

    The whole box counts, corners included: whoever covers only a silhouette inside it
    scores less, and whoever misses a foot or an arm cannot win it back with the corners.
    Pixels that the box touches only in part count whole; none outside of the picture does.
    A box without a pixel in the picture is wholly covered.
    """
    part = mask[_pixels(mask, box)]
    return float(part.mean()) if part.size else 1.0


def is_bare(mask: Mask, box: Box) -> bool:
    """Return whether a person may be recognised.

    They may when less than half of the box is covered, or less than half of its upper
    quarter, where the head is: a body without its face is not hidden.
    """
    head = box._replace(bottom=box.top + box.height * _HEAD)
    return min(covered_share(mask, box), covered_share(mask, head)) < _ENOUGH


def needless_share(mask: Mask, boxes: Iterable[Box]) -> float:
    """Return the covered pixels outside of every box grown by a tenth, as share of the mask."""
    spare = mask.copy()
    for box in boxes:
        spare[_pixels(mask, box.grown(_MARGIN))] = False
    return float(spare.mean())


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


def frames_in_long_stretches(flags: Sequence[bool], *, fps: float) -> int:
    """Return how many frames lie in unbroken stretches of true that last over 0.2 s.

    A frame lasts 1/fps: at 10 frames per second two in a row are 0.2 s and do not count,
    three do, and then all three.
    """
    stretches = (len(list(run)) for flag, run in groupby(flags) if flag)
    return sum(count for count in stretches if round(count / fps, 6) > _BLINK_S)


def size_class(box: Box) -> str:
    """Return the name of the size class of a person, e.g. `048-079`; sorts by size."""
    edges = (0, *_HEIGHTS)
    since = max(edge for edge in edges if box.height >= edge)
    later = [edge for edge in edges if edge > since]
    return f"{since:03}-{later[0] - 1:03}" if later else f"{since:03}-"


def _pixels(mask: Mask, box: Box) -> tuple[slice, slice]:
    height, width = mask.shape
    rows = slice(max(floor(box.top), 0), max(min(ceil(box.bottom), height), 0))
    columns = slice(max(floor(box.left), 0), max(min(ceil(box.right), width), 0))
    return rows, columns


def _checked(mask: Mask | None, frame: int | None, *, marks: Marks, half: Half) -> Mask:
    if mask is None or frame is None:
        raise InvalidError(
            f"the {half.name} half has {len(half.frames)} frames; give one mask for each"
        )
    if mask.shape != (marks.height, marks.width):
        raise InvalidError(
            f"the mask of frame {frame} has shape {mask.shape}; "
            f"expand it to {marks.height} x {marks.width}, the size of {marks.film}"
        )
    return mask
