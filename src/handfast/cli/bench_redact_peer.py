"""The peer of `handfast bench redact`: deface, in a process of its own on one core."""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from handfast.kit.errors import UnavailableError
from handfast.kit.packages import run_tool
from handfast.media.picture_writer import encoder_options

VERSION: Final = "1.5.0"
THRESHOLD: Final = 0.25
_PATIENCE_S: Final = 900
_MODULE: Final = "deface"

# deface lets onnxruntime start a thread for each core of the machine, which wait for each other
# by turning in circles: measured that way it takes half as much again. So this is kinder to it.
_ONE_THREAD: Final = """
import functools, os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import cv2, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
onnxruntime.InferenceSession = functools.partial(
    onnxruntime.InferenceSession, sess_options=options
)
cv2.setNumThreads(1)
from deface.deface import main
main()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """An installed deface.

    Attributes:
        folder: Where its packages lie.
    """

    folder: Path

    def cpu_seconds(self, film: Path, target: Path, *, scale: tuple[int, int]) -> float:
        """Run it over a film; return the CPU time of all its processes.

        Each picture is looked at, faces are filled with one colour, and the encoder has the
        same options as ours.

        Args:
            film: Read.
            target: Written.
            scale: Width and height at which faces are looked for, px.

        Raises:
            UnavailableError: It failed.
        """
        before = _of_children()
        try:
            subprocess.run(
                [sys.executable, "-c", _ONE_THREAD, str(film), *_options(target, scale)],
                env={**os.environ, "PYTHONPATH": str(self.folder), "OMP_NUM_THREADS": "1"},
                check=True,
                capture_output=True,
                text=True,
                timeout=_PATIENCE_S,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.SubprocessError) as error:
            said = error.stderr if isinstance(error, subprocess.CalledProcessError) else None
            reason = (said or str(error)).strip().splitlines()[-1:]
            raise UnavailableError(
                f"deface failed ({' '.join(reason)[:200]}); remove {self.folder} and repeat"
            ) from error
        return _of_children() - before


def obtain_peer(cache: Path, say: Callable[[str], None]) -> Peer:
    """Return deface out of the cache, installing it there with pip when it is not.

    Nothing of it becomes part of this program: it is measured, in a process of its own. It
    runs on the version of onnxruntime that we run on.

    Raises:
        UnavailableError: There is no pip, or no network.
    """
    runtime = version("onnxruntime")
    python = "".join(str(part) for part in sys.version_info[:2])
    folder = cache / "peers" / f"deface-{VERSION}-onnxruntime-{runtime}-py{python}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        say(f"installing deface {VERSION} to compare with, once (760 MB in {folder})")
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            unfinished = Path(name) / _MODULE
            wanted = [f"deface=={VERSION}", f"onnxruntime=={runtime}", "onnx"]
            pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(unfinished)]
            run_tool([*pip, *wanted], folder.parent)
            unfinished.replace(folder)
    return Peer(folder=folder)


def _options(target: Path, scale: tuple[int, int]) -> list[str]:
    encoder = encoder_options()
    params = [part for name, value in encoder.items() for part in (f"-{name}", value)]
    # Without the macro block size it would scale 1080 rows to 1088, which nobody asked for.
    config = {"codec": "libx264", "macro_block_size": 1, "ffmpeg_params": params}
    return [
        *("--output", str(target)),
        *("--scale", f"{scale[0]}x{scale[1]}"),
        *("--thresh", str(THRESHOLD)),
        *("--replacewith", "solid"),
        "--boxes",
        *("--backend", "onnxrt"),
        *("--ffmpeg-config", json.dumps(config)),
    ]


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
