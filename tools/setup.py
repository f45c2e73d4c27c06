"""Make the checkout ready to run: environment, packages, detectors, programs, web modules.

Usage: python3 tools/setup.py run|test      (standard library only; Python 3.11 or newer)

Says what it does, one line each; does nothing twice. Downloads are cached in the
home directory, outside the checkout. Where a right is missing it prints the exact command
and stops.
"""

import ctypes.util
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
WEB = ROOT / "web"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20
LINES_OF_FAILURE = 25
STREETS = ("--count", "3", "--bars", "off", "--small")  # as tests/e2e/street.py plays them


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A Debian package that tests need, and how to see that it is there."""

    package: str
    is_present: Callable[[], bool]


def on_path(name: str) -> Callable[[], bool]:
    """Return a check that a program of this name can be started (Debian hides some in sbin)."""
    return lambda: shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is not None


PROGRAMS = (
    Program(package="chromium", is_present=on_path("chromium")),
    Program(package="ffmpeg", is_present=on_path("ffmpeg")),
    Program(package="mosquitto", is_present=on_path("mosquitto")),
    Program(package="mosquitto-clients", is_present=on_path("mosquitto_pub")),
    Program(package="fuse3", is_present=on_path("fusermount3")),
    Program(
        package="libfuse2", is_present=lambda: ctypes.util.find_library("fuse") is not None
    ),
)


class SetupError(Exception):
    """Setup cannot go on; the message says which command mends it."""


def say(line: str) -> None:
    """Print one line of what is going on."""
    print(f"setup: {line}", flush=True)


def run(command: Sequence[str | Path], *, cwd: Path = ROOT) -> None:
    """Run a command that is expected to work; its own output is shown only when it fails.

    Raises:
        SetupError: The command ended with another status than 0.
    """
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        words = shlex.join(str(word) for word in command)
        said = "\n".join(done.stdout.splitlines()[-LINES_OF_FAILURE:])
        message = f"{said}\n`{words}` failed; mend what it says above and run make again"
        raise SetupError(message)


def digest(*paths: Path) -> str:
    """Return one SHA-256 over the content of files, in hexadecimal."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def install_debian(packages: Sequence[str]) -> None:
    """Install Debian packages when this user may.

    Raises:
        SetupError: This user may not, or this is no Debian; the message has the command.
    """
    command = f"sudo apt-get install --yes {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        message = f"please install these with your system's own tool: {' '.join(packages)}"
        raise SetupError(message)
    if os.geteuid() != 0:
        message = f"installing needs rights you do not have; please run\n\n    {command}\n"
        raise SetupError(message)
    say(f"installing from Debian: {' '.join(packages)}")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    run(["apt-get", "update", "--quiet"])
    run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages])


def make_environment() -> None:
    """Create `.venv` with the Python that runs this program.

    Raises:
        SetupError: Python is older than 3.11, or cannot make environments.
    """
    if PYTHON.exists():
        return
    if sys.version_info < OLDEST_PYTHON:
        message = (
            f"Python {sys.version.split()[0]} is too old; "
            "give a newer one: make setup PYTHON=python3.11"
        )
        raise SetupError(message)
    probe = [sys.executable, "-c", "import ensurepip, venv"]
    if subprocess.run(probe, check=False, capture_output=True).returncode != 0:
        install_debian(["python3-venv"])
    say("creating .venv")
    run([sys.executable, "-m", "venv", VENV])


def pinned(profile: str) -> list[Path]:
    """Return the files of requirements that a profile installs."""
    names = ("dev.txt",) if profile == "test" else ("run.txt", "build.txt")
    return [ROOT / "requirements" / name for name in names]


def is_installed(profile: str) -> bool:
    """Tell whether a profile was installed from the files as they are now."""
    stamp = VENV / f".installed-{profile}"
    return stamp.exists() and stamp.read_text() == state_of(profile)


def state_of(profile: str) -> str:
    """Return what changes when a profile must be installed again."""
    return digest(*pinned(profile), ROOT / "pyproject.toml")


def install_packages(profile: str) -> None:
    """Install the Python packages of a profile by hash, and Handfast itself in place."""
    if is_installed(profile) or is_installed("test"):
        say("Python packages are up to date")
        return
    files = pinned(profile)
    say(f"installing Python packages by hash from {', '.join(path.name for path in files)}")
    pip: list[str | Path] = [PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    requirements = [word for path in files for word in ("--requirement", str(path))]
    run([*pip, "install", "--require-hashes", "--only-binary", ":all:", *requirements])
    say("installing handfast in place")
    in_place = ("--no-deps", "--no-build-isolation", "--no-index", "--editable")
    run([*pip, "install", *in_place, ROOT])
    (VENV / f".installed-{profile}").write_text(state_of(profile))


def install_programs() -> None:
    """Install the Debian packages that tests need and that are missing."""
    missing = [program.package for program in PROGRAMS if not program.is_present()]
    if missing:
        install_debian(missing)
    else:
        say("Debian programs are there")


def install_web() -> None:
    """Install the web modules of `web/package-lock.json`, when there is a Node to run them."""
    lock = WEB / "package-lock.json"
    if not lock.exists():
        return
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        say(f"no Node: the pages cannot be built or tested here (install Node {OLDEST_NODE})")
        return
    state = digest(lock, WEB / "package.json")
    stamp = WEB / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_text() == state:
        say("web modules are up to date")
        return
    say("installing web modules from package-lock.json")
    run(["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline"], cwd=WEB)
    stamp.write_text(state)


def install_models(profile: str) -> None:
    """Install the detectors that redaction runs on, into the user's cache.

    Without them everything is covered and nothing is shown, so running goes on; tests do not.

    Raises:
        SetupError: They cannot be installed, and the profile is for tests.
    """
    say("making sure of the detectors (first time: 150 MB): handfast models install")
    try:
        run([VENV / "bin" / "handfast", "models", "install"])
    except SetupError as error:
        if profile == "test":
            raise
        say(f"{error}\nuntil then redacted pictures are covered as a whole")


def prepare_footage() -> None:
    """Put the street scenes that tests play into the user's cache.

    Raises:
        SetupError: They cannot be fetched.
    """
    say("making sure of the street footage (first time: 100 MB): handfast sim footage")
    run([VENV / "bin" / "handfast", "sim", "footage", *STREETS])


def main() -> int:
    """Set up for running (`run`) or for running and testing (`test`)."""
    profile = sys.argv[1] if len(sys.argv) > 1 else ""
    if profile not in {"run", "test"}:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        make_environment()
        install_packages(profile)
        install_models(profile)
        if profile == "test":
            install_programs()
            install_web()
            prepare_footage()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
