"""`handfast redact`: cover persons, faces and vehicles in files of anyone's own."""

import argparse
import importlib
from pathlib import Path
from typing import Final

from handfast.cli.command import Commands, add_command
from handfast.kit.errors import InvalidError
from handfast.vision.settings import Settings

# A module is loaded only when its way of working is asked for: whoever redacts a folder must
# not pay for the web server of a review, nor whoever reads the help for the engine.
_WORK: Final = {
    False: "handfast.cli.redact.redact_files",
    True: "handfast.cli.redact.review.open",
}


def add_to(commands: Commands) -> None:
    """Add `redact`."""
    parser = add_command(
        commands,
        "redact",
        summary="Cover persons, faces or vehicles in films and photos, on this machine alone.",
        example="""handfast redact yard.mp4 yard-redacted.mp4
        handfast redact yard.mp4 yard-redacted.mp4 --report yard.json
        handfast redact yard.mp4 for-her-parents.mp4 --review
        handfast redact yard.mp4 for-her-parents.mp4 --keep track=12
        handfast redact yard.mp4 again.mp4 --edits for-her-parents.mp4.review.json
        handfast redact recordings redacted --faces-only --moving-camera
        handfast redact photo.jpg photo-redacted.jpg""",
        run=run_redact,
    )
    parser.add_argument(
        "source", type=Path, metavar="IN", help="a film or a photo, or a folder of them"
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
        help="leave this track clear; --review shows who has which number, a report of a run "
        "before lists them; may be repeated",
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
        "--margin",
        type=float,
        default=Settings().margin,
        metavar="SHARE",
        help="grow what is found by this share of its size on each side (%(default)s)",
    )
    parser.add_argument(
        "--faces-at",
        type=int,
        metavar="PX",
        help="longer side of the picture in which faces are sought (960); 1920 finds smaller "
        "ones, and takes four times as long",
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
        "--report",
        type=Path,
        metavar="FILE",
        help="write JSON: boxes, misses, hashes; a folder for a folder",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="write over what is there; otherwise a file is refused, and of a folder only what "
        "is missing is made",
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
    """Redact a file or every film of a folder, or let a person review one on a page."""
    _check_review(arguments)
    status: int = importlib.import_module(_WORK[arguments.review]).run(arguments)
    return status


def _check_review(arguments: argparse.Namespace) -> None:
    if not arguments.review and arguments.edits is None:
        return
    if arguments.source.is_dir():
        raise InvalidError("a review is of one film; name a file instead of a folder")
    if arguments.keep:
        raise InvalidError("who stays clear is part of the review; leave --keep out")
