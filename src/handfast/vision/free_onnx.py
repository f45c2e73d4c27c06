"""Make a published ONNX model fit for any picture: free sizes, weights that cannot be fed.

Old exporters list weights among the inputs, so that a runtime must expect them to change and
cannot fold them into the operations; and they fix the size of the one picture they were
exported with.
"""

from collections.abc import Mapping
from typing import Final

import onnx
from onnx import helper

from handfast.kit.errors import CorruptError, InvalidError
from handfast.vision.convert import to_bytes

_OLDEST_OPSET: Final = 7


def free_onnx(model: bytes, outputs: Mapping[str, str]) -> bytes:
    """Return the part of a model that its wanted outputs need; height and width are free.

    Args:
        model: What was published: one picture input, batch x 3 x height x width.
        outputs: New name of each output, and the name it was published under. What only other
            outputs need is left out.

    Raises:
        CorruptError: It is no ONNX model.
        InvalidError: It has no such output, or more than one input.
    """
    try:
        onnx.checker.check_model(model)
    except (ValueError, onnx.checker.ValidationError) as error:
        raise CorruptError(f"no ONNX model: {error}") from error
    published = onnx.load_model_from_string(model)
    graph = published.graph
    weights = {each.name: each for each in graph.initializer}
    inputs = [each.name for each in graph.input if each.name not in weights]
    opset = published.opset_import[0].version
    if len(inputs) != 1 or opset < _OLDEST_OPSET:
        raise InvalidError(
            f"inputs {inputs}, operation set {opset}; one input, {_OLDEST_OPSET}+"
        )
    needed = _needed(graph, outputs)
    _rename(needed, {inputs[0]: "picture", **{old: new for new, old in outputs.items()}})
    used = {name for node in needed for name in node.input}
    freed = helper.make_graph(
        needed,
        "model",
        [helper.make_tensor_value_info("picture", 1, [1, 3, "height", "width"])],
        [_described(graph, new, old) for new, old in outputs.items()],
        [weights[name] for name in sorted(used & set(weights))],
    )
    return to_bytes(freed, opset=opset)


def _needed(graph: onnx.GraphProto, outputs: Mapping[str, str]) -> list[onnx.NodeProto]:
    """Return the nodes that the outputs need, in the order of the graph."""
    wanted = set(outputs.values())
    kept: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            wanted |= set(node.input)
            kept.append(node)
    made = {name for node in kept for name in node.output}
    missing = sorted(set(outputs.values()) - made)
    if missing:
        has = ", ".join(each.name for each in graph.output)
        raise InvalidError(f"the model has no output {', '.join(missing)}; it has {has}")
    return kept[::-1]


def _rename(nodes: list[onnx.NodeProto], names: Mapping[str, str]) -> None:
    for node in nodes:
        for side in (node.input, node.output):
            side[:] = [names.get(name, name) for name in side]


def _described(graph: onnx.GraphProto, new: str, old: str) -> onnx.ValueInfoProto:
    """Describe an output by its channels; rows and columns follow the picture."""
    known = {each.name: each for each in graph.output}
    channels: int | str = f"{new}_channels"
    if old in known:
        channels = known[old].type.tensor_type.shape.dim[1].dim_value
    return helper.make_tensor_value_info(new, 1, [1, channels, f"{new}_rows", f"{new}_columns"])
