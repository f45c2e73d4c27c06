"""The installed models, for tests that run them; `make setup` has installed them."""

import os
from functools import cache
from pathlib import Path

from handfast.kit.cache import cache_directory
from handfast.vision.install import install_models
from handfast.vision.registry import Model, Task, read_registry
from handfast.vision.store import load_model


@cache
def model_cache() -> Path:
    """Return the user's cache with every model in it."""
    found = cache_directory(os.environ)
    install_models(read_registry(), found, lambda _step: None)
    return found


def published(name: str) -> bytes:
    """Return a published file by the end of its name, such as `nanodet.json`."""
    return next((model_cache() / "models" / "published").glob(f"*-{name}")).read_bytes()


@cache
def installed(task: Task) -> tuple[Model, bytes]:
    """Return a model with its ONNX file."""
    model = read_registry().find(task)
    return model, load_model(model, model_cache())
