"""Redacts files one after the other, without anybody looking."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from handfast.cli.redact.asked import Asked, read_asked
from handfast.cli.redact.film import Film, redact_film
from handfast.cli.redact.kept_review import (
    options_of,
    read_review,
    require_same,
    reviewed_of,
)
from handfast.cli.redact.progress import FilmProgress
from handfast.cli.redact.report import Report, describe_file, write_report
from handfast.kit.clock import Clock, SystemClock
from handfast.kit.errors import HandfastError
from handfast.vision.model_detector import ModelDetector


def run(arguments: argparse.Namespace) -> int:
    """Redact a file or every film of a folder; 1 when one of several failed."""
    asked, clock = read_asked(arguments), SystemClock()
    if arguments.source.is_dir():
        return _redact_all(asked, arguments, clock)
    film = _reviewed(asked.films[0], arguments.edits)
    _redact(film, asked.detectors, arguments.report, clock)
    return 0


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


def _redact_all(asked: Asked, arguments: argparse.Namespace, clock: Clock) -> int:
    """Redact film after film; one that fails does not stop the others."""
    status = 0
    for film in asked.films:
        try:
            _redact(film, asked.detectors, _report_of(film, arguments), clock)
        except HandfastError as error:
            print(f"handfast: {error}", file=sys.stderr)
            status = 1
    return status
