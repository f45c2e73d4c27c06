"""How a command joins the program: a name, one line, an example and a function to run."""

import argparse
import importlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse exports no public name for it
else:
    Commands: TypeAlias = argparse.Action

Run: TypeAlias = Callable[[argparse.Namespace], int]
_FINGERPRINT = re.compile(r"-[A-Za-z0-9_-]{42}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A command that is not loaded yet.

    Attributes:
        module: Has an `add_to(commands)` that adds the command.
        summary: The same sentence as there, for the list of commands.
    """

    module: str
    summary: str


class Parser(argparse.ArgumentParser):
    """A command; or the promise of one, kept when a command line reaches it."""

    def __init__(self, *, module: str = "", **words: Any) -> None:
        """Take what argparse takes, and where the command lives that this one stands for.

        Args:
            module: With an `add_to(commands)` that adds this very name. "" for a command
                that is already what it is.
            words: For `argparse.ArgumentParser`.
        """
        super().__init__(**words)
        self._module = module

    def loaded(self) -> argparse.ArgumentParser:
        """Return the command itself, from its module where this is a promise."""
        if not self._module:
            return self
        parent, _, name = self.prog.rpartition(" ")
        commands = Parser().add_subparsers(prog=parent)
        importlib.import_module(self._module).add_to(commands)
        return commands.choices[name]

    def parse_known_args(
        self, args: Iterable[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse as the command itself does; a parser above calls this one."""
        if not self._module:
            return super().parse_known_args(args, namespace)
        return self.loaded().parse_known_args(args, namespace)


def add_later(commands: Commands, name: str, promised: Later) -> None:
    """Add a command whose module is loaded only when it is asked for.

    A node must not pay for the demo's libraries, nor a verifier for a hub's.

    Args:
        commands: Of a `Parser`.
        name: The word a person types.
        promised: What it will be.
    """
    commands.add_parser(name, help=promised.summary, module=promised.module)


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
