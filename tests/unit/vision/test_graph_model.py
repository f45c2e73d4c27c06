"""Reading what TensorFlow.js publishes."""

import json
from typing import Any

import numpy as np
import pytest

from handfast.kit.errors import CorruptError
from handfast.vision.graph_model import read_graph_model

PLACE = {
    "name": "x",
    "op": "Placeholder",
    "attr": {"shape": {"shape": {"dim": [{"size": "1"}, {"size": "3"}, {"size": "4"}]}}},
}


def graph(*weights: dict[str, Any], nodes: list[dict[str, Any]] | None = None) -> bytes:
    """Return a model file with these weights in one shard."""
    return json.dumps(
        {
            "modelTopology": {"node": [PLACE] if nodes is None else nodes},
            "weightsManifest": [{"paths": ["a.bin", "b.bin"], "weights": list(weights)}],
        }
    ).encode()


def weight(shape: list[int], stored: str, **more: float) -> dict[str, Any]:
    """Return a manifest entry for a weight stored in fewer bits than it had."""
    return {
        "name": "w",
        "shape": shape,
        "dtype": "float32",
        "quantization": {"dtype": stored, **more},
    }


def test_half_precision_weights_are_widened() -> None:
    """Two shards are one stream; values come back in the shape of the manifest."""
    values = np.array([[0.5, -2, 65504]], np.float16)
    content = values.tobytes()
    model = read_graph_model(
        graph(weight([1, 3], "float16")), {"a.bin": content[:3], "b.bin": content[3:]}
    )
    assert model.constants["w"].dtype == np.float32
    assert model.constants["w"].tolist() == values.tolist()
    assert model.input_shape == (1, 3, 4)


@pytest.mark.parametrize("stored", ["uint8", "uint16"])
def test_weights_in_steps_are_put_back_on_their_scale(stored: str) -> None:
    """A stored integer counts steps above the smallest value."""
    content = np.array([0, 4, 200], stored).tobytes()
    entry = weight([3], stored, scale=0.5, min=-1.0)
    model = read_graph_model(graph(entry), {"a.bin": content, "b.bin": b""})
    assert model.constants["w"].tolist() == [-1.0, 1.0, 99.0]


@pytest.mark.parametrize("length", [0, 5, 7, 600])
def test_shards_of_another_length_are_refused(length: int) -> None:
    """Weights are never taken from the wrong place."""
    with pytest.raises(CorruptError, match="no graph model"):
        read_graph_model(graph(weight([3], "float16")), {"a.bin": bytes(length), "b.bin": b""})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        graph(nodes=[]),
        graph(nodes=[PLACE, PLACE]),
        graph(weight([-1], "uint8")),
    ],
)
def test_anything_else_is_refused(content: bytes) -> None:
    """A file that is no model is named so, whatever it is."""
    with pytest.raises(CorruptError, match="no graph model"):
        read_graph_model(content, {"a.bin": b"", "b.bin": b""})


def test_a_missing_shard_is_refused() -> None:
    """The manifest names the files that belong together."""
    with pytest.raises(CorruptError, match=r"b\.bin"):
        read_graph_model(graph(), {"a.bin": b""})
