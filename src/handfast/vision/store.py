"""Models on this machine, verified each time they are read."""

import hashlib
from enum import StrEnum
from pathlib import Path
from typing import Final

from handfast.kit.errors import CorruptError, NotFoundError
from handfast.vision.registry import Model, OwnFile

_AGAIN: Final = "run: handfast models install"
_LARGEST: Final = 1 << 31  # bytes; no file of this format is larger


class State(StrEnum):
    """What is there of a model."""

    INSTALLED = "installed"
    MISSING = "missing"
    DAMAGED = "damaged"  # other bytes than the registry names


def path_of(model: Model, cache: Path) -> Path:
    """Return where a model's ONNX file is, or would be when it were installed."""
    if isinstance(model.source, OwnFile):
        return model.source.path
    return cache / "models" / f"{model.id}-{model.sha256[:16]}.onnx"


def load_model(model: Model, cache: Path) -> bytes:
    """Return the ONNX file of a model, verified; compile these bytes, not the file.

    Raises:
        NotFoundError: It is not installed.
        CorruptError: It is not what the registry names, be it by one byte.
    """
    path = path_of(model, cache)
    try:
        if path.stat().st_size > _LARGEST:
            raise CorruptError(
                f"{path} is refused: {path.stat().st_size >> 20} MB are more than an ONNX file "
                "holds; name another file"
            )
        content = path.read_bytes()
    except OSError as error:
        if isinstance(model.source, OwnFile):
            raise NotFoundError(
                f"model {model.id}: cannot read {path}; put it back, or correct the registry"
            ) from error
        raise NotFoundError(f"model {model.id} is not installed; {_AGAIN}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != model.sha256:
        mend = "name its hash in the registry" if isinstance(model.source, OwnFile) else _AGAIN
        raise CorruptError(
            f"{path} is refused: its sha256 is {found}, "
            f"the registry names {model.sha256}; {mend}"
        )
    return content


def state_of(model: Model, cache: Path) -> State:
    """Tell what is there of a model; reads all of it."""
    try:
        load_model(model, cache)
    except NotFoundError:
        return State.MISSING
    except CorruptError:
        return State.DAMAGED
    return State.INSTALLED
