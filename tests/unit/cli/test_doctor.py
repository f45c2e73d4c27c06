"""The doctor names what is wrong and the command that mends it."""

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from handfast.cli.doctor import (
    State,
    check_clock,
    check_disk,
    check_models,
    check_port,
    check_program,
    check_python,
)
from handfast.cli.main import main
from handfast.vision.store import State as ModelState

NOON_US = 1_790_000_000_000_000


class NoonClock:
    """A clock that always shows the same noon."""

    def now_us(self) -> int:
        """Return that noon, microseconds since 1970."""
        return NOON_US

    def monotonic(self) -> float:
        """Return a constant."""
        return 0.0


@pytest.fixture
def busy_port() -> Iterator[int]:
    """Return a loopback port that something listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def program(folder: Path, text: str) -> None:
    """Write a program called `tool`."""
    path = folder / "tool"
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize(
    ("version", "state"), [((3, 10), State.BAD), ((3, 11), State.GOOD), ((3, 14), State.GOOD)]
)
def test_python_is_old_or_new_enough(version: tuple[int, int], state: State) -> None:
    """3.11 is the oldest that will do."""
    finding = check_python(version)
    assert finding.state is state
    assert bool(finding.mend) == (state is State.BAD)


def test_a_missing_directory_is_bad_and_says_mkdir(tmp_path: Path) -> None:
    """Recordings need a place."""
    finding = check_disk(tmp_path / "nowhere")
    assert finding.state is State.BAD
    assert finding.mend == f"mkdir -p {tmp_path / 'nowhere'}"


def test_free_space_is_told_in_gib(tmp_path: Path) -> None:
    """A person reads how much is left, and where."""
    assert f"GiB free at {tmp_path}" in check_disk(tmp_path).says


@pytest.mark.parametrize(
    ("built_us", "is_synchronised", "state"),
    [
        (NOON_US + 1, True, State.BAD),
        (NOON_US, True, State.GOOD),
        (NOON_US, False, State.WARNING),
        (NOON_US, None, State.WARNING),
    ],
)
def test_the_clock_is_judged(
    built_us: int,
    is_synchronised: bool | None,
    state: State,
) -> None:
    """A clock that shows a time before the installation is certainly wrong."""
    finding = check_clock(NoonClock(), built_us=built_us, is_synchronised=is_synchronised)
    assert finding.state is state


def test_a_port_in_use_is_bad(busy_port: int) -> None:
    """The command shows who holds it."""
    finding = check_port(busy_port)
    assert finding.state is State.BAD
    assert str(busy_port) in finding.mend


def test_a_free_port_is_good() -> None:
    """Port 0 asks for any free one."""
    assert check_port(0).state is State.GOOD


@pytest.mark.parametrize(
    ("text", "state", "says"),
    [
        ("#!/bin/sh\necho tool 1.2\necho more\n", State.GOOD, "tool 1.2"),
        ("#!/bin/sh\nexit 1\n", State.WARNING, "does not start"),
        ("not a program", State.WARNING, "does not start"),
    ],
)
def test_a_program_is_started_to_see_its_version(
    text: str, state: State, says: str, tmp_path: Path
) -> None:
    """Being there is not enough."""
    program(tmp_path, text)
    finding = check_program(
        "tool", path=str(tmp_path), needed=State.WARNING, why="for tests", mend="install tool"
    )
    assert finding.state is state
    assert says in finding.says


def test_a_missing_program_says_what_it_is_for(tmp_path: Path) -> None:
    """And how to install it."""
    finding = check_program(
        "tool", path=str(tmp_path), needed=State.BAD, why="for tests", mend="install tool"
    )
    assert finding.state is State.BAD
    assert finding.says == "not found; for tests"
    assert finding.mend == "install tool"


def test_json_holds_every_finding(
    busy_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One object, for programs; a bad finding makes the status 1."""
    command = ["doctor", "--json", "--directory", str(tmp_path), "--port", str(busy_port)]
    assert main(command) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    checks = [each["check"] for each in found]
    assert checks[:3] == ["python", "disk", "clock"]
    assert f"port {busy_port}" in checks
    assert all(each["mend"] for each in found if each["state"] != "good")


def test_lines_put_the_remedy_under_the_fault(
    busy_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person copies the command from the line below."""
    main(["doctor", "--directory", str(tmp_path), "--port", str(busy_port)])
    lines = capsys.readouterr().out.splitlines()
    (fault,) = [number for number, line in enumerate(lines) if f"port {busy_port}" in line]
    assert lines[fault].startswith("bad")
    assert lines[fault + 1].lstrip().startswith("-> ")


def test_a_missing_model_is_named_with_the_command_that_installs_it() -> None:
    """Redaction then covers everything; that is worth a warning, not more."""
    good = check_models({"nanodet-g": ModelState.INSTALLED})
    assert (good.state, good.mend) == (State.GOOD, "")
    found = check_models({"nanodet-g": ModelState.INSTALLED, "centerface": ModelState.DAMAGED})
    assert found.state is State.WARNING
    assert "centerface is damaged" in found.says
    assert found.mend == "handfast models install"
