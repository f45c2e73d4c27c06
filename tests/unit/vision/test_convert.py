"""Conversion to ONNX refuses what it does not know."""

import base64
from typing import Any

import numpy as np
import onnx
import pytest

from handfast.kit.errors import CorruptError, InvalidError
from handfast.vision.convert import to_onnx
from handfast.vision.free_onnx import free_onnx
from handfast.vision.graph_model import GraphModel, Node


def model_of(*nodes: Node, **constants: Any) -> GraphModel:
    """Return a graph with one input of 1 x 4 x 4 x 3 and these operations."""
    place = Node(name="x", op="Placeholder", inputs=(), attributes={})
    return GraphModel(
        nodes={node.name: node for node in (place, *nodes)},
        constants={name: np.asarray(value) for name, value in constants.items()},
        input_shape=(1, 3, 4, 4),
    )


def text(value: str) -> dict[str, str]:
    """Return a string as the files hold it."""
    return {"s": base64.b64encode(value.encode()).decode()}


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (model_of(Node(name="y", op="Softmax", inputs=("x",), attributes={})), "Softmax"),
        (model_of(), "holds no y"),
        (model_of(Node(name="y", op="Sigmoid", inputs=("c",), attributes={}), c=1), "constant"),
        (
            model_of(
                Node(name="y", op="Conv2D", inputs=("x", "w"), attributes={}),
                w=np.ones((1, 1, 3, 3)),
            ),
            "layout",
        ),
        (
            model_of(Node(name="y", op="Add", inputs=("x", "c"), attributes={}), c=[1, 2, 3]),
            "no bias",
        ),
    ],
)
def test_what_is_not_known_is_refused_by_name(model: GraphModel, says: str) -> None:
    """A wrong guess would be a detector that misses people in silence."""
    with pytest.raises(InvalidError, match=says):
        to_onnx(model, {"out": "y"})


def test_a_transposed_output_is_turned_as_the_graph_says() -> None:
    """Cutting the graph between layouts still gives the graph's own layout."""
    turn = Node(name="y", op="Transpose", inputs=("x", "p"), attributes={})
    made = onnx.load_model_from_string(to_onnx(model_of(turn, p=[0, 2, 3, 1]), {"out": "y"}))
    assert [node.op_type for node in made.graph.node] == ["Transpose"]


@pytest.mark.parametrize("content", [b"", b"not a model", bytes(100)])
def test_a_file_that_is_no_onnx_model_is_refused(content: bytes) -> None:
    """It is named as such, without the parser's own words alone."""
    with pytest.raises(CorruptError, match="no ONNX model"):
        free_onnx(content, {"heat": "537"})
