"""`handfast redact`: cover persons, faces and vehicles in files of anyone's own."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from handfast.cli.command import Commands, add_command
from handfast.cli.redact.film import Film, redact_film
from handfast.cli.redact.kept_review import (
    options_of,
    read_review,
    require_same,
    reviewed_of,
)
from handfast.cli.redact.masks import read_masks
from handfast.cli.redact.progress import FilmProgress
from handfast.cli.redact.report import ModelLine, Report, describe_file, write_report
from handfast.cli.redact.review.open import run_review
from handfast.kit.cache import cache_directory
from handfast.kit.clock import Clock, SystemClock
from handfast.kit.errors import HandfastError, InvalidError, NotFoundError
from handfast.kit.ids import SystemIds
from handfast.media.picture_writer import CONTAINERS
from handfast.vision.boxes import Kind
from handfast.vision.detectors import open_detectors
from handfast.vision.model_detector import ModelDetector
from handfast.vision.registry import Model, Registry, read_registry
from handfast.vision.settings import Fill, Settings

_FILMS: Final = frozenset(
    {*CONTAINERS, ".avi", ".ts", ".mts", ".webm", ".mpg", ".mpeg", ".wmv"}
)
_MOST_THREADS: Final = 4


def add_to(commands: Commands) -> None:
    """Add `redact`."""
    parser = add_command(
        commands,
        "redact",
        summary="Cover persons, faces or vehicles in video files, on this machine alone.",
        example="""handfast redact yard.mp4 yard-redacted.mp4
        handfast redact yard.mp4 yard-redacted.mp4 --report yard.json
        handfast redact yard.mp4 for-her-parents.mp4 --keep track=12
        handfast redact yard.mp4 for-her-parents.mp4 --review
        handfast redact yard.mp4 again.mp4 --edits for-her-parents.mp4.review.json
        handfast redact recordings redacted --faces-only --moving-camera""",
        run=run_redact,
    )
    parser.add_argument(
        "source", type=Path, metavar="IN", help="a video file, or a folder of them"
    )
    parser.add_argument(
        "target", type=Path, metavar="OUT", help="a file, or a folder for a folder"
    )
    _add_review(parser)
    _add_what(parser)
    _add_how(parser)


def _add_review(parser: argparse.ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--review",
        action="store_true",
        help="look at the result on a page on this machine, draw what else is to be covered, "
        "choose who stays clear, approve, export; changes are kept in OUT.review.json",
    )
    either.add_argument(
        "--edits",
        type=Path,
        metavar="FILE",
        help="do again what a review decided; same film and options",
    )


def _add_what(parser: argparse.ArgumentParser) -> None:
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--faces-only", action="store_true", help="cover faces, not whole bodies")
    only.add_argument(
        "--persons",
        action="store_true",
        help="cover bodies, and look for no faces of their own",
    )
    parser.add_argument("--vehicles", action="store_true", help="cover vehicles as well")
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="track=N",
        help="leave this track clear, N from the report of a run before; may be repeated",
    )
    parser.add_argument(
        "--masks", type=Path, metavar="FILE", help="JSON with places always covered, and zones"
    )
    parser.add_argument(
        "--moving-camera",
        action="store_true",
        help="the camera is carried or turned: do not cover what moves against a background",
    )
    parser.add_argument(
        "--every",
        type=int,
        default=Settings().every,
        metavar="K",
        help="detect each k-th picture",
    )
    parser.add_argument(
        "--mosaic",
        action="store_true",
        help="coarse squares instead of grey; they keep colours, and can be recognised",
    )


def _add_how(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--keep-audio", action="store_true", help="copy the sound; voices tell")
    parser.add_argument(
        "--metadata",
        choices=("strip", "keep"),
        default="strip",
        help="title, place and time that the file carries",
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write JSON: boxes, misses, hashes"
    )
    parser.add_argument(
        "--registry", type=Path, metavar="FILE", help="models of your own in place of ours"
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=0,
        metavar="N",
        help="for decoding; 0: as many as there are cores",
    )


def run_redact(arguments: argparse.Namespace) -> int:
    """Redact a file or every film of a folder; 1 when one of several failed."""
    _check_review(arguments)
    settings = _settings(arguments)
    keep, threads = _keep(arguments.keep), _threads(arguments.threads)
    pairs = pairs_of(arguments.source, arguments.target)
    detectors, models = _detectors(settings, read_registry(arguments.registry))
    clock = SystemClock()
    films = [
        Film(
            source=source,
            target=target,
            settings=settings,
            keep=keep,
            sound=arguments.keep_audio,
            metadata=arguments.metadata == "keep",
            threads=threads,
            models=models,
        )
        for source, target in pairs
    ]
    if arguments.review:
        return run_review(
            films[0], detectors, report=arguments.report, clock=clock, ids=SystemIds(clock)
        )
    if not arguments.source.is_dir():
        _redact(_reviewed(films[0], arguments.edits), detectors, arguments.report, clock)
        return 0
    return _redact_all(films, detectors, arguments, clock)


def _check_review(arguments: argparse.Namespace) -> None:
    if not arguments.review and arguments.edits is None:
        return
    if arguments.source.is_dir():
        raise InvalidError("a review is of one film; name a file instead of a folder")
    if arguments.keep:
        raise InvalidError("who stays clear is part of the review; leave --keep out")


def _reviewed(film: Film, edits: Path | None) -> Film:
    """Return the film with the edits of a review, held to be of this film and these options."""
    if edits is None:
        return film
    review = read_review(edits)
    source = describe_file(film.source, film.source.name)
    require_same(review, source, options_of(film.settings, film.models), edits)
    if review.approval is None:
        print(f"{edits} has not been approved by anybody.", file=sys.stderr)
    return replace(film, reviewed=reviewed_of(review))


def _redact(
    film: Film, detectors: Sequence[ModelDetector], report: Path | None, clock: Clock
) -> Report:
    progress = FilmProgress(film.source.name, sys.stderr, clock)
    made = redact_film(film, detectors, progress.step)
    progress.end(made.pictures)
    if report is not None:
        write_report(report, made)
    print(f"{film.target}: {made.share:.1%} covered, sha256 {made.target.sha256}")
    return made


def _report_of(film: Film, arguments: argparse.Namespace) -> Path | None:
    """Return where a film's report goes: into a folder of the same shape."""
    if arguments.report is None:
        return None
    name: Path = arguments.report / film.target.relative_to(arguments.target)
    return name.with_name(f"{name.name}.json")


def _redact_all(
    films: Sequence[Film],
    detectors: Sequence[ModelDetector],
    arguments: argparse.Namespace,
    clock: Clock,
) -> int:
    """Redact film after film; one that fails does not stop the others."""
    status = 0
    for film in films:
        try:
            _redact(film, detectors, _report_of(film, arguments), clock)
        except HandfastError as error:
            print(f"handfast: {error}", file=sys.stderr)
            status = 1
    return status


def pairs_of(source: Path, target: Path) -> list[tuple[Path, Path]]:
    """Return each film and what it becomes; a folder's shape is kept.

    Raises:
        InvalidError: The folder holds no film.
    """
    if not source.is_dir():
        return [(source, target)]
    found = sorted(each for each in source.rglob("*") if each.suffix.lower() in _FILMS)
    if not found:
        raise InvalidError(f"{source} holds no film; name a file or a folder with films")
    pairs = []
    for each in found:
        name = target / each.relative_to(source)
        known = each.suffix.lower() in CONTAINERS
        pairs.append((each, name if known else name.with_name(f"{name.name}.mkv")))
    return pairs


def _settings(arguments: argparse.Namespace) -> Settings:
    kinds = {Kind.FACE} if arguments.faces_only else {Kind.PERSON, Kind.FACE}
    if arguments.persons:
        kinds = {Kind.PERSON}
    if arguments.vehicles:
        kinds.add(Kind.VEHICLE)
    masks = read_masks(arguments.masks)
    return Settings(
        kinds=frozenset(kinds),
        every=arguments.every,
        every_most=max(arguments.every, Settings().every_most),
        motion=not arguments.moving_camera and not arguments.faces_only,
        fill=Fill.MOSAIC if arguments.mosaic else Fill.SOLID,
        masks=masks.polygons(),
        zones=masks.areas(),
    )


def _detectors(
    settings: Settings, registry: Registry
) -> tuple[tuple[ModelDetector, ...], tuple[ModelLine, ...]]:
    """Open what is needed; a file is no live picture, so rather no film than a grey one."""
    opened = open_detectors(
        settings.kinds, registry, cache_directory(os.environ), time.process_time
    )
    if opened.missing:
        raise NotFoundError("; ".join(opened.missing))
    used = [each for each in registry.model if settings.kinds & set(each.classes.values())]
    return opened.detectors, tuple(_line(each) for each in used)


def _line(model: Model) -> ModelLine:
    measured = [f"{each.recall:.0%} of {each.of} ({each.how})" for each in model.measured]
    return ModelLine(model=model.id, sha256=model.sha256, measured=measured)


def _keep(words: list[str]) -> frozenset[int]:
    kept = set()
    for word in words:
        name, _, number = word.partition("=")
        if name != "track" or not number.isdecimal():
            raise InvalidError(f"--keep {word} is not understood; write --keep track=12")
        kept.add(int(number))
    return frozenset(kept)


def _threads(asked: int) -> int:
    if asked < 0:
        raise InvalidError("--threads is below 0; give 0 for as many as there are cores")
    return asked or min(os.cpu_count() or 1, _MOST_THREADS)
