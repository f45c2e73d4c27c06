"""The detectors for what must be covered, from the registry's models."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from handfast.kit.errors import NotFoundError
from handfast.vision.boxes import Kind
from handfast.vision.model_detector import ModelDetector, open_detector
from handfast.vision.registry import Model, Registry, Task

_TASKS: Final = {Task.PERSONS: frozenset({Kind.PERSON, Kind.VEHICLE}), Task.FACES: {Kind.FACE}}
_FAINTEST: Final = 0.1
"""Less than this nothing asks for, not even a children's zone (`settings.Thresholds`)."""

_FACE_DETAIL: Final = 2 / 3
"""Of the shown picture's side is what a faces' model reads. Faces under 24 px of that picture
are then found less often; their wearers are covered as persons, and hardly to be recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What could be opened.

    Attributes:
        detectors: Ready to look.
        missing: Why others are not there; the engine covers the whole picture for them.
    """

    detectors: tuple[ModelDetector, ...]
    missing: tuple[str, ...]


class DetectorBench:
    """Opens detectors and keeps them: the same one is opened once. Belongs to one thread."""

    def __init__(
        self, cache: Path, cpu_seconds: Callable[[], float], *, accelerated: bool = True
    ) -> None:
        """Open nothing yet; see `open_detectors` for what is taken."""
        self._cache = cache
        self._cpu_seconds = cpu_seconds
        self._accelerated = accelerated
        self._opened: list[tuple[Model, int | None, ModelDetector]] = []

    def open(
        self, kinds: frozenset[Kind], registry: Registry, *, shown: int | None = None
    ) -> Opened:
        """Return a detector for each task that `kinds` need; see `open_detectors`.

        One that was opened before is taken only for the very same entry of the registry.
        """
        detectors, missing = [], []
        for task, found in _TASKS.items():
            if not kinds & found:
                continue
            model = registry.find(task)
            try:
                detectors.append(self._detector(model, _longest(model, shown)))
            except NotFoundError as error:
                missing.append(str(error))
        return Opened(detectors=tuple(detectors), missing=tuple(missing))

    def forget(self) -> None:
        """Keep nothing any longer; who has been given a detector still has it."""
        self._opened.clear()

    def _detector(self, model: Model, longest: int | None) -> ModelDetector:
        for known, size, detector in self._opened:
            if (known, size) == (model, longest):
                return detector
        detector = open_detector(
            model,
            self._cache,
            self._cpu_seconds,
            longest=longest,
            threshold=min(model.threshold, _FAINTEST),
            accelerated=self._accelerated,
        )
        self._opened.append((model, longest, detector))
        return detector


def open_detectors(
    kinds: frozenset[Kind],
    registry: Registry,
    cache: Path,
    cpu_seconds: Callable[[], float],
    *,
    accelerated: bool = True,
    shown: int | None = None,
) -> Opened:
    """Open a detector for each task that `kinds` need.

    Args:
        kinds: What must be covered.
        registry: Ours, or with an owner's models in it.
        cache: Where models are installed.
        cpu_seconds: See `open_detector`.
        accelerated: Whether AMX and other bfloat16 arithmetic may be used.
        shown: Longer side of the pictures, px, when they are small ones that have to be made
            live: faces, the costlier task, are then read no finer than they can be seen. The
            registry's size otherwise.

    Raises:
        CorruptError: A model's file is not what the registry names; nothing is opened then.
        InvalidError: A model cannot be run, or has other outputs than the registry says.
    """
    bench = DetectorBench(cache, cpu_seconds, accelerated=accelerated)
    return bench.open(kinds, registry, shown=shown)


def _longest(model: Model, shown: int | None) -> int | None:
    if shown is None or model.task is not Task.FACES:
        return None
    return min(round(shown * _FACE_DETAIL), model.input.longest)
