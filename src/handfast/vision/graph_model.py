"""Graph models of TensorFlow.js: a JSON file with the graph, and shards with the weights.

Source:
    github.com/tensorflow/tfjs, tfjs-core/src/io/types.ts (`ModelJSON`, `WeightsManifestEntry`)
    and tfjs-core/src/io/io_utils.ts (`decodeWeights`).
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from handfast.kit.errors import CorruptError

Array: TypeAlias = npt.NDArray[Any]

_LARGEST: Final = 1 << 24  # values in one weight; NanoDet's largest has 0.6 million
_Size: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One operation.

    Attributes:
        name: Of its first output, too.
        op: TensorFlow's name of the operation.
        inputs: Names of nodes; a second output is `name:1`.
        attributes: TensorFlow's, as JSON has them.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def text(self, name: str, default: str = "") -> str:
        """Return an attribute that is a string; the files hold them in Base64."""
        return base64.b64decode(self.attributes.get(name, {}).get("s", "")).decode() or default

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return an attribute that is a list of whole numbers; the files hold them as text."""
        return tuple(int(each) for each in self.attributes.get(name, {})["list"].get("i", ()))

    def number(self, name: str) -> float:
        """Return an attribute that is one floating-point number."""
        return float(self.attributes[name]["f"])

    def flag(self, name: str) -> bool:
        """Return an attribute that is a truth value; absent is false."""
        return bool(self.attributes.get(name, {}).get("b", False))


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphModel:
    """A model as it was published.

    Attributes:
        nodes: Every operation by name, constants left out.
        constants: Every weight by the name of its node, dequantised.
        input_shape: Of the one placeholder, batch first.
    """

    nodes: Mapping[str, Node]
    constants: Mapping[str, Array]
    input_shape: tuple[int, ...]


class _Quantization(msgspec.Struct, frozen=True):
    dtype: Literal["float16", "uint8", "uint16"]
    scale: float = 1.0
    min: float = 0.0


class _Weight(msgspec.Struct, frozen=True):
    name: str
    shape: list[_Size]
    dtype: Literal["float32", "int32"]
    quantization: _Quantization | None = None


class _Group(msgspec.Struct, frozen=True):
    paths: list[str]
    weights: list[_Weight]


class _Node(msgspec.Struct, frozen=True):
    name: str
    op: str
    input: list[str] = []
    attr: dict[str, Any] = {}


class _Topology(msgspec.Struct, frozen=True):
    node: list[_Node]


class _Model(msgspec.Struct, frozen=True, rename="camel"):
    model_topology: _Topology
    weights_manifest: list[_Group]


def read_graph_model(graph: bytes, shards: Mapping[str, bytes]) -> GraphModel:
    """Read a graph model.

    Args:
        graph: The JSON file.
        shards: The files that it names in its weights manifest, by name.

    Raises:
        CorruptError: It is no graph model, or the shards do not belong to it.
    """
    try:
        model = msgspec.json.decode(graph, type=_Model)
        constants: dict[str, Array] = {}
        for group in model.weights_manifest:
            stream = b"".join(shards[path] for path in group.paths)
            constants |= read_weights(stream, group.weights)
        nodes = [_as_node(node) for node in model.model_topology.node if node.op != "Const"]
        return GraphModel(
            nodes={node.name: node for node in nodes},
            constants=constants,
            input_shape=_input_shape(nodes),
        )
    except (msgspec.MsgspecError, KeyError, ValueError, binascii.Error) as error:
        raise CorruptError(f"no graph model of TensorFlow.js: {error}") from error


def read_weights(stream: bytes, weights: Sequence[_Weight]) -> dict[str, Array]:
    """Return the weights that lie one after another in a stream, dequantised.

    Raises:
        ValueError: The stream is longer or shorter than they are.
    """
    read: dict[str, Array] = {}
    offset = 0
    for weight in weights:
        stored = weight.quantization.dtype if weight.quantization else weight.dtype
        count = prod(weight.shape)
        values = np.frombuffer(stream, np.dtype(stored).newbyteorder("<"), count, offset)
        offset += values.nbytes
        read[weight.name] = _dequantised(values, weight).reshape(weight.shape)
    if offset != len(stream):
        raise ValueError(f"{len(stream)} bytes of weights, {offset} in the manifest")
    return read


def _dequantised(values: Array, weight: _Weight) -> Array:
    plain = values.astype(weight.dtype)
    if weight.quantization is None or weight.quantization.dtype == "float16":
        return plain
    # Affine: a stored integer counts steps above the smallest value.
    return (plain * weight.quantization.scale + weight.quantization.min).astype(weight.dtype)


def _as_node(node: _Node) -> Node:
    return Node(name=node.name, op=node.op, inputs=tuple(node.input), attributes=node.attr)


def _input_shape(nodes: Sequence[Node]) -> tuple[int, ...]:
    places = [node for node in nodes if node.op == "Placeholder"]
    if len(places) != 1:
        raise ValueError(f"{len(places)} inputs; exactly one can be read")
    sizes = places[0].attributes["shape"]["shape"]["dim"]
    return tuple(int(size["size"]) for size in sizes)
