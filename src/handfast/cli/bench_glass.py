"""`handfast bench glass`: from the camera to the glass of an officer's screen.

A demo city of its own, with real processes: simulated cameras, node, NATS, hub, agency, and
the officer's real page in headless Chromium. The cameras stamp each picture with the instant
of sending; the node's recording, opened on its disk with its own keys, says which drawn frame
was sent when and which frame is right after a seek. All clocks are this machine's.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from handfast.cli.bench_glass_city import bench_city
from handfast.cli.bench_glass_page import officer_page
from handfast.cli.bench_glass_trials import (
    Alarms,
    Seeks,
    alarm_trials,
    live_trial,
    seek_trials,
    watch_one,
)
from handfast.cli.bench_report import Figures, percentile, report
from handfast.cli.command import Commands, add_command
from handfast.kit.clock import SystemClock
from handfast.kit.errors import InvalidError
from handfast.kit.ids import SystemIds

_LINGER_S: Final = 1


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "glass",
        summary="Measure alarm to picture, live delay, seeks and ends in a real browser.",
        example="handfast bench glass --json",
        run=run,
    )
    parser.add_argument("--trials", type=int, default=30, help="of each kind (30)")
    parser.add_argument("--seconds", type=float, default=20, help="of looking live (20)")
    parser.add_argument("--drawn", action="store_true", help="drawn pictures, nothing fetched")
    parser.add_argument("--json", action="store_true", help="JSON, which is the default")


def run(arguments: argparse.Namespace) -> int:
    """Measure everything in one city and print the report."""
    if arguments.trials < 1 or arguments.seconds < 1:
        raise InvalidError("--trials and --seconds must be positive")
    with tempfile.TemporaryDirectory(prefix="handfast-bench-") as folder:
        print(_measure(arguments, Path(folder)))
    return 0


def _measure(arguments: argparse.Namespace, folder: Path) -> str:
    clock = SystemClock()
    ids = SystemIds(clock)
    with (
        bench_city(
            folder, drawn=arguments.drawn, clock=clock, ids=ids, linger_s=_LINGER_S
        ) as city,
        officer_page(city.city.agency_url) as officer,
    ):
        officer.enrol("Aino Rivera")
        alarms = alarm_trials(city, officer, arguments.trials)
        camera = watch_one(city, officer)
        live = live_trial(city, officer, camera, seconds=arguments.seconds)
        seeks = seek_trials(city, officer, camera, arguments.trials)
    return report(_figures(alarms, live, seeks), peers={}, ratios={})


def _figures(alarms: Alarms, live: Sequence[float], seeks: Seeks) -> Figures:
    return {
        "alarm_to_frame_ms": _spread(alarms.to_frame),
        "live_ms": _spread(live),
        "live_stream": "main 1920x1080, 25 pictures a second",
        "seek_ms": _spread(seeks.took),
        "seek_wrong_frames": seeks.wrong,
        "close_ms": _spread(alarms.to_close),
    }


def _spread(values: Sequence[float]) -> Figures:
    return {
        "p50": round(percentile(values, 50), 1),
        "p95": round(percentile(values, 95), 1),
        "max": round(max(values), 1),
        "trials": len(values),
    }
