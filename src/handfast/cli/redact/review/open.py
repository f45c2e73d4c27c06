"""`handfast redact IN OUT --review`: from the command line to a page, and back."""

import argparse
import asyncio
import os
import socket
import sys
import webbrowser
from collections.abc import Mapping
from typing import Final

from handfast.cli.redact.asked import read_asked
from handfast.cli.redact.film import Film, container_of, is_photo
from handfast.cli.redact.kept_review import (
    Review,
    options_of,
    read_review,
    require_same,
    review_path,
    write_review,
)
from handfast.cli.redact.progress import FilmProgress
from handfast.cli.redact.report import describe_file
from handfast.cli.redact.review.desk import Desk
from handfast.cli.redact.review.export import Export
from handfast.cli.redact.review.pages import Room, review_app
from handfast.cli.redact.review.scan import scan
from handfast.cli.redact.review.stills import Stills
from handfast.kit.clock import SystemClock
from handfast.kit.encoding import b64
from handfast.kit.errors import InvalidError
from handfast.kit.ids import SystemIds
from handfast.web.listen import Listen
from handfast.web.serving import server

_TOKEN_BYTES: Final = 24
_HOST: Final = "127.0.0.1"


def begin_review(film: Film) -> Review:
    """Return the review that was left for this result, or a new one, kept at once.

    Raises:
        ConflictError: What is there is of another film, or of other options.
        InvalidError: The film or what is there cannot be read.
    """
    container_of(film)
    if is_photo(film.source):
        raise InvalidError(
            f"{film.source} is a photo, a review is of a film; leave --review out"
        )
    path = review_path(film.target)
    source = describe_file(film.source, film.source.name)
    options = options_of(film.settings, film.models)
    if path.exists():
        review = read_review(path)
        require_same(review, source, options, path)
        return review
    review = Review(film=source, options=options)
    write_review(path, review)
    return review


def run(arguments: argparse.Namespace) -> int:
    """Let a person review a film on a page; returns when they finish it there, or on Ctrl-C."""
    asked, clock = read_asked(arguments), SystemClock()
    (film,), detectors = asked.films, asked.detectors
    review = begin_review(film)
    progress = FilmProgress(film.source.name, sys.stderr, clock)
    scanned = scan(film, detectors, progress.step)
    progress.end(len(scanned.pictures))
    desk = Desk(review, scanned, path=review_path(film.target), clock=clock)
    named = arguments.report or film.target.with_name(f"{film.target.name}.report.json")
    export = Export(film, detectors, report=named, clock=clock)
    try:
        with Stills(film.source, scanned, threads=film.threads) as stills:
            room = Room(film=film, scan=scanned, desk=desk, export=export, stills=stills)
            asyncio.run(_serve(room, token=b64(SystemIds(clock).secret(_TOKEN_BYTES))))
    finally:
        export.stop()
        print(f"The review is kept in {desk.path}; the same command continues it.")
    return 0


async def _serve(room: Room, *, token: str) -> None:
    """Serve until the page, or whoever started the program, ends it."""
    with socket.create_server((_HOST, 0)) as listening:
        port = listening.getsockname()[1]
        served = server(review_app(room, token=token, port=port), Listen(port=port))
        link = f"http://{_HOST}:{port}/review/#{token}"
        print(f"Review the film here, on this machine only:\n  {link}", flush=True)
        _show(link, os.environ)
        serving = asyncio.create_task(served.serve(sockets=[listening]))
        ending = asyncio.create_task(room.ended.wait())
        await asyncio.wait((serving, ending), return_when=asyncio.FIRST_COMPLETED)
        served.should_exit = True
        ending.cancel()
        await serving


def _show(link: str, environment: Mapping[str, str]) -> None:
    """Open the link in a browser, where there is a screen to show it on."""
    screen = sys.platform in {"darwin", "win32"} or {"DISPLAY", "WAYLAND_DISPLAY"} & set(
        environment
    )
    if screen:
        webbrowser.open(link)
