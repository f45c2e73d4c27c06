"""What one detection costs on this machine, by model, size and runtime."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

from handfast.vision.letterbox import fit
from handfast.vision.model_detector import ModelDetector
from handfast.vision.picture import Picture
from handfast.vision.probe import candidates, cards, cpu_flags
from handfast.vision.registry import Model
from handfast.vision.runtime import Choice

_RUNS: Final = 20
_WARM_UPS: Final = 3
FULL_HD: Final = (1920, 1080)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU time of one detection in a 1920 x 1080 picture, all of it: planes in, boxes out.

    Attributes:
        model: Which model.
        canvas: Width and height of what the network read, px.
        run_as: Runtime and precision.
        least_ms: The least of 20 runs; what disturbs a machine only makes runs longer.
        median_ms: The median of 20 runs.
    """

    model: str
    canvas: tuple[int, int]
    run_as: Choice
    least_ms: float
    median_ms: float


def measure(
    model: Model, content: bytes, longest: int, cpu_seconds: Callable[[], float]
) -> Iterator[Cost]:
    """Yield the cost on each runtime that this CPU offers, one thread each.

    Args:
        model: Which model.
        content: Its ONNX file.
        longest: The longer side of the picture for the model, px.
        cpu_seconds: CPU time of this process so far, such as `time.process_time`.

    Raises:
        InvalidError: A runtime cannot run the model.
    """
    canvas = fit(FULL_HD, model.input, longest=longest).canvas
    picture = _drawn(*FULL_HD)
    for choice in candidates(cpu_flags(), accelerated=True, cards=cards()):
        detector = ModelDetector(model, content, choice, longest=longest)
        times = []
        for _ in range(_WARM_UPS + _RUNS):
            before = cpu_seconds()
            detector.detect(picture)
            times.append((cpu_seconds() - before) * 1000)
        yield Cost(
            model=model.id,
            canvas=canvas,
            run_as=choice,
            least_ms=min(times[_WARM_UPS:]),
            median_ms=median(times[_WARM_UPS:]),
        )


def _drawn(width: int, height: int) -> Picture:
    """Return a picture with texture everywhere and nothing in it."""
    rows, columns = np.mgrid[:height, :width]
    luma = (128 + 60 * np.sin(rows / 9) * np.cos(columns / 13)).astype(np.uint8)
    grey = np.full((height // 2, width // 2), 128, np.uint8)
    return Picture(y=luma, u=grey, v=grey.copy())
