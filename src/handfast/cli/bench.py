"""`handfast bench`: the numbers this project promises, measured on your machine."""

import argparse
from importlib.util import find_spec

from handfast.cli.command import Commands, Later, add_command, add_group, add_later
from handfast.kit.errors import UnavailableError

_BENCHMARKS = {
    "glass": Later(
        module="handfast.cli.bench_glass",
        summary="Measure alarm to picture, live delay, seeks and ends in a real browser.",
    ),
    "ingest": Later(
        module="handfast.cli.bench_ingest",
        summary="CPU, memory and completeness of recording, beside ffmpeg and PyAV.",
    ),
    "redact": Later(
        module="handfast.cli.bench_redact",
        summary="CPU of redaction beside deface; with --quality, how well people are covered.",
    ),
    "write": Later(
        module="handfast.cli.bench_write",
        summary="Measure sealed writing of many cameras to one disk.",
    ),
}


def add_to(commands: Commands) -> None:
    """Add the benchmarks; the one that drives a browser only where its driver is."""
    group = add_group(
        commands,
        "bench",
        summary="Measure on this machine what the project promises; prints JSON.",
        example="handfast bench ingest --cameras 50 --seconds 20 --json",
    )
    for name, promised in _BENCHMARKS.items():
        if name != "glass" or find_spec("playwright") is not None:
            add_later(group, name, promised)
        else:
            _add_without_driver(group)


def _add_without_driver(group: Commands) -> None:
    add_command(
        group,
        "glass",
        summary="Measure from the alarm to the picture, in a browser (needs its driver).",
        example="handfast bench glass --json",
        run=_without_driver,
    )


def _without_driver(arguments: argparse.Namespace) -> int:
    del arguments
    raise UnavailableError(
        "this benchmark drives a browser: `pip install playwright`, and Debian's "
        "chromium (`sudo apt-get install chromium`)"
    )
