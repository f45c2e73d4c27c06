"""What a redaction says of itself, for whoever has to vouch for the file."""

import hashlib
import os
from pathlib import Path

import msgspec

from handfast.cli.redact.edits import Edits
from handfast.kit.cache import whole_file
from handfast.kit.errors import UnavailableError

_BLOCK = 1 << 20


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was read or written."""

    name: str
    size: int
    sha256: str


class BoxLine(msgspec.Struct, frozen=True, kw_only=True):
    """One track in one picture.

    Attributes:
        track: Its number, what `--keep track=` takes.
        kind: What it is taken for.
        box: Left, top, right, bottom; px, ends exclusive, without margins.
        confidence: Of its last detection.
        seen: Detected in this very picture; otherwise foreseen.
        clear: Left clear as asked for.
    """

    track: int
    kind: str
    box: tuple[int, int, int, int]
    confidence: float
    seen: bool
    clear: bool


class FrameLine(msgspec.Struct, frozen=True, kw_only=True):
    """One picture.

    Attributes:
        at_us: Its time in the film.
        state: How much was covered: normal, more, whole.
        reason: Why more than usual was, or null.
        share: Of the picture that is covered, 0 to 1.
        boxes: Every track.
    """

    at_us: int
    state: str
    reason: str | None
    share: float
    boxes: list[BoxLine]


class TrackLine(msgspec.Struct, frozen=True, kw_only=True):
    """One track over the film.

    Attributes:
        track: Its number.
        kind: What it is taken for.
        since_us: Time of its first picture.
        until_us: Time of its last picture.
        confidence: Its best.
        pictures: That it is in, foreseen ones included.
    """

    track: int
    kind: str
    since_us: int
    until_us: int
    confidence: float
    pictures: int


class Misses(msgspec.Struct, frozen=True, kw_only=True):
    """How often detection missed what was followed; those never found are in no count.

    Attributes:
        looks: Times that detection looked for something followed already.
        missed: Of these, how often it did not find it; it stayed covered.
        rate: missed / looks, or null without looks.
        alone: Expected number of tracks per hundred that three looks in a row would all miss,
            if misses were independent, which they are not quite.
        never_found: What this estimate cannot say.
    """

    looks: int
    missed: int
    rate: float | None
    alone: float | None
    never_found: str = (
        "Whoever detection never found is in no count here, and is covered by movement alone; "
        "see the recall of the models below and docs/redaction.md."
    )


class ModelLine(msgspec.Struct, frozen=True, kw_only=True):
    """A model that looked, and what it was measured to find.

    Attributes:
        model: Its name in the registry.
        sha256: Of its file.
        reads: Longer side of what it read, px.
        measured: What it was measured to find, and how; at the registry's own size.
    """

    model: str
    sha256: str
    reads: int
    measured: list[str]


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """What a person changed, and who answers for it.

    Attributes:
        film: SHA-256 of the film that was reviewed.
        edits: What was changed.
        approved_by: The name that was typed, or null when nobody approved.
        approved_at: When, RFC 3339 UTC, or null.
    """

    film: str
    edits: Edits
    approved_by: str | None
    approved_at: str | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to one film.

    Attributes:
        handfast: Version of the program.
        source: The file read.
        target: The file written.
        kinds: What was covered.
        every: Detection looked at each k-th picture.
        pictures: Written.
        skipped: Packets of the source that gave no picture.
        damaged: Pictures covered whole because the decoder reported errors.
        detected: Pictures that detection looked at.
        states: Pictures by reason; "normal" without one.
        share: Of all pictures that is covered, on average.
        misses: How often detection missed what was followed.
        models: What looked.
        tracks: Everything followed.
        frames: Every picture.
        reviewed: What a person changed, or null.
    """

    handfast: str
    source: File
    target: File
    kinds: list[str]
    every: int
    pictures: int
    skipped: int
    damaged: int
    detected: int
    states: dict[str, int]
    share: float
    misses: Misses
    models: list[ModelLine]
    tracks: list[TrackLine]
    frames: list[FrameLine]
    reviewed: Reviewed | None = None


def write_report(path: Path, report: Report) -> None:
    """Write a report as JSON; whole, or not at all.

    Raises:
        UnavailableError: The disk is full, or failed.
    """
    try:
        with whole_file(path) as part:
            part.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    except OSError as error:
        raise UnavailableError(
            f"the report {path} cannot be written ({error.strerror or error}), the film is; "
            "make room and repeat with --replace"
        ) from error


def describe_file(path: Path, name: str) -> File:
    """Return a file's size and SHA-256; reads all of it.

    Bytes of the name that are no text are replaced, so that the report stays JSON.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
        size = file.tell()
    text = os.fsencode(name).decode("utf-8", "replace")
    return File(name=text, size=size, sha256=digest.hexdigest())
