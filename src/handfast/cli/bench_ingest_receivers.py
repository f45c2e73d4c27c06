"""The receivers that the ingest benchmark compares: ours, ffmpeg, PyAV."""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import psutil

from handfast.kit.errors import UnavailableError
from handfast.media.source import CameraSource
from handfast.media.units import StreamKey

_END_S: Final = 20.0
OWNER: Final = UUID(int=0xFEED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """CPU seconds and resident bytes of a set of processes at one moment."""

    user_s: float
    system_s: float
    resident: int

    def cpu_since(self, before: "Usage") -> float:
        """Return CPU seconds spent since `before`."""
        return self.user_s + self.system_s - before.user_s - before.system_s


def usage(processes: Sequence[psutil.Process]) -> Usage:
    """Add up what processes have used so far."""
    times = [process.cpu_times() for process in processes]
    return Usage(
        user_s=sum(each.user for each in times),
        system_s=sum(each.system for each in times),
        resident=sum(process.memory_info().rss for process in processes),
    )


def sources(url: str, count: int) -> list[CameraSource]:
    """Return the simulated cameras' main streams."""
    return [CameraSource(key=StreamKey(UUID(int=n)), url=f"{url}/cam{n}") for n in range(count)]


def start_ffmpeg(url: str, count: int, directory: Path) -> list[psutil.Popen]:
    """Start `ffmpeg -c copy`, one process a camera, segments of 10 s.

    Raises:
        UnavailableError: There is no ffmpeg.
    """
    try:
        return [
            psutil.Popen(_ffmpeg(f"{url}/cam{n}", directory / f"{n}")) for n in range(count)
        ]
    except FileNotFoundError as error:
        raise UnavailableError(
            "no ffmpeg to compare with; run: apt-get install ffmpeg, or give --peers none"
        ) from error


def start_pyav(url: str, count: int, directory: Path) -> list[psutil.Popen]:
    """Start one PyAV process with a thread for each camera, segments of 10 s."""
    program = [sys.executable, "-m", "handfast.media.bench_pyav"]
    return [
        psutil.Popen([*program, url, str(directory), str(count)], stderr=subprocess.DEVNULL)
    ]


def written(directory: Path) -> set[str]:
    """Return which cameras a peer has begun to write, by their file names."""
    return {
        path.name.split("-")[0] for path in directory.glob("*-*.mp4") if path.stat().st_size
    }


def size_of(directory: Path) -> int:
    """Return how many bytes a peer has written."""
    return sum(path.stat().st_size for path in directory.glob("*.mp4"))


def end(processes: Sequence[psutil.Popen]) -> None:
    """End processes that were started here."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=_END_S)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=_END_S)


def _ffmpeg(url: str, stem: Path) -> list[str]:
    quiet = ["ffmpeg", "-nostdin", "-loglevel", "quiet", "-y"]
    source = ["-rtsp_transport", "tcp", "-i", url, "-c", "copy"]
    segments = ["-f", "segment", "-segment_time", "10", "-reset_timestamps", "1"]
    return [*quiet, *source, *segments, f"{stem}-%03d.mp4"]
