"""The installed models calculate what was published."""

import hashlib
from typing import Any

import numpy as np
import onnx
import pytest

from handfast.kit.errors import InvalidError
from handfast.vision.free_onnx import free_onnx
from handfast.vision.install import convert
from handfast.vision.registry import Task
from handfast.vision.runtime import Choice, Engine, compile_model
from handfast.vision.silent_runtimes import onnxruntime
from tests.unit.vision.forward import forward
from tests.unit.vision.installed import installed, published

SIZE = (416, 416)


def noise() -> Any:
    """Return a picture as a network reads it, the same every time."""
    return np.random.default_rng(3).normal(size=(1, 3, *SIZE)).astype(np.float32)


@pytest.mark.parametrize("engine", list(Engine))
def test_nanodet_calculates_what_was_published(engine: Engine) -> None:
    """Every output equals a plain step-by-step calculation of the published graph."""
    model, content = installed(Task.PERSONS)
    names = list(model.output_names())
    expected = forward(
        published("nanodet.json"),
        published("nanodet.bin"),
        noise(),
        list(model.output_names().values()),
    )
    network = compile_model(model, content, size=SIZE, run_as=Choice(engine=engine))
    outputs = network.run(noise())
    for name, values in zip(names, expected, strict=True):
        np.testing.assert_allclose(outputs[name], values, atol=2e-4, rtol=1e-3)


def test_conversion_always_gives_the_same_bytes() -> None:
    """The hash in the registry is the hash of what is made here."""
    model, content = installed(Task.PERSONS)
    files = {name: published(name) for name in ("nanodet.json", "nanodet.bin")}
    assert hashlib.sha256(convert(model, files)).hexdigest() == model.sha256
    assert hashlib.sha256(content).hexdigest() == model.sha256


def test_no_transposition_is_left_in_nanodet() -> None:
    """Weights were turned once, so that pictures need not be turned each time."""
    graph = onnx.load_model_from_string(installed(Task.PERSONS)[1]).graph
    assert "Transpose" not in {node.op_type for node in graph.node}
    assert "Pad" not in {node.op_type for node in graph.node}


def test_centerface_is_freed_of_its_size_and_of_the_points_of_faces() -> None:
    """Weights are no inputs, rows and columns are free, eyes and mouths are cut off."""
    graph = onnx.load_model_from_string(installed(Task.FACES)[1]).graph
    assert [each.name for each in graph.input] == ["picture"]
    sides = graph.input[0].type.tensor_type.shape.dim
    assert [side.dim_param or side.dim_value for side in sides] == [1, 3, "height", "width"]
    assert [each.name for each in graph.output] == ["heat", "size", "offset"]
    assert "head.lm_conv.weight" not in {each.name for each in graph.initializer}


def test_centerface_calculates_what_was_published() -> None:
    """Cutting and freeing changes no value; compared at the size it was published with."""
    model, content = installed(Task.FACES)
    names = model.output_names()
    picture = noise()[:, :, :32, :32] * 60 + 120
    batch = np.repeat(picture, 10, axis=0)
    reference = onnxruntime.InferenceSession(
        published("centerface.onnx"), providers=["CPUExecutionProvider"]
    )
    expected = reference.run(list(names.values()), {"input.1": batch})
    as_other = Choice(engine=Engine.OPENVINO)
    found = compile_model(model, content, size=(32, 32), run_as=as_other).run(picture)
    for name, values in zip(names, expected, strict=True):
        np.testing.assert_allclose(found[name], values[:1], atol=1e-3, rtol=1e-3)


def test_an_output_that_is_not_there_is_named_with_those_that_are() -> None:
    """Whoever writes a registry entry sees what the file has."""
    with pytest.raises(InvalidError, match=r"no output nose; it has 537, 538, 539, 540"):
        free_onnx(published("centerface.onnx"), {"nose": "nose"})
