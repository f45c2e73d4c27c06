"""`handfast bench`: the numbers this project promises, measured on your machine."""

import argparse
import importlib
from importlib.util import find_spec

from handfast.cli import bench_ingest, bench_redact, bench_write
from handfast.cli.command import Commands, add_command, add_group
from handfast.kit.errors import UnavailableError


def add_to(commands: Commands) -> None:
    """Add the benchmarks; the one that drives a browser only where its driver is."""
    group = add_group(
        commands,
        "bench",
        summary="Measure on this machine what the project promises; prints JSON.",
        example="handfast bench ingest --cameras 50 --seconds 20 --json",
    )
    if find_spec("playwright") is not None:
        importlib.import_module("handfast.cli.bench_glass").add_to(group)
    else:
        add_command(
            group,
            "glass",
            summary="Measure from the alarm to the picture, in a browser (needs its driver).",
            example="handfast bench glass --json",
            run=_without_driver,
        )
    bench_ingest.add_to(group)
    bench_redact.add_to(group)
    bench_write.add_to(group)


def _without_driver(arguments: argparse.Namespace) -> int:
    del arguments
    raise UnavailableError(
        "this benchmark drives a browser: `pip install playwright`, and Debian's "
        "chromium (`sudo apt-get install chromium`)"
    )
