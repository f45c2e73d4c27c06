"""One interface to the runtimes that models run on: onnxruntime and OpenVINO."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from handfast.kit.errors import InvalidError, UnavailableError
from handfast.vision.registry import Model, OwnFile
from handfast.vision.silent_runtimes import onnxruntime, onnxruntime_errors, openvino

Floats: TypeAlias = npt.NDArray[np.float32]

_ERRORS_ONLY: Final = 3
_CPU_PROVIDER: Final = "CPUExecutionProvider"
_GPU_PROVIDERS: Final = (
    "CUDAExecutionProvider",
    "ROCMExecutionProvider",
    "DmlExecutionProvider",
    "CoreMLExecutionProvider",
)
_REFUSALS: Final = (
    onnxruntime_errors.Fail,
    onnxruntime_errors.InvalidArgument,
    onnxruntime_errors.InvalidGraph,
    onnxruntime_errors.InvalidProtobuf,
    onnxruntime_errors.NotImplemented,
    onnxruntime_errors.RuntimeException,
    RuntimeError,
)


class Engine(StrEnum):
    """Which runtime."""

    ONNXRUNTIME = "onnxruntime"
    ONNXRUNTIME_GPU = "onnxruntime-gpu"  # where the installed build knows the card
    OPENVINO = "openvino"


class Precision(StrEnum):
    """What the runtime calculates with inside; results are 32-bit floats either way.

    AMX multiplies bfloat16 only, so `F32` is also how to run without it.
    """

    F32 = "f32"
    BF16 = "bf16"  # OpenVINO only; emulated, and slow, where the CPU knows no bfloat16


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How a model is run.

    Attributes:
        engine: Which runtime.
        precision: What it calculates with.
        threads: At most so many CPU threads for one picture.
    """

    engine: Engine = Engine.ONNXRUNTIME
    precision: Precision = Precision.F32
    threads: int = 1


class Network(Protocol):
    """A model compiled for one size of picture. Belongs to one thread."""

    def run(self, picture: Floats) -> Mapping[str, Floats]:
        """Return the outputs by name, valid until the next call.

        Args:
            picture: 1 x 3 x height x width, contiguous; read during the call only.

        Raises:
            UnavailableError: The runtime failed.
        """
        ...


def gpu_providers(available: Sequence[str]) -> list[str]:
    """Return what of onnxruntime's providers runs on a graphics card, the best first."""
    return [each for each in _GPU_PROVIDERS if each in available]


def compile_model(
    model: Model, content: bytes, *, size: tuple[int, int], run_as: Choice
) -> Network:
    """Compile a model for one size of picture and try it once, on a black one.

    Args:
        model: What the registry says of it.
        content: Its ONNX file, from `handfast.vision.store.load_model`.
        size: Height and width, px.
        run_as: Runtime and precision.

    Raises:
        InvalidError: The runtime cannot read the file, or its outputs are not those that the
            registry names; the message says what was expected and what was found.
    """
    names = _names_in_file(model)
    try:
        network = (
            _OpenVino(model.input.name, content, names, size=size, run_as=run_as)
            if run_as.engine is Engine.OPENVINO
            else _OnnxRuntime(model.input.name, content, names, size=size, run_as=run_as)
        )
        missing = set(names.values()) - set(network.has)
        outputs = {} if missing else network.run(np.zeros((1, 3, *size), np.float32))
    except (*_REFUSALS, UnavailableError) as error:
        raise InvalidError(
            f"model {model.id} cannot be run by {run_as.engine} at {size[1]} x {size[0]}: "
            f"{_first_line(error)}; compare the registry's entry with the file"
        ) from error
    if missing:
        raise _wrong_outputs(model, size, found=", ".join(network.has))
    _check_shapes(model, outputs, size)
    return network


class _OnnxRuntime:
    def __init__(
        self,
        reads: str,
        content: bytes,
        names: Mapping[str, str],
        *,
        size: tuple[int, int],
        run_as: Choice,
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = run_as.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        for side, pixels in zip(("height", "width"), size, strict=True):
            options.add_free_dimension_override_by_name(side, pixels)
        cards: list[str] = []
        if run_as.engine is Engine.ONNXRUNTIME_GPU:
            cards = gpu_providers(onnxruntime.get_available_providers())
        self._session = onnxruntime.InferenceSession(
            content, options, providers=[*cards, _CPU_PROVIDER]
        )
        if cards and not set(cards).intersection(self._session.get_providers()):
            # It would go on with the processor, and be taken for the card.
            raise UnavailableError(f"{', '.join(cards)} could not be loaded")
        wanted = [each.name for each in self._session.get_inputs()]
        if wanted != [reads]:
            raise UnavailableError(f"it reads {', '.join(wanted)}, not {reads}")
        self.has = [each.name for each in self._session.get_outputs()]
        self._reads = reads
        self._names = names

    def run(self, picture: Floats) -> Mapping[str, Floats]:
        """Return the outputs by name; see `Network`."""
        try:
            results = cast(  # models with other than dense outputs have been refused
                "list[Floats]",
                self._session.run(list(self._names.values()), {self._reads: picture}),
            )
        except _REFUSALS as error:
            raise UnavailableError(f"onnxruntime failed: {_first_line(error)}") from error
        return dict(zip(self._names, results, strict=True))


class _OpenVino:
    def __init__(
        self,
        reads: str,
        content: bytes,
        names: Mapping[str, str],
        *,
        size: tuple[int, int],
        run_as: Choice,
    ) -> None:
        core = openvino.Core()
        model = core.read_model(content, b"")
        wanted = [each.get_any_name() for each in model.inputs]
        if wanted != [reads]:
            raise UnavailableError(f"it reads {', '.join(wanted)}, not {reads}")
        model.reshape({reads: [1, 3, *size]})
        settings = {
            "INFERENCE_NUM_THREADS": run_as.threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": run_as.precision.value,
            # Several processes pinned to the same first core would wait for each other.
            "ENABLE_CPU_PINNING": False,
        }
        self._request = core.compile_model(model, "CPU", settings).create_infer_request()
        places = {
            name: place
            for place, output in enumerate(self._request.model_outputs)
            for name in output.get_names()
        }
        self.has = list(places)
        self._reads = reads
        self._places = {name: places.get(there, -1) for name, there in names.items()}

    def run(self, picture: Floats) -> Mapping[str, Floats]:
        """Return the outputs by name; see `Network`."""
        try:
            self._request.infer({self._reads: picture}, share_inputs=True, share_outputs=True)
        except RuntimeError as error:
            raise UnavailableError(f"OpenVINO failed: {_first_line(error)}") from error
        return {
            name: self._request.get_output_tensor(place).data
            for name, place in self._places.items()
        }


def _names_in_file(model: Model) -> Mapping[str, str]:
    """Return each output's name in the ONNX file; installing renames, an own file is as is."""
    if isinstance(model.source, OwnFile):
        return model.output_names()
    return {each.name: each.name for each in model.outputs}


def _check_shapes(model: Model, outputs: Mapping[str, Floats], size: tuple[int, int]) -> None:
    if not all(_fits(outputs[each.name].shape, each.sizes(*size)) for each in model.outputs):
        found = [f"{name} {_written(output.shape)}" for name, output in outputs.items()]
        raise _wrong_outputs(model, size, found=", ".join(found))


def _wrong_outputs(model: Model, size: tuple[int, int], *, found: str) -> InvalidError:
    names = _names_in_file(model)
    expected = [
        f"{names[each.name]} {_written(each.sizes(*size))}"
        + ("" if names[each.name] == each.name else f" (for {each.name})")
        for each in model.outputs
    ]
    return InvalidError(
        f"model {model.id} has the wrong outputs for {size[1]} x {size[0]}: expected "
        f"{', '.join(expected)}; found {found}; correct its entry in the registry"
    )


def _fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    return len(shape) == len(expected) and all(
        want is None or has == want for has, want in zip(shape, expected, strict=True)
    )


def _written(sizes: tuple[int | None, ...]) -> str:
    return "x".join("any" if size is None else str(size) for size in sizes)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__
