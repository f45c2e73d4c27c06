"""Every command explains itself, with an example that can be typed."""

import argparse
import re
import shlex

import pytest

from handfast.cli.main import build_parser
from tools.write_docs import leaves

COMMANDS = list(leaves(build_parser()))
NAMES = [command.prog for command in COMMANDS]


def examples(command: argparse.ArgumentParser) -> list[str]:
    """Return the command lines under "Example:" in a command's help."""
    _, _, below = (command.epilog or "").partition("Example:\n")
    return [line.strip() for line in below.splitlines() if line.strip()]


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_every_command_does_something(command: argparse.ArgumentParser) -> None:
    """A name without a function to run is a promise without a keeper."""
    assert callable(command.get_default("run"))


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_every_command_has_a_sentence(command: argparse.ArgumentParser) -> None:
    """It starts with a capital and ends with a full stop."""
    assert re.fullmatch(r"[A-Z].*\.", command.description or "", flags=re.DOTALL)


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_every_option_is_explained(command: argparse.ArgumentParser) -> None:
    """No option stands without its line."""
    silent = [
        action.dest
        for action in command._actions  # noqa: SLF001 - argparse has no public way to walk
        if not action.help
    ]
    assert silent == []


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_every_example_is_a_command_line_that_parses(command: argparse.ArgumentParser) -> None:
    """A person who copies an example gets no usage error."""
    lines = examples(command)
    assert lines != []
    for line in lines:
        words = shlex.split(line, comments=True)
        assert line.startswith(command.prog)
        build_parser(words[1:2]).parse_args(words[1:])
