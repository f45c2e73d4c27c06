"""From a graph model of TensorFlow.js to ONNX, without TensorFlow.

TensorFlow convolves pictures whose channels come last, ONNX those whose channels come first.
So each value is known twice: as the graph speaks of it, and as the ONNX tensor that holds it,
always channels first. A transposition in the graph only changes how the two relate and costs
nothing at run time; weights are transposed once, here. The same input always gives the same
bytes, so that their hash can stand in the registry.
"""

from collections.abc import Mapping
from typing import Final

import onnx
from onnx import helper, numpy_helper

from handfast.kit.errors import InvalidError
from handfast.vision.conversion import AS_GIVEN, Conversion, Value
from handfast.vision.graph_model import GraphModel
from handfast.vision.operations import OPERATIONS

OPSET: Final = 17
IR_VERSION: Final = 9


def to_onnx(model: GraphModel, outputs: Mapping[str, str]) -> bytes:
    """Convert a graph model; its height and width become free.

    Args:
        model: What was published.
        outputs: Name of each ONNX output, and the graph's name of the value it holds. The
            graph is cut there: what comes after is left out.

    Raises:
        InvalidError: The graph does something that is not known here; the message names it.
    """
    made = Conversion(model)
    for wanted in outputs.values():
        _reach(made, wanted)
    for name, wanted in outputs.items():
        value = made.value(wanted)
        if value.perm == AS_GIVEN:
            made.emit("Identity", [value.tensor], name)
        else:
            made.emit("Transpose", [value.tensor], name, perm=value.perm)
    graph = helper.make_graph(
        made.nodes,
        "model",
        [helper.make_tensor_value_info("picture", 1, [1, 3, "height", "width"])],
        [_described(name, made.value(wanted)) for name, wanted in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in made.weights.items()],
    )
    return to_bytes(graph, opset=OPSET)


def to_bytes(graph: onnx.GraphProto, *, opset: int) -> bytes:
    """Return a checked ONNX file with nothing in it but the graph; always the same bytes."""
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(made)
    content: bytes = made.SerializeToString(deterministic=True)
    return content


def _reach(made: Conversion, wanted: str) -> None:
    """Convert a value and, before it, everything it is made of."""
    waiting = [_node_name(wanted)]
    while waiting:
        node = made.node(waiting[-1])
        missing = [
            each
            for each in map(_node_name, node.inputs)
            if each not in made.values and each not in made.model.constants
        ]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        if node.name in made.values:
            continue
        if node.op not in OPERATIONS:
            raise InvalidError(f"{node.name} is a {node.op}, which cannot be converted")
        OPERATIONS[node.op](made, node)


def _described(name: str, value: Value) -> onnx.ValueInfoProto:
    sizes = (1, value.shape[1], f"{name}_rows", f"{name}_columns")
    return helper.make_tensor_value_info(name, 1, [sizes[axis] for axis in value.perm])


def _node_name(value: str) -> str:
    return value.partition(":")[0]
