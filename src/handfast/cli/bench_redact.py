"""`handfast bench redact`: what redaction costs, and with `--quality` how well it covers."""

import argparse
import os
import sys
from pathlib import Path

from handfast.cli.bench_redact_page import write_page
from handfast.cli.bench_redact_quality import measure
from handfast.cli.bench_redact_trials import measure_speed
from handfast.cli.bench_report import report
from handfast.cli.command import Commands, add_command
from handfast.kit.cache import cache_directory
from handfast.kit.clock import Clock, SystemClock
from handfast.kit.errors import InvalidError
from handfast.media.footage_sources import Say


def add_to(commands: Commands) -> None:
    """Add `redact` to the benchmarks."""
    parser = add_command(
        commands,
        "redact",
        summary="CPU of redaction beside deface; with --quality, how well people are covered.",
        example="""handfast bench redact --json
        handfast bench redact --quality --json
        handfast bench redact --quality --report docs/redaction.md""",
        run=run,
    )
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    parser.add_argument(
        "--quality",
        action="store_true",
        help="hold the engine against two marked films, by day and made dark; ten minutes",
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="with --quality: write it as a page too"
    )
    parser.add_argument("--repeat", type=int, default=3, help="trials; the median counts")
    parser.add_argument("--pictures", type=int, default=75, help="per trial and film")
    parser.add_argument(
        "--peers", choices=("deface", "none"), default="deface", help="what to compare with"
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure and print the report."""
    if arguments.report and not arguments.quality:
        raise InvalidError("--report writes what --quality measures; give both")
    if min(arguments.repeat, arguments.pictures) < 1:
        raise InvalidError("--repeat and --pictures must be positive")
    cache = cache_directory(os.environ)
    if arguments.quality:
        findings = measure(cache, _saying_when(SystemClock()))
        if arguments.report:
            write_page(arguments.report, findings)
        print(report(findings.figures(), peers={}, ratios={}))
        return 0
    speed = measure_speed(
        cache,
        _say,
        repeat=arguments.repeat,
        pictures=arguments.pictures,
        with_peer=arguments.peers == "deface",
    )
    print(report(speed.figures, peers=speed.peers, ratios=speed.ratios))
    return 0


def _saying_when(clock: Clock) -> Say:
    """Return what says how long it has taken so far, before every step."""
    began = clock.monotonic()

    def _say_when(text: str) -> None:
        minutes, seconds = divmod(round(clock.monotonic() - began), 60)
        _say(f"[{minutes}:{seconds:02}] {text}")

    return _say_when


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
