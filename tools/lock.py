"""Resolve requirements/ again from pyproject.toml: every package by version and hash.

Usage: .venv/bin/python tools/lock.py      (needs the network)

The files hold no address of any registry: where packages come from is the business of the
machine that installs them, what they are is pinned by hash. One resolution covers Python 3.11
and newer on every platform.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "run.txt": ("pyproject.toml",),
    "build.txt": ("--group", "build"),
    "dev.txt": ("pyproject.toml", "--group", "dev"),
}


def resolve(name: str, sources: tuple[str, ...]) -> None:
    """Write one file of requirements; versions already there stay unless they must move."""
    command = (
        *(str(ROOT / ".venv/bin/uv"), "pip", "compile", *sources),
        *("--universal", "--python-version", "3.11", "--generate-hashes"),
        *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--quiet"),
        *("--output-file", f"requirements/{name}"),
    )
    subprocess.run(command, cwd=ROOT, check=True)
    written = (ROOT / "requirements" / name).read_text()
    print(f"requirements/{name}: {written.count('==')} packages")


def main() -> int:
    """Resolve each file of requirements."""
    for name, sources in LOCKS.items():
        resolve(name, sources)
    return 0


if __name__ == "__main__":
    sys.exit(main())
