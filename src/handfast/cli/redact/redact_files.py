"""Redacts files one after the other, without anybody looking."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from handfast.cli.redact.asked import Asked, read_asked
from handfast.cli.redact.film import Film, redact_film
from handfast.cli.redact.folder import check_new, left_out, report_of, shown
from handfast.cli.redact.kept_review import (
    options_of,
    read_review,
    require_same,
    reviewed_of,
)
from handfast.cli.redact.progress import FilmProgress
from handfast.cli.redact.report import Report, TrackLine, describe_file, write_report
from handfast.kit.clock import Clock, SystemClock
from handfast.kit.errors import HandfastError
from handfast.vision.model_detector import ModelDetector

_USUAL: Final = frozenset({"normal", "settling"})
_MOST_NAMES: Final = 20  # in one line of the summary


def run(arguments: argparse.Namespace) -> int:
    """Redact a file or every film of a folder; 1 when one of several failed."""
    if not arguments.source.is_dir():
        check_new(arguments.target, replace=arguments.replace)
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
    film: Film,
    detectors: Sequence[ModelDetector],
    report: Path | None,
    clock: Clock,
    *,
    place: str = "",
) -> None:
    """Redact one film; `place` says which of how many it is."""
    progress = FilmProgress(place + shown(Path(film.source.name)), sys.stderr, clock)
    made = redact_film(film, detectors, progress.step)
    progress.end(made.pictures)
    print(f"{shown(film.target)}: {made.share:.1%} covered, sha256 {made.target.sha256}")
    if doubts := _doubts(made):
        print(f"{shown(film.target)}: {doubts}", file=sys.stderr)
    for each in made.tracks:
        if each.track in film.kept:
            print(f"{shown(film.target)}: {_clear(each)}")
    if report is not None:
        write_report(report, made)


def _clear(track: TrackLine) -> str:
    """Say who was left clear: with other options a number is somebody else."""
    since, until = (us / 1_000_000 for us in (track.since_us, track.until_us))
    return f"track {track.track} is clear, a {track.kind} from {since:.1f} s to {until:.1f} s"


def _redact_all(asked: Asked, arguments: argparse.Namespace, clock: Clock) -> int:
    """Redact film after film; one that fails does not stop the others."""
    failed, kept, total = [], 0, len(asked.films)
    for number, film in enumerate(asked.films, 1):
        if film.target.is_file() and not arguments.replace:
            kept += 1
            continue
        report = report_of(film.target, arguments.target, arguments.report)
        try:
            _redact(film, asked.detectors, report, clock, place=f"{number}/{total} ")
        except HandfastError as error:
            print(f"handfast: {error}", file=sys.stderr)
            failed.append(film.source)
    _say_all(arguments, total=total, kept=kept, failed=failed)
    return 1 if failed else 0


def _say_all(
    arguments: argparse.Namespace, *, total: int, kept: int, failed: Sequence[Path]
) -> None:
    print(f"{total - kept - len(failed)} of {total} redacted", file=sys.stderr)
    if kept:
        print(f"there already: {kept} (--replace makes them anew)", file=sys.stderr)
    if others := left_out(arguments.source, arguments.target):
        print(f"no film or photo: {_names(others)}", file=sys.stderr)
    if failed:
        print(f"failed: {_names(failed)}", file=sys.stderr)


def _names(files: Sequence[Path]) -> str:
    more = len(files) - _MOST_NAMES
    names = ", ".join(shown(each) for each in files[:_MOST_NAMES])
    return f"{names} and {more} more" if more > 0 else names


def _doubts(made: Report) -> str:
    """Say of how many pictures more was covered than usual, and why."""
    doubts = {name: count for name, count in made.states.items() if name not in _USUAL}
    if not doubts:
        return ""
    reasons = ", ".join(f"{name.replace('-', ' ')} {count}" for name, count in doubts.items())
    return f"more is covered in {sum(doubts.values())} of {made.pictures}: {reasons}"
