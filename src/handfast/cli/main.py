"""The program's front door: the registry of commands, and how failures reach a person."""

import argparse
import importlib
import os
import sys
from collections.abc import Iterable, Sequence

from handfast import __version__
from handfast.cli.command import Run, join_fingerprints
from handfast.kit.errors import HandfastError, Kind

# Each command is one line here and one module, as a newcomer meets them. A module is loaded
# only when its command is asked for: a node must not pay for the demo's libraries, nor a
# verifier for a hub's.
REGISTRY: dict[str, str] = {
    "demo": "handfast.cli.demo.command",
    "hub": "handfast.cli.hub",
    "node": "handfast.cli.node",
    "agency": "handfast.cli.agency",
    "owner": "handfast.cli.owner",
    "signal": "handfast.cli.signal",
    "log": "handfast.cli.log",
    "models": "handfast.cli.models",
    "redact": "handfast.cli.redact.command",
    "sim": "handfast.cli.sim",
    "bench": "handfast.cli.bench",
    "doctor": "handfast.cli.doctor",
}

FAILED = 1
USAGE = 2  # what argparse itself returns for a command line it cannot read
INTERRUPTED = 130  # what a shell reports for a program ended by Ctrl-C


def build_parser(names: Iterable[str] = REGISTRY) -> argparse.ArgumentParser:
    """Build the parser with these commands; with every one in the registry by default."""
    parser = argparse.ArgumentParser(
        prog="handfast",
        description="A city and its private partners keep people safe together, on trust.",
        epilog="Example:\n  handfast doctor",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"handfast {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in names:
        importlib.import_module(REGISTRY[name]).add_to(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status; see `run_reporting`."""
    given = sys.argv[1:] if argv is None else argv
    asked = [word for word in given[:1] if word in REGISTRY]
    arguments = build_parser(asked or REGISTRY).parse_args(join_fingerprints(given))
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
