"""What every benchmark prints: figures, peers, ratios, and the machine they hold for."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import TypeAlias

import psutil

from handfast import __version__
from handfast.kit.errors import InvalidError

Figures: TypeAlias = Mapping[str, "float | int | str | Figures | None"]


def report(figures: Figures, *, peers: Figures, ratios: Figures) -> str:
    """Return one JSON object with exactly `figures`, `peers`, `ratios` and `machine`."""
    whole = {"figures": figures, "peers": peers, "ratios": ratios, "machine": machine()}
    return json.dumps(whole, indent=2)


def machine() -> Figures:
    """Describe this machine, its load included: others may be using it."""
    return {
        "cores": os.cpu_count() or 0,
        "cpu": _cpu_name(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_1min": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "handfast": __version__,
    }


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of all values do not exceed.

    Raises:
        InvalidError: There are no values.
    """
    if not values:
        raise InvalidError("no trial succeeded, so there is no percentile; see what is logged")
    ordered = sorted(values)
    return ordered[max(ceil(len(ordered) * percent / 100) - 1, 0)]


def filesystem(path: Path) -> str:
    """Return the type of the file system that `path` lies on, e.g. `ext4`."""
    mounts = [
        (len(part.mountpoint), part.fstype)
        for part in psutil.disk_partitions(all=True)
        if path.resolve().is_relative_to(part.mountpoint)
    ]
    return max(mounts, default=(0, "unknown"))[1]


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
