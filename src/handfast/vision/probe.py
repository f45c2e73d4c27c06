"""Choose a runtime by measuring it on this machine, once."""

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from handfast.kit.cache import whole_file
from handfast.kit.errors import InvalidError
from handfast.vision.registry import Model
from handfast.vision.runtime import Choice, Engine, Precision, compile_model, gpu_providers
from handfast.vision.silent_runtimes import onnxruntime

_RECIPE: Final = 1  # raise it when the measurement changes
_WARM_UPS: Final = 2
_RUNS: Final = 5
_LARGEST: Final = 960  # px; larger pictures take longer to measure and choose the same
_CPU: Final = Path("/proc/cpuinfo")
_BF16_FLAGS: Final = frozenset({"amx_bf16", "avx512_bf16"})
_MATTERS: Final = ("amx", "avx", "asimd", "bf16", "i8mm", "sve")


class Probed(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, and what was chosen for it.

    Attributes:
        choice: The fastest.
        cpu_ms: CPU milliseconds for one picture, by `engine-precision`; the least of some runs,
            because everything that disturbs makes them longer.
    """

    choice: Choice
    cpu_ms: dict[str, float]


def choose_runtime(
    model: Model,
    content: bytes,
    cache: Path,
    cpu_seconds: Callable[[], float],
    *,
    accelerated: bool = True,
) -> Probed:
    """Return the runtime that takes the least CPU for a model, measuring when it is not known.

    What was measured is kept in the cache for this CPU, model and version of the runtimes,
    where the cache can be written.

    Args:
        model: Which model.
        content: Its ONNX file.
        cache: See `handfast.kit.cache.cache_directory`.
        cpu_seconds: CPU time of this process so far, such as `time.process_time`.
        accelerated: Whether AMX and other bfloat16 arithmetic may be used.

    Raises:
        InvalidError: No runtime can run the model.
    """
    known = remembered(model, cache, accelerated=accelerated)
    if known is not None:
        return known
    probed = _measure(model, content, cpu_seconds, accelerated=accelerated)
    # Where the cache cannot be written the next process measures again: slower, not worse.
    with (
        contextlib.suppress(OSError),
        whole_file(_kept(model, cache, accelerated=accelerated)) as unfinished,
    ):
        unfinished.write_bytes(msgspec.json.encode(probed))
    return probed


def remembered(model: Model, cache: Path, *, accelerated: bool = True) -> Probed | None:
    """Return what was measured here before; None when nothing was, or it cannot be read."""
    kept = _kept(model, cache, accelerated=accelerated)
    try:
        return msgspec.json.decode(kept.read_bytes(), type=Probed)
    except (OSError, msgspec.MsgspecError):
        return None


def candidates(
    flags: frozenset[str], *, accelerated: bool, cards: Sequence[str] = ()
) -> list[Choice]:
    """Return what is worth measuring on a CPU with these flags, and with these graphics cards.

    Args:
        flags: See `cpu_flags`.
        accelerated: Whether bfloat16 arithmetic and graphics cards may be used.
        cards: See `gpu_providers`.
    """
    choices = [Choice(engine=Engine.ONNXRUNTIME), Choice(engine=Engine.OPENVINO)]
    if accelerated and cards:
        choices.append(Choice(engine=Engine.ONNXRUNTIME_GPU))
    if accelerated and flags & _BF16_FLAGS:
        choices.append(Choice(engine=Engine.OPENVINO, precision=Precision.BF16))
    return choices


def cards() -> list[str]:
    """Return the graphics cards' providers that the installed onnxruntime was built with."""
    return gpu_providers(onnxruntime.get_available_providers())


def cpu_flags() -> frozenset[str]:
    """Return what this CPU can do, in Linux's words; empty where Linux does not say."""
    for line in _cpu_lines():
        name, _, value = line.partition(":")
        if name.strip() in {"flags", "Features"}:
            return frozenset(value.split())
    return frozenset()


def _measure(
    model: Model, content: bytes, cpu_seconds: Callable[[], float], *, accelerated: bool
) -> Probed:
    size = _probe_size(model)
    noise = np.random.default_rng(0).normal(size=(1, 3, *size)).astype(np.float32)
    spent: dict[Choice, float] = {}
    refusals = []
    for choice in candidates(cpu_flags(), accelerated=accelerated, cards=cards()):
        try:
            network = compile_model(model, content, size=size, run_as=choice)
        except InvalidError as refusal:
            refusals.append(refusal)  # one runtime that can run it is enough
            continue
        times = []
        for _ in range(_WARM_UPS + _RUNS):
            before = cpu_seconds()
            network.run(noise)
            times.append(cpu_seconds() - before)
        spent[choice] = min(times[_WARM_UPS:]) * 1000
    if not spent:
        raise refusals[0]
    named = {f"{each.engine}-{each.precision}": round(ms, 2) for each, ms in spent.items()}
    return Probed(choice=min(spent, key=spent.__getitem__), cpu_ms=named)


def _probe_size(model: Model) -> tuple[int, int]:
    """Return height and width for 16:9, what most cameras give."""
    if model.input.fixed is not None:
        return model.input.fixed
    width, multiple = min(model.input.longest, _LARGEST), model.input.multiple
    height = -(-width * 9 // 16 // multiple) * multiple
    return height, -(-width // multiple) * multiple


def _kept(model: Model, cache: Path, *, accelerated: bool) -> Path:
    return cache / "models" / "probes" / f"{_key(model, accelerated=accelerated)}.json"


def _key(model: Model, *, accelerated: bool) -> str:
    name = next((line for line in _cpu_lines() if line.startswith("model name")), "")
    flags = sorted(flag for flag in cpu_flags() if flag.startswith(_MATTERS))
    versions = [onnxruntime.__version__, version("openvino"), *cards()]
    # The whole entry, not the file alone: one that names other outputs has to be tried anew.
    reads = msgspec.structs.replace(model.input, longest=_LARGEST)
    entry = [model.sha256, reads, _probe_size(model), model.outputs]
    facts = [_RECIPE, entry, accelerated, name, flags, versions]
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:24]


def _cpu_lines() -> list[str]:
    return _CPU.read_text("utf-8", "replace").splitlines() if _CPU.exists() else []
