"""`handfast bench ingest`: CPU of recording, beside ffmpeg and PyAV on the same cameras."""

import argparse
import asyncio
import contextlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio
import psutil

from handfast.cli.bench_ingest_check import Found, find_pictures
from handfast.cli.bench_ingest_receivers import (
    OWNER,
    Usage,
    end,
    size_of,
    sources,
    start_ffmpeg,
    start_pyav,
    usage,
    written,
)
from handfast.cli.bench_report import Figures, report
from handfast.cli.command import Commands, add_command
from handfast.kit.clock import SystemClock
from handfast.kit.errors import InvalidError, UnavailableError
from handfast.kit.ids import SystemIds
from handfast.media.feed import StateChanged
from handfast.media.ingest_processes import IngestProcesses, IngestSetup
from handfast.media.units import CameraState, StreamKey
from handfast.media.worker_link import Configure
from handfast.node.ingest_process import ingest_command
from handfast.seal.format import NO_PREDECESSOR
from handfast.storage.files import read_or_create_key
from handfast.storage.sqlite_periods import SqlitePeriods

FPS: Final = 25
WARM_UP_S: Final = 4.0
_START_S: Final = 120.0
_PAUSE_S: Final = 2.0
_PEERS: Final = ("ffmpeg", "pyav")


def add_to(commands: Commands) -> None:
    """Add `ingest` to the benchmarks."""
    parser = add_command(
        commands,
        "ingest",
        summary="CPU, memory and completeness of recording, beside ffmpeg and PyAV.",
        example="handfast bench ingest --cameras 50 --seconds 20 --json",
        run=run,
    )
    parser.add_argument("--cameras", type=int, default=50, help="simulated cameras")
    parser.add_argument("--seconds", type=float, default=20.0, help="measured, without warm-up")
    parser.add_argument("--json", action="store_true", help="print only the JSON object")
    parser.add_argument(
        "--codec", choices=("h264", "h265"), default="h264", help="of the simulated cameras"
    )
    parser.add_argument("--scenes", type=int, default=2, help="different scenes to encode")
    parser.add_argument("--drawn", action="store_true", help="a drawn pattern, nothing fetched")
    parser.add_argument(
        "--peers",
        default=",".join(_PEERS),
        help="which to compare with: ffmpeg,pyav (default), one of them, or none",
    )
    parser.add_argument("--directory", type=Path, help="where to record; default: temporary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one receiver used.

    Attributes:
        cpu_s: User and system time of all its processes while measured.
        wall_s: How long that was.
        resident: Bytes at the end.
        base: Bytes of the same processes before any camera, 0 when not known.
        user_s: The part of `cpu_s` outside the kernel.
        pictures: How many arrived meanwhile, all cameras together. On a machine that is too
            busy for the simulated cameras they are fewer than 25 a second; costs are
            per minute of video that arrived, not per minute that passed.
    """

    cpu_s: float
    wall_s: float
    resident: int
    base: int
    user_s: float
    pictures: float

    @property
    def per_stream_minute(self) -> float:
        """CPU seconds for a minute of one camera's video."""
        return round(self.cpu_s / max(self.pictures, 1) * FPS * 60, 4)

    def rate(self, cameras: int) -> float:
        """Return pictures a second from each camera; 25 when all arrived in time."""
        return round(self.pictures / cameras / self.wall_s, 2)


def run(arguments: argparse.Namespace) -> int:
    """Measure everything in one run and print the report."""
    if arguments.cameras < 1 or arguments.seconds <= 0:
        raise InvalidError("--cameras and --seconds must be positive")
    peers = [name for name in arguments.peers.split(",") if name != "none"]
    if unknown := set(peers) - set(_PEERS):
        raise InvalidError(f"unknown peers {', '.join(sorted(unknown))}; there are {_PEERS}")
    with (
        tempfile.TemporaryDirectory(prefix="handfast-bench-", dir=arguments.directory) as name,
        _cameras(arguments) as url,
    ):
        directory = Path(name)
        ours, found, stopped_us = anyio.run(_measure_ours, arguments, url, directory)
        size = found.bytes / max(found.pictures, 1)
        others = {peer: _measure_peer(peer, arguments, url, directory, size) for peer in peers}
    print(_report(arguments, ours=ours, found=found, stopped_us=stopped_us, others=others))
    return 0


@contextlib.contextmanager
def _cameras(arguments: argparse.Namespace) -> Iterator[str]:
    """Run the simulated cameras in a process of their own; yields their address."""
    program = [sys.executable, "-m", "handfast.cli.main", "sim", "cameras", "--port", "0"]
    options = ["--count", str(arguments.cameras), "--codec", arguments.codec]
    options += ["--drawn"] if arguments.drawn else ["--scenes", str(arguments.scenes)]
    with subprocess.Popen([*program, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            found = re.search(r"rtsp://\S+?:\d+", line)
            if not found:
                raise UnavailableError("the simulated cameras did not start; see above")
            yield found[0]
        finally:
            process.terminate()


async def _measure_ours(
    arguments: argparse.Namespace, url: str, directory: Path
) -> tuple[Trial, Found, int]:
    """Record with the node's ingest process; then open what it has written."""
    clock = SystemClock()
    ids = SystemIds(clock)
    root = directory / "segments"
    root.mkdir()
    key_file, database = directory / "periods.key", directory / "periods.db"
    read_or_create_key(key_file, ids)
    periods = SqlitePeriods(database, key_file=key_file, ids=ids)
    setup = IngestSetup(
        command=ingest_command(database, key_file),
        configure=Configure(owner=OWNER, roots=(str(root),)),
        count=1,
        predecessor=lambda _: NO_PREDECESSOR,
    )
    processes = IngestProcesses(setup, clock=clock)
    all_play = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(processes.run)
        group.start_soon(_listen, processes, arguments.cameras, all_play)
        await anyio.sleep(_PAUSE_S)
        receivers = [
            child
            for child in psutil.Process().children()
            if any("ingest_process" in word for word in child.cmdline())
        ]
        base = usage(receivers).resident
        for source in sources(url, arguments.cameras):
            processes.add(source, root)
        with anyio.fail_after(_START_S):
            await all_play.wait()
        await anyio.sleep(WARM_UP_S)
        before, began, began_us = usage(receivers), clock.monotonic(), clock.now_us()
        await anyio.sleep(arguments.seconds)
        after, ended, stopped_us = usage(receivers), clock.monotonic(), clock.now_us()
        processes.stop()
    found = find_pictures(root, periods, window=(began_us, stopped_us))
    trial = _trial(before, after, wall_s=ended - began, base=base, pictures=found.measured)
    return trial, found, stopped_us


async def _listen(processes: IngestProcesses, count: int, all_play: anyio.Event) -> None:
    playing: set[StreamKey] = set()
    async for event in processes.events():
        if isinstance(event, StateChanged) and event.state is CameraState.PLAYING:
            playing.add(event.stream)
            if len(playing) == count:
                all_play.set()


def _measure_peer(
    peer: str, arguments: argparse.Namespace, url: str, directory: Path, size: float
) -> Trial:
    """Record the same cameras with a peer; `size` is the mean size of a picture, bytes."""
    clock = SystemClock()
    out = directory / peer
    out.mkdir()
    start = start_ffmpeg if peer == "ffmpeg" else start_pyav
    receivers = start(url, arguments.cameras, out)
    try:
        deadline = clock.monotonic() + _START_S
        while len(written(out)) < arguments.cameras:
            _require(receivers, peer, late=clock.monotonic() > deadline)
            _sleep(0.2)
        _sleep(WARM_UP_S)
        before, began, full = usage(receivers), clock.monotonic(), size_of(out)
        _sleep(arguments.seconds)
        after, ended = usage(receivers), clock.monotonic()
        pictures = (size_of(out) - full) / size
    finally:
        end(receivers)
    return _trial(before, after, wall_s=ended - began, base=0, pictures=pictures)


def _require(receivers: Sequence[psutil.Popen], peer: str, *, late: bool) -> None:
    if late or any(process.poll() is not None for process in receivers):
        raise UnavailableError(f"{peer} did not record all cameras; try fewer --cameras")


def _sleep(seconds: float) -> None:
    anyio.run(asyncio.sleep, seconds)


def _trial(before: Usage, after: Usage, *, wall_s: float, base: int, pictures: float) -> Trial:
    return Trial(
        cpu_s=after.cpu_since(before),
        wall_s=wall_s,
        resident=after.resident,
        base=base,
        user_s=after.user_s - before.user_s,
        pictures=pictures,
    )


def _report(
    arguments: argparse.Namespace,
    *,
    ours: Trial,
    found: Found,
    stopped_us: int,
    others: dict[str, Trial],
) -> str:
    cameras = arguments.cameras
    cost = ours.per_stream_minute
    silent = cameras - found.cameras
    figures: Figures = {
        "cpu_s_per_stream_minute": cost,
        "user_share": round(ours.user_s / ours.cpu_s, 2) if ours.cpu_s else None,
        "frames_missing": found.missing + silent * int(arguments.seconds * 25),
        "frames_found": found.pictures,
        "pictures_per_second": ours.rate(cameras),
        "cameras": cameras,
        "seconds": round(ours.wall_s, 2),
        "unwritten_tail_s": round((stopped_us - found.earliest_end_us) / 1e6, 2),
        "mib_written": round(found.bytes / 2**20, 1),
        "rss_mib_per_camera": round((ours.resident - ours.base) / cameras / 2**20, 3),
        "rss_base_mib": round(ours.base / 2**20, 1),
        "rss_how": "resident bytes of the ingest process, less before the first camera",
    }
    peers: Figures = {
        name: {
            "cpu_s_per_stream_minute": trial.per_stream_minute,
            "pictures_per_second": trial.rate(cameras),
            "rss_mib_per_camera": round(trial.resident / cameras / 2**20, 3),
        }
        for name, trial in others.items()
    }
    ratios: Figures = {
        f"{name}_over_handfast": round(trial.per_stream_minute / cost, 2)
        for name, trial in others.items()
        if cost
    }
    return report(figures, peers=peers, ratios=ratios)
