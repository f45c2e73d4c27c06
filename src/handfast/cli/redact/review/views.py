"""What the page is told: pictures by their numbers, places in shares of ten thousand."""

from itertools import groupby
from typing import Final, TypeAlias

import msgspec

from handfast.cli.redact.edits import Edits
from handfast.cli.redact.kept_review import Approval
from handfast.cli.redact.review.scan import Scan, Seen
from handfast.vision.boxes import Kind

FINE: Final = 10_000
"""Places are whole numbers up to this across and down, whatever the picture's size."""

CHUNK: Final = 50
"""Pictures told of at once."""

_CLEARLY: Final = 0.1  # above the bar that begins a track


Place: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom; 0 to `FINE`."""


class TrackView(msgspec.Struct, frozen=True, kw_only=True):
    """A track over the film.

    Attributes:
        track: Its number.
        kind: What it is taken for.
        since_us: Time of its first picture.
        first: Number of its first picture.
        last: Number of its last picture.
        confidence: Its best.
        unsure: That is little: it may be nobody, or badly followed.
        unseen: From where to where it was foreseen only, numbers, both included.
    """

    track: int
    kind: str
    since_us: int
    first: int
    last: int
    confidence: float
    unsure: bool
    unseen: list[tuple[int, int]]


class DoubtView(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures in a row in which more than usual is covered, and why."""

    first: int
    last: int
    state: str
    reason: str | None


class FilmView(msgspec.Struct, frozen=True, kw_only=True):
    """A film under review.

    Attributes:
        name: The film's.
        target: The result's.
        saved: File in which changes are kept.
        times: Of every picture, microseconds.
        rate: Pictures per second.
        shape: Width over height, as it is to be shown.
        chunk: Pictures that are told of at once.
        motion: What moves is covered as well.
        mosaic: The export shows coarse squares where this page shows grey.
        zones: There are children's zones.
        tracks: Everything followed.
        doubts: Where more than usual is covered.
        revision: Of the edits.
        edits: What was changed so far.
        approval: By whom, if so.
    """

    name: str
    target: str
    saved: str
    times: list[int]
    rate: float
    shape: float
    chunk: int
    motion: bool
    mosaic: bool
    zones: bool
    tracks: list[TrackView]
    doubts: list[DoubtView]
    revision: int
    edits: Edits
    approval: Approval | None


class BoxView(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A track in one picture: number, left, top, right, bottom, seen in this very picture."""

    track: int
    left: int
    top: int
    right: int
    bottom: int
    seen: bool


def track_views(scan: Scan) -> list[TrackView]:
    """Return every track with its pictures."""
    places: dict[int, list[tuple[int, bool]]] = {}
    for number, picture in enumerate(scan.pictures):
        for each in picture.tracks:
            places.setdefault(each.track, []).append((number, each.missed > 0))
    views = []
    for line in scan.tracks:
        rows = places[line.track]
        bar = scan.settings.threshold(Kind(line.kind)).sure + _CLEARLY
        view = TrackView(
            track=line.track,
            kind=line.kind,
            since_us=line.since_us,
            first=rows[0][0],
            last=rows[-1][0],
            confidence=line.confidence,
            unsure=line.confidence < bar,
            unseen=_runs([number for number, missed in rows if missed]),
        )
        views.append(view)
    return views


def doubt_views(scan: Scan) -> list[DoubtView]:
    """Return where the engine was in doubt."""
    views = []
    numbered = enumerate(scan.pictures)
    for judged, row in groupby(numbered, key=lambda each: each[1].judged):
        numbers = [number for number, _ in row]
        if judged.reason is not None:
            view = DoubtView(
                first=numbers[0], last=numbers[-1], state=judged.state, reason=judged.reason
            )
            views.append(view)
    return views


def box_views(scan: Scan, chunk: int) -> list[list[BoxView]]:
    """Return every track of each picture of a chunk."""
    return [_boxes(each) for each in scan.pictures[chunk * CHUNK : (chunk + 1) * CHUNK]]


def cover_views(scan: Scan, chunk: int, edits: Edits) -> list[list[Place]]:
    """Return what an export covers in each picture of a chunk: left, top, right, bottom."""
    end = min((chunk + 1) * CHUNK, len(scan.pictures))
    views = []
    for number in range(chunk * CHUNK, end):
        grid = scan.pictures[number].grid
        size = (grid.width, grid.height, grid.width, grid.height)
        views.append([_fine(box, size) for box in scan.covered(number, edits)])
    return views


def _boxes(seen: Seen) -> list[BoxView]:
    size = (seen.grid.width, seen.grid.height, seen.grid.width, seen.grid.height)
    views = []
    for each in seen.tracks:
        left, top, right, bottom = _fine(each.box, size)
        views.append(
            BoxView(
                track=each.track,
                left=left,
                top=top,
                right=right,
                bottom=bottom,
                seen=each.missed == 0,
            )
        )
    return views


def _fine(box: tuple[float, float, float, float], size: tuple[int, int, int, int]) -> Place:
    left, top, right, bottom = (
        round(edge * FINE / whole) for edge, whole in zip(box, size, strict=True)
    )
    return left, top, right, bottom


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Return rows of consecutive numbers as their first and last."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
