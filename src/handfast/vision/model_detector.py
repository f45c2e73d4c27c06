"""Detectors made of a model: letterbox, network, decoder."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import cv2

from handfast.kit.errors import InvalidError, UnavailableError
from handfast.vision.boxes import Box, Detection, Kind
from handfast.vision.candidates import Candidates, Floats, classes_by_kind
from handfast.vision.centerface import decode_centerface
from handfast.vision.finished_boxes import decode_boxes
from handfast.vision.letterbox import Canvas, Letterbox, fit
from handfast.vision.nanodet import decode_nanodet
from handfast.vision.picture import Picture
from handfast.vision.probe import choose_runtime
from handfast.vision.registry import Decoder, Model
from handfast.vision.runtime import Choice, Network, compile_model
from handfast.vision.store import load_model

Decode: TypeAlias = Callable[
    [Mapping[str, Floats], Mapping[Kind, Sequence[int]], float], dict[Kind, Candidates]
]

# What each decoder needs; a registry entry may name more.
NEEDED: Final[Mapping[Decoder, frozenset[str]]] = {
    Decoder.NANODET: frozenset(
        f"{part}_{stride}" for part in ("scores", "edges") for stride in (8, 16, 32)
    ),
    Decoder.CENTERFACE: frozenset({"heat", "size", "offset"}),
    Decoder.BOXES: frozenset({"boxes", "scores", "labels"}),
}
_DECODERS: Final[Mapping[Decoder, Decode]] = {
    Decoder.NANODET: decode_nanodet,
    Decoder.CENTERFACE: decode_centerface,
    Decoder.BOXES: decode_boxes,
}
_MOST_SIZES: Final = 4


class ModelDetector:
    """A `handfast.vision.detector.Detector` that runs one model.

    Compiles anew for each size of what the model reads, some tenths of a second each, and keeps
    the last four. Belongs to one thread.

    Attributes:
        kinds: What the model can find.
    """

    def __init__(
        self,
        model: Model,
        content: bytes,
        run_as: Choice,
        *,
        longest: int | None = None,
        threshold: float | None = None,
    ) -> None:
        """Take a model.

        Args:
            model: What the registry says of it.
            content: Its ONNX file, from `handfast.vision.store.load_model`.
            run_as: Runtime and precision.
            longest: The longer side of the picture for the model, px; the registry's otherwise.
            threshold: Detections of less confidence are dropped; the registry's otherwise.

        Raises:
            InvalidError: The registry names other outputs than the model's decoder needs.
        """
        missing = NEEDED[model.decoder] - {each.name for each in model.outputs}
        if missing:
            raise InvalidError(
                f"model {model.id} names no output {', '.join(sorted(missing))}, which its "
                f"decoder {model.decoder} needs; see docs/reference/models.md"
            )
        # OpenCV would spread each small step over every core; the setting is the process's.
        cv2.setNumThreads(run_as.threads)
        self._classes = classes_by_kind(model.classes)
        self.kinds = frozenset(self._classes)
        self._model = model
        self._content = content
        self._run_as = run_as
        self._longest = longest or model.input.longest
        self._threshold = model.threshold if threshold is None else threshold
        self._decode = _DECODERS[model.decoder]
        self._canvases: dict[tuple[int, int], Canvas] = {}
        self._networks: dict[tuple[int, int], Network] = {}

    def detect(self, picture: Picture) -> list[Detection]:
        """Return what is in the picture, in no order, clipped to it; see `Detector`."""
        if not picture.width or not picture.height:
            return []
        canvas = self._canvas((picture.width, picture.height))
        try:
            network = self._network(canvas.box)
        except InvalidError as error:
            raise UnavailableError(str(error)) from error
        outputs = network.run(canvas.draw(picture))
        found = self._decode(outputs, self._classes, self._threshold)
        return [
            each
            for kind, candidates in found.items()
            for each in _detections(kind, candidates, canvas.box)
        ]

    def prepare(self, width: int, height: int) -> None:
        """Compile for pictures of this size now, so that the first one does not wait.

        Raises:
            InvalidError: The model cannot be run, or has other outputs than the registry says.
        """
        self._network(self._canvas((width, height)).box)

    def _canvas(self, size: tuple[int, int]) -> Canvas:
        if size not in self._canvases:
            box = fit(size, self._model.input, longest=self._longest)
            _make_room(self._canvases)
            self._canvases[size] = Canvas(box, self._model.input)
        return self._canvases[size]

    def _network(self, box: Letterbox) -> Network:
        if box.canvas not in self._networks:
            width, height = box.canvas
            made = compile_model(
                self._model, self._content, size=(height, width), run_as=self._run_as
            )
            _make_room(self._networks)
            self._networks[box.canvas] = made
        return self._networks[box.canvas]


def open_detector(
    model: Model,
    cache: Path,
    cpu_seconds: Callable[[], float],
    *,
    longest: int | None = None,
    threshold: float | None = None,
    accelerated: bool = True,
) -> ModelDetector:
    """Return a detector that runs an installed model on the runtime fastest here.

    Args:
        model: From the registry.
        cache: See `handfast.kit.cache.cache_directory`.
        cpu_seconds: CPU time of this process so far, such as `time.process_time`; asked only
            when the runtimes were never measured here.
        longest: See `ModelDetector`.
        threshold: See `ModelDetector`.
        accelerated: Whether AMX and other bfloat16 arithmetic may be used.

    Raises:
        NotFoundError: The model is not installed; the message says what to run.
        CorruptError: Its file is not what the registry names.
        InvalidError: It cannot be run, or has other outputs than the registry says.
    """
    content = load_model(model, cache)
    probed = choose_runtime(model, content, cache, cpu_seconds, accelerated=accelerated)
    return ModelDetector(model, content, probed.choice, longest=longest, threshold=threshold)


def _detections(kind: Kind, found: Candidates, box: Letterbox) -> list[Detection]:
    boxes = box.to_picture(found.boxes)
    return [
        Detection(kind=kind, confidence=score, box=Box(*corners))
        for corners, score in zip(boxes.tolist(), found.scores.tolist(), strict=True)
        if corners[2] > corners[0] and corners[3] > corners[1]
    ]


def _make_room(kept: dict[tuple[int, int], Canvas] | dict[tuple[int, int], Network]) -> None:
    while len(kept) >= _MOST_SIZES:
        kept.pop(next(iter(kept)))
