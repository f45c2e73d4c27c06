"""The front door: one sentence for each failure, one status for each kind."""

import argparse
from collections.abc import Callable

import pytest

from handfast import __version__
from handfast.cli.command import add_command, add_group
from handfast.cli.main import FAILED, INTERRUPTED, USAGE, main, run_reporting
from handfast.kit.errors import (
    ConflictError,
    CorruptError,
    DeniedError,
    HandfastError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)


def raising(error: BaseException) -> Callable[[argparse.Namespace], int]:
    """Return a command that fails in one way."""

    def run(_: argparse.Namespace) -> int:
        raise error

    return run


def test_without_a_command_it_says_how_to_use_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A bare `handfast` is a usage error that lists what there is."""
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == USAGE
    assert "COMMAND" in capsys.readouterr().err


def test_it_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`handfast --version` prints the version of the package."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"handfast {__version__}\n"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidError("camera 7 has no address; give one"), USAGE),
        (DeniedError("this device is not enrolled; enrol it"), FAILED),
        (NotFoundError("no camera 7; list them first"), FAILED),
        (ConflictError("serial 3 is taken; read again"), FAILED),
        (UnavailableError("the hub does not answer; try again"), FAILED),
        (CorruptError("leaf 9 does not verify; keep the disk"), FAILED),
    ],
)
def test_a_failure_is_one_sentence_and_a_status(
    error: HandfastError, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback for what was raised on purpose."""
    assert run_reporting(raising(error), argparse.Namespace()) == status
    told = capsys.readouterr()
    assert told.err == f"handfast: {error}\n"
    assert told.out == ""


def test_ctrl_c_ends_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    """The status is the one shells know."""
    assert run_reporting(raising(KeyboardInterrupt()), argparse.Namespace()) == INTERRUPTED
    assert capsys.readouterr().err == "handfast: stopped\n"


def test_a_defect_keeps_its_traceback() -> None:
    """What nobody foresaw is not dressed up as a failure."""
    with pytest.raises(ZeroDivisionError):
        run_reporting(raising(ZeroDivisionError()), argparse.Namespace())


def test_a_success_returns_what_the_command_returned() -> None:
    """`doctor` returns 1 without raising, for instance."""
    assert run_reporting(lambda _: 7, argparse.Namespace()) == 7


def test_commands_nest_and_show_their_example(capsys: pytest.CaptureFixture[str]) -> None:
    """A group leads to its commands; each shows what to type."""
    parser = argparse.ArgumentParser(prog="handfast")
    commands = parser.add_subparsers(required=True)
    group = add_group(
        commands, "log", summary="Work with logs.", example="handfast log verify DIR"
    )
    add_command(
        group,
        "verify",
        summary="Verify a log.",
        example="""
            handfast log verify /srv/log
            handfast log verify --json /srv/log
        """,
        run=lambda _: 3,
    )
    arguments = parser.parse_args(["log", "verify"])
    assert arguments.run(arguments) == 3
    with pytest.raises(SystemExit):
        parser.parse_args(["log", "verify", "--help"])
    shown = capsys.readouterr().out
    assert "Example:\n  handfast log verify /srv/log\n  handfast log verify --json" in shown
