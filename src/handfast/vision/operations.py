"""How each operation of a graph model is written in ONNX.

Each function takes the conversion and one operation, adds ONNX nodes and notes what the graph's
value is now. Padding before a convolution becomes part of it, a constant added to it its bias.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np
import onnx

from handfast.kit.errors import InvalidError
from handfast.vision.conversion import (
    AS_GIVEN,
    CHANNELS_LAST,
    NO_PADS,
    Conversion,
    Value,
)
from handfast.vision.graph_model import Node

Write: TypeAlias = Callable[[Conversion, Node], None]


def _placeholder(made: Conversion, node: Node) -> None:
    made.values[node.name] = Value(tensor="picture", shape=made.model.input_shape)


def _identity(made: Conversion, node: Node) -> None:
    made.values[node.name] = made.value(node.inputs[0])


def _transpose(made: Conversion, node: Node) -> None:
    value = made.value(node.inputs[0])
    perm = made.constant(node.inputs[1]).tolist()
    turned = tuple(value.perm[axis] for axis in perm)
    made.values[node.name] = replace(value, perm=turned)


def _pad(made: Conversion, node: Node) -> None:
    value = made.unpadded(node.inputs[0])
    around = [(0, 0)] * len(AS_GIVEN)
    amounts = made.constant(node.inputs[1]).tolist()
    for axis, pair in zip(value.perm, amounts, strict=True):
        around[axis] = (pair[0], pair[1])
    if around[0] != (0, 0) or around[1] != (0, 0):
        raise InvalidError(f"{node.name} pads something else than rows and columns")
    filling = float(made.constant(node.inputs[2])) if node.op == "PadV2" else 0.0
    pads = (around[2][0], around[3][0], around[2][1], around[3][1])
    made.values[node.name] = replace(value, pads=pads, padded_with=filling)


def _conv(made: Conversion, node: Node) -> None:
    value = made.picture(node)
    weights = made.constant(node.inputs[1]).transpose(3, 2, 0, 1)  # HWIO to OIHW
    if value.padded_with != 0 or set(node.numbers("dilations")) != {1}:
        raise InvalidError(f"{node.name} is a convolution of a kind not known here")
    strides = node.numbers("strides")[1:3]
    kernel = weights.shape[2:]
    kept = made.weight(node.inputs[1], weights)
    made.emit(
        "Conv",
        [value.tensor, kept],
        node.name,
        kernel_shape=kernel,
        strides=strides,
        pads=value.pads,
    )
    shape = (1, weights.shape[0], *_shrunk(value, kernel, strides))
    made.values[node.name] = Value(tensor=node.name, shape=shape, perm=CHANNELS_LAST)


def _max_pool(made: Conversion, node: Node) -> None:
    value = made.picture(node)
    kernel, strides = node.numbers("ksize")[1:3], node.numbers("strides")[1:3]
    # ONNX pads with less than anything; only that means the same.
    if value.pads != NO_PADS and value.padded_with > np.finfo(np.float16).min:
        raise InvalidError(f"{node.name} takes the maximum of padding that counts")
    made.emit(
        "MaxPool",
        [value.tensor],
        node.name,
        kernel_shape=kernel,
        strides=strides,
        pads=value.pads,
    )
    shape = (*value.shape[:2], *_shrunk(value, kernel, strides))
    made.values[node.name] = Value(tensor=node.name, shape=shape, perm=CHANNELS_LAST)


def _add(made: Conversion, node: Node) -> None:
    value = made.unpadded(node.inputs[0])
    if node.inputs[1] in made.model.constants:
        _add_bias(made, node, value)
        return
    other = made.unpadded(node.inputs[1])
    if (value.perm, value.shape) != (other.perm, other.shape):
        raise InvalidError(f"{node.name} adds values of different layout")
    made.emit("Add", [value.tensor, other.tensor], node.name)
    made.values[node.name] = replace(value, tensor=node.name)


def _add_bias(made: Conversion, node: Node, value: Value) -> None:
    """Make a constant for each channel part of the convolution just made."""
    bias = made.constant(node.inputs[1])
    last = made.nodes[-1] if made.nodes else onnx.NodeProto()
    alone = last.op_type == "Conv" and list(last.output) == [value.tensor]
    if not alone or value.perm != CHANNELS_LAST or bias.shape != value.shape[1:2]:
        raise InvalidError(f"{node.name} adds a constant that is no bias")
    last.input.append(made.weight(node.inputs[1], bias))
    made.values[node.name] = value


def _leaky_relu(made: Conversion, node: Node) -> None:
    value = made.unpadded(node.inputs[0])
    made.emit("LeakyRelu", [value.tensor], node.name, alpha=node.number("alpha"))
    made.values[node.name] = replace(value, tensor=node.name)


def _sigmoid(made: Conversion, node: Node) -> None:
    value = made.unpadded(node.inputs[0])
    made.emit("Sigmoid", [value.tensor], node.name)
    made.values[node.name] = replace(value, tensor=node.name)


def _concat(made: Conversion, node: Node) -> None:
    values = [made.unpadded(each) for each in node.inputs[:-1]]
    first = values[0]
    if any(value.perm != first.perm for value in values):
        raise InvalidError(f"{node.name} joins values of different layout")
    axis = first.perm[int(made.constant(node.inputs[-1]))]
    made.emit("Concat", [value.tensor for value in values], node.name, axis=axis)
    shape = list(first.shape)
    shape[axis] = sum(value.shape[axis] for value in values)
    made.values[node.name] = replace(first, tensor=node.name, shape=tuple(shape))


def _split(made: Conversion, node: Node) -> None:
    value = made.unpadded(node.inputs[0])
    axis = value.perm[int(made.constant(node.inputs[2]))]
    sizes = made.constant(node.inputs[1]).tolist()
    names = [f"{node.name}:{place}" if place else node.name for place in range(len(sizes))]
    kept = made.weight(f"{node.name}/sizes", np.array(sizes, np.int64))
    made.split([value.tensor, kept], names, axis=axis)
    for name, size in zip(names, sizes, strict=True):
        shape = list(value.shape)
        shape[axis] = size
        made.values[name] = replace(value, tensor=name, shape=tuple(shape))


def _resize(made: Conversion, node: Node) -> None:
    value = made.picture(node)
    if node.flag("align_corners") or not node.flag("half_pixel_centers"):
        raise InvalidError(f"{node.name} resizes in a way not known here")
    rows, columns = made.constant(node.inputs[1]).tolist()
    scales = np.array([1, 1, rows / value.shape[2], columns / value.shape[3]], np.float32)
    made.emit(
        "Resize",
        [value.tensor, "", made.weight(f"{node.name}/scales", scales)],
        node.name,
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )
    made.values[node.name] = replace(
        value, tensor=node.name, shape=(*value.shape[:2], rows, columns)
    )


def _shrunk(value: Value, kernel: Sequence[int], strides: Sequence[int]) -> tuple[int, int]:
    """Return rows and columns after a window has moved over a padded value."""
    above, left, below, right = value.pads
    rows = (value.shape[2] + above + below - kernel[0]) // strides[0] + 1
    columns = (value.shape[3] + left + right - kernel[1]) // strides[1] + 1
    return rows, columns


OPERATIONS: Final[Mapping[str, Write]] = {
    "Add": _add,
    "AddV2": _add,
    "ConcatV2": _concat,
    "Conv2D": _conv,
    "Identity": _identity,
    "LeakyRelu": _leaky_relu,
    "MaxPool": _max_pool,
    "Pad": _pad,
    "PadV2": _pad,
    "Placeholder": _placeholder,
    "ResizeBilinear": _resize,
    "Sigmoid": _sigmoid,
    "SplitV": _split,
    "Transpose": _transpose,
}
