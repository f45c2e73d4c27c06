"""What a conversion knows on its way: the values of a graph, and the ONNX nodes made so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import onnx
from onnx import helper

from handfast.kit.errors import InvalidError
from handfast.vision.graph_model import Array, GraphModel, Node

AS_GIVEN: Final = (0, 1, 2, 3)
CHANNELS_LAST: Final = (0, 2, 3, 1)
NO_PADS: Final = (0, 0, 0, 0)
Perm: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of the graph and the ONNX tensor that holds it.

    Attributes:
        tensor: Name of the ONNX tensor.
        shape: Of the ONNX tensor at the published input size: batch, channels, rows, columns.
        perm: Axis i of the graph's value is axis `perm[i]` of the tensor.
        pads: Rows above, columns left, rows below, columns right, yet to be put around the
            tensor by whoever reads it.
        padded_with: What the pads hold.
    """

    tensor: str
    shape: tuple[int, ...]
    perm: Perm = AS_GIVEN
    pads: tuple[int, ...] = NO_PADS
    padded_with: float = 0.0


class Conversion:
    """One graph on its way to ONNX: what is known of it, and what was made so far."""

    def __init__(self, model: GraphModel) -> None:
        """Start with nothing made."""
        self.model = model
        self.values: dict[str, Value] = {}
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, Array] = {}

    def emit(self, op: str, inputs: Sequence[str], output: str, **attributes: object) -> None:
        """Add a node with one output."""
        node = helper.make_node(op, inputs, [output])
        for name, value in sorted(attributes.items()):
            node.attribute.append(helper.make_attribute(name, value))
        self.nodes.append(node)

    def split(self, inputs: Sequence[str], outputs: Sequence[str], *, axis: int) -> None:
        """Add a node that cuts one value into several."""
        self.nodes.append(helper.make_node("Split", inputs, outputs, axis=axis))

    def weight(self, name: str, value: Array) -> str:
        """Keep a constant for the ONNX model and return its name."""
        self.weights[name] = np.ascontiguousarray(value)
        return name

    def node(self, name: str) -> Node:
        """Return an operation of the graph."""
        if name not in self.model.nodes:
            raise InvalidError(f"the graph holds no {name}; compare the names of its outputs")
        return self.model.nodes[name]

    def constant(self, name: str) -> Array:
        """Return a constant of the graph."""
        if name not in self.model.constants:
            raise InvalidError(f"{name} is no constant; only constants can be converted there")
        return self.model.constants[name]

    def value(self, name: str) -> Value:
        """Return a value that was converted already."""
        if name not in self.values:
            raise InvalidError(f"{name} is a constant where a picture is expected")
        return self.values[name]

    def unpadded(self, name: str) -> Value:
        """Return a value that owes no padding."""
        value = self.value(name)
        if value.pads != NO_PADS:
            raise InvalidError(f"{name} is padded where padding cannot be converted")
        return value

    def picture(self, node: Node) -> Value:
        """Return the first input of an operation that reads pictures, channels last."""
        value = self.value(node.inputs[0])
        form = node.text("data_format", "NHWC"), node.text("padding", "VALID")
        if value.perm != CHANNELS_LAST or form != ("NHWC", "VALID"):
            raise InvalidError(f"{node.name} reads pictures in a layout not known here")
        return value
