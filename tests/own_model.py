"""Detectors that tests build: ONNX files that find whom the test says."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt
from onnx import NodeProto, ValueInfoProto, helper, numpy_helper


def onnx_detector(
    nodes: Sequence[NodeProto],
    weights: Mapping[str, npt.NDArray[Any]],
    outputs: Sequence[ValueInfoProto],
) -> bytes:
    """Return a model that reads one picture of 320 x 160 as `images`."""
    graph = helper.make_graph(
        nodes,
        "own",
        [helper.make_tensor_value_info("images", 1, [1, 3, 160, 320])],
        outputs,
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    return bytes(model.SerializeToString())
