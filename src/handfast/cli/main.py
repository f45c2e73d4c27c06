"""The program's front door: the registry of commands, and how failures reach a person."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from handfast import __version__
from handfast.cli import agency, bench, doctor, hub, log, node, owner, signal, sim
from handfast.cli.command import Commands, Run, join_fingerprints
from handfast.cli.demo import command as demo
from handfast.kit.errors import HandfastError, Kind

# Each command is one line here and one module beside this one, as a newcomer meets them.
REGISTRY: tuple[Callable[[Commands], None], ...] = (
    demo.add_to,
    hub.add_to,
    node.add_to,
    agency.add_to,
    owner.add_to,
    signal.add_to,
    log.add_to,
    sim.add_to,
    bench.add_to,
    doctor.add_to,
)

FAILED = 1
USAGE = 2  # what argparse itself returns for a command line it cannot read
INTERRUPTED = 130  # what a shell reports for a program ended by Ctrl-C


def build_parser() -> argparse.ArgumentParser:
    """Build the parser with every command in the registry."""
    parser = argparse.ArgumentParser(
        prog="handfast",
        description="A city and its private partners keep people safe together, on trust.",
        epilog="Example:\n  handfast doctor",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"handfast {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add_to in REGISTRY:
        add_to(commands)
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
