"""`OUT.review.json`: a review that can be interrupted, continued, and done again by others."""

from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from handfast.cli.files import read_json
from handfast.cli.redact.edits import Edits
from handfast.cli.redact.report import File, ModelLine, Reviewed
from handfast.kit.cache import whole_file
from handfast.kit.errors import ConflictError, InvalidError
from handfast.vision.settings import Settings
from handfast.vision.zones import Polygon

_VERSION: Final = 1
_Corners: TypeAlias = list[tuple[float, float]]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What decides which number a track has and what is covered.

    Attributes:
        kinds: What is covered.
        every: Detection looks at each k-th picture.
        motion: What moves is covered as well.
        fill: Solid or mosaic.
        masks: Places always covered.
        zones: Children's zones, and whether they are covered whole.
        models: SHA-256 of what looked.
        reads: Longer side of what each of them read, px.
        margin: By which boxes are grown, a share of their size.
    """

    kinds: list[str]
    every: int
    motion: bool
    fill: str
    masks: list[_Corners]
    zones: list[tuple[_Corners, bool]]
    models: list[str]
    reads: list[int]
    margin: float


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for the result.

    Attributes:
        by: The name they typed; nothing proves it.
        at: When, RFC 3339 UTC.
    """

    by: str
    at: str


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A review as it is kept.

    Attributes:
        version: Of this form.
        film: The source; the edits are good for no other.
        options: With which the engine ran.
        edits: What was changed.
        approval: None until somebody approves, and again after every change.
    """

    film: File
    options: Options
    edits: Edits = Edits()
    approval: Approval | None = None
    version: int = _VERSION


def review_path(target: Path) -> Path:
    """Return where the review of a result is kept: beside it."""
    return target.with_name(f"{target.name}.review.json")


def options_of(settings: Settings, models: tuple[ModelLine, ...]) -> Options:
    """Return the options that a review must have in common with a run."""
    looked = sorted(models, key=lambda each: each.sha256)
    return Options(
        kinds=sorted(settings.kinds),
        every=settings.every,
        motion=settings.motion,
        fill=settings.fill.value,
        masks=[_corners(each) for each in settings.masks],
        zones=[(_corners(each.area), each.whole) for each in settings.zones],
        models=[each.sha256 for each in looked],
        reads=[each.reads for each in looked],
        margin=settings.margin,
    )


def read_review(path: Path) -> Review:
    """Read a review.

    Raises:
        InvalidError: It cannot be read, is of a later version, or holds edits no page makes.
    """
    review = read_json(path, Review)
    if review.version != _VERSION:
        raise InvalidError(f"{path} has version {review.version}; use a newer Handfast")
    review.edits.check()
    return review


def write_review(path: Path, review: Review) -> None:
    """Write a review; whole and durable, or not at all."""
    with whole_file(path) as part:
        part.write_bytes(msgspec.json.format(msgspec.json.encode(review)) + b"\n")


def require_same(review: Review, film: File, options: Options, path: Path) -> None:
    """Refuse a review that was made of something else.

    Raises:
        ConflictError: The film has changed since, or the engine would run otherwise.
    """
    if review.film.sha256 != film.sha256:
        raise ConflictError(
            f"{path} was made of {review.film.name} with sha256 {review.film.sha256[:16]}…, "
            f"and {film.name} has {film.sha256[:16]}…: the film was changed or is another one. "
            "Take the film back, or move the review away and begin a new one"
        )
    names = [
        name
        for name in Options.__struct_fields__
        if getattr(review.options, name) != getattr(options, name)
    ]
    if names:
        raise ConflictError(
            f"{path} was made with other options ({', '.join(names)}), with which tracks have "
            "other numbers. Give the same options, or move the review away and begin anew"
        )


def reviewed_of(review: Review) -> Reviewed:
    """Return what an export takes from a review."""
    approval = review.approval
    return Reviewed(
        film=review.film.sha256,
        edits=review.edits,
        approved_by=approval.by if approval else None,
        approved_at=approval.at if approval else None,
    )


def _corners(polygon: Polygon) -> _Corners:
    return [(point.x, point.y) for point in polygon.points]
