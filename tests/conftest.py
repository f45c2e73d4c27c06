"""What every test stands on: one event loop, folders in order, the time each folder took."""

import gc
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

# Cheap and exact first: a broken rule should not wait for a browser.
FOLDERS = ("house", "unit", "contract", "golden", "fuzz", "scenario", "e2e")
TESTS = Path(__file__).parent
# What the tests of a folder share, where it is dear to make.
SHARED = {"house": "checkout", "e2e": "city"}

# Two busy cores say nothing about the code; time is bounded by pytest-timeout instead.
settings.register_profile("house", deadline=None, print_blob=True)
# For `make check`, which shows a slip at once: `make test` then searches in earnest.
settings.register_profile("quick", settings.get_profile("house"), max_examples=20)
settings.load_profile("house")


def folder_of(path: Path) -> str:
    """Return the folder of `tests/` a test file lives in, or "" outside of it."""
    return path.relative_to(TESTS).parts[0] if path.is_relative_to(TESTS) else ""


def rank(item: pytest.Item) -> int:
    """Return the place of a test's folder in the order of a run."""
    folder = folder_of(item.path)
    return FOLDERS.index(folder) if folder in FOLDERS else len(FOLDERS)


class FolderTimes:
    """Adds up set-up, call and tear-down per folder of tests, in wall seconds."""

    def __init__(self) -> None:
        """Start with nothing measured."""
        self._seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add one phase of one test."""
        self._seconds[report.nodeid.split("/")[1]] += report.duration

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print one line per folder, just above the closing line."""
        for folder, seconds in sorted(self._seconds.items()):
            terminalreporter.write_line(f"tests/{folder:<10} {seconds:7.1f} s")


def pytest_configure(config: pytest.Config) -> None:
    """Measure folders during this run."""
    config.pluginmanager.register(FolderTimes(), "folder-times")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Keep the random order inside each folder, but run the folders in their own order.

    What shares the running city stays in one process, where `pytest -n` runs several; so
    does what shares the parsed checkout.
    """
    for item in items:
        if group := SHARED.get(folder_of(item.path)):
            item.add_marker(pytest.mark.xdist_group(group))
    yield
    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """Keep the garbage collector from walking through all modules again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, which the product uses."""
    return "asyncio"
