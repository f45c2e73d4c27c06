"""Every command explains itself, with an example that can be typed."""

import argparse
import re
import shlex
from collections.abc import Iterator
from functools import cache

from handfast.cli.command import Parser
from handfast.cli.main import build_parser
from tools.write_docs import leaves


@cache
def commands() -> tuple[argparse.ArgumentParser, ...]:
    """Return every command that does something, which loads all of their modules."""
    return tuple(leaves(build_parser()))


def examples(command: argparse.ArgumentParser) -> list[str]:
    """Return the command lines under "Example:" in a command's help."""
    _, _, below = (command.epilog or "").partition("Example:\n")
    return [line.strip() for line in below.splitlines() if line.strip()]


def promises(parser: argparse.ArgumentParser) -> Iterator[tuple[Parser, str | None]]:
    """Return what stands in a list of commands, at any depth, and its sentence there."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to walk
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            told = {each.dest: each.help for each in action._choices_actions}  # noqa: SLF001
            for name, child in action.choices.items():
                yield child, told[name]
                yield from promises(child.loaded())


def test_every_command_does_something() -> None:
    """A name without a function to run is a promise without a keeper."""
    idle = [each.prog for each in commands() if not callable(each.get_default("run"))]
    assert commands() != ()
    assert idle == []


def test_every_command_has_a_sentence() -> None:
    """It starts with a capital and ends with a full stop."""
    sentence = re.compile(r"[A-Z].*\.", flags=re.DOTALL)
    said = {each.prog: each.description or "" for each in commands()}
    assert {name: said for name, said in said.items() if not sentence.fullmatch(said)} == {}


def test_a_list_says_of_a_command_what_the_command_says_of_itself() -> None:
    """Also where the list was written without loading the command."""
    listed = {child.prog: told for child, told in promises(build_parser())}
    own = {child.prog: child.loaded().description for child, _ in promises(build_parser())}
    assert "handfast bench redact" in listed
    assert listed == own


def test_every_option_is_explained() -> None:
    """No option stands without its line."""
    silent = [
        (command.prog, action.dest)
        for command in commands()
        for action in command._actions  # noqa: SLF001 - argparse has no public way to walk
        if not action.help
    ]
    assert silent == []


def test_every_example_is_a_command_line_that_parses() -> None:
    """A person who copies an example gets no usage error."""
    parser = build_parser()
    for command in commands():
        lines = examples(command)
        assert lines != [], command.prog
        for line in lines:
            assert line.startswith(command.prog)
            parser.parse_args(shlex.split(line, comments=True)[1:])
