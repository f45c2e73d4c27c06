"""The program's front door: the registry of commands, and how failures reach a person."""

import argparse
import os
import sys
from collections.abc import Sequence

from handfast import __version__
from handfast.cli.command import Later, Parser, Run, add_later, join_fingerprints
from handfast.kit.errors import HandfastError, Kind

# Each command, as a newcomer meets them: its module, and the sentence it has there.
REGISTRY: dict[str, Later] = {
    "demo": Later(
        module="handfast.cli.demo.command",
        summary="Run a small city on this machine: hub, agency, three sites, cameras.",
    ),
    "hub": Later(
        module="handfast.cli.hub",
        summary="Run a city hub: registry, incidents, relay. It can decrypt nothing.",
    ),
    "node": Later(
        module="handfast.cli.node",
        summary="Run a site node: it records, decides, logs and releases.",
    ),
    "agency": Later(
        module="handfast.cli.agency",
        summary="Run an agency's server; certify its administrators; install agreements.",
    ),
    "owner": Later(
        module="handfast.cli.owner",
        summary="Keep an owner's root: certify the node and devices, sign agreements.",
    ),
    "signal": Later(
        module="handfast.cli.signal",
        summary="Report to a site node as one of its alarm panels.",
    ),
    "log": Later(
        module="handfast.cli.log",
        summary="Verify, show and export the log that says who was let in.",
    ),
    "models": Later(
        module="handfast.cli.models",
        summary="Install and verify the models that find persons, vehicles and faces, kept in "
        "~/.cache/handfast.",
    ),
    "redact": Later(
        module="handfast.cli.redact.command",
        summary="Cover persons, faces or vehicles in films and photos, on this machine alone.",
    ),
    "sim": Later(
        module="handfast.cli.sim",
        summary="Simulate cameras: real RTSP streams of real street footage.",
    ),
    "bench": Later(
        module="handfast.cli.bench",
        summary="Measure on this machine what the project promises; prints JSON.",
    ),
    "doctor": Later(
        module="handfast.cli.doctor",
        summary="Look at this machine and say what is wrong and how to mend it.",
    ),
}

FAILED = 1
USAGE = 2  # what argparse itself returns for a command line it cannot read
INTERRUPTED = 130  # what a shell reports for a program ended by Ctrl-C


def build_parser() -> argparse.ArgumentParser:
    """Build the parser; it loads the module of a command that it is asked for."""
    parser: argparse.ArgumentParser = Parser(
        prog="handfast",
        description="A city and its private partners keep people safe together, on trust.",
        epilog="Example:\n  handfast doctor",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"handfast {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, promised in REGISTRY.items():
        add_later(commands, name, promised)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status; see `run_reporting`."""
    given = sys.argv[1:] if argv is None else argv
    arguments = build_parser().parse_args(join_fingerprints(given))
    return run_reporting(arguments.run, arguments)


def run_reporting(run: Run, arguments: argparse.Namespace) -> int:
    """Run one command and turn what ends it into an exit status.

    0 is success, 1 a failure, 2 an input that can never work, 130 Ctrl-C. Failures raised on
    purpose become one sentence on stderr; anything else is a defect and keeps its traceback.
    """
    try:
        return run(arguments)
    except HandfastError as error:
        print(f"handfast: {error}", file=sys.stderr)
        return USAGE if error.kind is Kind.INVALID else FAILED
    except BrokenPipeError:
        # The reader has gone (`handfast ... | head`): Python's flush at exit needs a home.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        print("handfast: stopped", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
