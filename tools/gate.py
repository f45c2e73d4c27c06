"""Run the checks of the house in order and say how long each took.

Usage: .venv/bin/python tools/gate.py quick|full

`quick` is what a person runs before each commit; `full` is what must pass before a change
lands. All steps run even when one fails; tests come last, so that a good run ends with
pytest's closing line.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
SOURCES = ("src", "tests", "tools")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command; shown only when it fails, unless it speaks while it runs."""

    name: str
    command: tuple[str, ...]
    speaks: bool = False


def tool(name: str, *words: str) -> tuple[str, ...]:
    """Return a command line for a program of the environment."""
    return (str(BIN / name), *words)


FORMAT = Step(name="format", command=tool("ruff", "format", "--check", *SOURCES))
LINT = Step(name="lint", command=tool("ruff", "check", "--quiet", *SOURCES))
FAST_TYPES = Step(name="types (ty)", command=tool("ty", "check", "--quiet"))
TYPES = Step(name="types (mypy)", command=tool("mypy"))
ARROWS = Step(name="arrows", command=tool("lint-imports"))
PAGES = (
    Step(name="page types", command=("npm", "--prefix", "web", "run", "--silent", "check")),
    Step(name="page tests", command=("npm", "--prefix", "web", "run", "--silent", "test")),
    Step(name="page build", command=("npm", "--prefix", "web", "run", "--silent", "verify")),
    Step(name="page sizes", command=("npm", "--prefix", "web", "run", "--silent", "budget")),
)


def tests(*words: str) -> Step:
    """Return the step that runs tests, two at a time.

    Many tests wait for cameras and servers: another one fits beside them, even on one core.
    """
    side_by_side = ("-n", "2", "--dist", "loadgroup")
    command = tool("pytest", "-q", *side_by_side, *words)
    return Step(name="tests", command=command, speaks=True)


# A running city takes both cores: its tests have the machine for themselves. Whom a detector
# finds in a film differs from machine to machine, so `make e2e` alone runs the test with one.
REAL_PEOPLE = "--ignore=tests/e2e/test_real_people.py"
CITY_TESTS = Step(
    name="city tests", command=tool("pytest", "-q", "tests/e2e", REAL_PEOPLE), speaks=True
)
QUICK_TESTS = tests("--hypothesis-profile=quick", "tests/house", "tests/unit")
OTHER_TESTS = tests("tests", "--ignore=tests/e2e")
GATES: dict[str, tuple[Step, ...]] = {
    "quick": (FORMAT, LINT, FAST_TYPES, ARROWS, QUICK_TESTS),
    "full": (*PAGES, FORMAT, LINT, FAST_TYPES, TYPES, ARROWS, OTHER_TESTS, CITY_TESTS),
}


def speaks(step: Step) -> bool:
    """Run a step that speaks while it runs; return whether it worked."""
    return subprocess.run(step.command, cwd=ROOT, check=False).returncode == 0


def passes(step: Step) -> bool:
    """Run a silent step, print its line, and its output when it failed."""
    began = time.monotonic()
    failure = attempt(step.command)
    took_s = time.monotonic() - began
    verdict = "ok    " if failure is None else "FAILED"
    print("\n".join([f"{verdict} {step.name:<14} {took_s:6.1f} s", *filter(None, [failure])]))
    sys.stdout.flush()
    return failure is None


def attempt(command: Sequence[str]) -> str | None:
    """Run a command; return None when it worked, what it said when it did not."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except FileNotFoundError:
        return f"{command[0]} is not installed; `make setup` says how to get it"
    return None if done.returncode == 0 else done.stdout


def run(steps: Sequence[Step]) -> int:
    """Run every step; return 1 when any failed, naming those that did.

    Silent ones run two at a time: checking the pages leaves a core to checking Python.
    """
    silent = [step for step in steps if not step.speaks]
    with ThreadPoolExecutor(max_workers=2) as pool:
        worked = dict(zip(silent, pool.map(passes, silent), strict=True))
    worked |= {step: speaks(step) for step in steps if step.speaks}
    failed = [step.name for step in steps if not worked[step]]
    if failed:
        print(f"FAILED: {', '.join(failed)}", flush=True)
    return int(bool(failed))


def main() -> int:
    """Run the gate named on the command line."""
    steps = GATES.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if steps is None:
        print(__doc__, file=sys.stderr)
        return 2
    os.environ.pop("PYTEST_ADDOPTS", None)
    return run(steps)


if __name__ == "__main__":
    sys.exit(main())
