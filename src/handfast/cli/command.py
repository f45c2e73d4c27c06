"""How a command joins the program: a name, one line, an example and a function to run."""

import argparse
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse exports no public name for it
else:
    Commands: TypeAlias = argparse.Action

Run: TypeAlias = Callable[[argparse.Namespace], int]
_FINGERPRINT = re.compile(r"-[A-Za-z0-9_-]{42}")


def add_command(
    commands: Commands, name: str, *, summary: str, example: str, run: Run
) -> argparse.ArgumentParser:
    """Add a command that does something; arguments are added to the parser returned.

    Args:
        commands: What the parent's `add_subparsers` (or `add_group`) returned.
        name: The word a person types.
        summary: One sentence, shown in the parent's list and above the options.
        example: One or more complete command lines, shown under the options.
        run: Called with the parsed arguments; returns the exit status (0 is success).
            It may raise `HandfastError`, which `main` turns into a sentence and a status.
    """
    parser = _add_parser(commands, name, summary=summary, example=example)
    parser.set_defaults(run=run)
    return parser


def join_fingerprints(arguments: Sequence[str]) -> list[str]:
    """Write `--fingerprint -abc…` as `--fingerprint=-abc…`.

    One fingerprint in 64 begins with a hyphen, and argparse would take it for an option.
    """
    joined: list[str] = []
    for each in arguments:
        if joined and joined[-1].startswith("--") and _FINGERPRINT.fullmatch(each):
            joined[-1] += f"={each}"
        else:
            joined.append(each)
    return joined


def add_group(commands: Commands, name: str, *, summary: str, example: str) -> Commands:
    """Add a command that only gathers others, such as `log` with `log verify`.

    Returns:
        Where the gathered commands add themselves.
    """
    parser = _add_parser(commands, name, summary=summary, example=example)
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _add_parser(
    commands: Commands, name: str, *, summary: str, example: str
) -> argparse.ArgumentParser:
    lines = "\n".join(f"  {line.strip()}" for line in example.strip().splitlines())
    return commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"Example:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
