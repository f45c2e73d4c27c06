"""A graph model of TensorFlow.js, calculated step by step as its operations are documented.

Shares no line with the conversion that is tested against it: it reads the files by itself and
keeps TensorFlow's layout (channels last where the graph says so) throughout.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def weights(model: Mapping[str, Any], stream: bytes) -> dict[str, Array]:
    """Return every weight; float16 and int32 only, which is what NanoDet was published with."""
    found: dict[str, Array] = {}
    at = 0
    for entry in model["weightsManifest"][0]["weights"]:
        kind = "<f2" if "quantization" in entry else "<i4"
        size = int(np.prod(entry["shape"])) * np.dtype(kind).itemsize
        values = np.frombuffer(stream[at : at + size], kind).reshape(entry["shape"])
        found[entry["name"]] = values.astype(np.float32) if kind == "<f2" else values
        at += size
    return found


def forward(graph: bytes, stream: bytes, picture: Array, wanted: list[str]) -> list[Array]:
    """Return the wanted values of the graph for one picture (1 x 3 x height x width)."""
    model = json.loads(graph)
    known: dict[str, Any] = dict(weights(model, stream))
    nodes = {node["name"]: node for node in model["modelTopology"]["node"]}

    def value(name: str) -> Any:
        plain = name.split(":", maxsplit=1)[0]
        if plain not in known:
            node = nodes[plain]
            known[plain] = _calculated(node, [value(each) for each in node.get("input", [])])
        found = known[plain]
        return found[int(name.partition(":")[2] or 0)] if isinstance(found, list) else found

    placeholder = next(name for name, node in nodes.items() if node["op"] == "Placeholder")
    known[placeholder] = picture
    return [value(name) for name in wanted]


def _calculated(node: Mapping[str, Any], given: list[Any]) -> Any:  # noqa: C901, PLR0912 - one case for each operation
    match node["op"]:
        case "Identity":
            return given[0]
        case "Transpose":
            return given[0].transpose(given[1])
        case "Pad":
            return np.pad(given[0], given[1])
        case "PadV2":
            return np.pad(given[0], given[1], constant_values=float(given[2]))
        case "Add" | "AddV2":
            return given[0] + given[1]
        case "LeakyRelu":
            return np.where(
                given[0] < 0, given[0] * np.float32(node["attr"]["alpha"]["f"]), given[0]
            )
        case "Sigmoid":
            return 1 / (1 + np.exp(-given[0]))
        case "ConcatV2":
            return np.concatenate(given[:-1], axis=int(given[-1]))
        case "SplitV":
            return np.split(given[0], np.cumsum(given[1])[:-1], axis=int(given[2]))
        case "Reshape":
            return given[0].reshape(given[1])
        case "SparseToDense":
            dense = np.full(given[1], given[3])
            assert given[0].size == 0
            return dense
        case "ResizeBilinear":
            return _resized(given[0], given[1])
        case "MaxPool" | "Conv2D":
            return _windowed(node, given)
        case other:
            raise AssertionError(other)


def _windowed(node: Mapping[str, Any], given: list[Any]) -> Array:
    step = int(node["attr"]["strides"]["list"]["i"][1])
    if node["op"] == "MaxPool":
        kernel = [int(each) for each in node["attr"]["ksize"]["list"]["i"][1:3]]
    else:
        kernel = list(given[1].shape[:2])
    windows = np.lib.stride_tricks.sliding_window_view(given[0], kernel, axis=(1, 2))
    windows = windows[:, ::step, ::step]  # batch, rows, columns, channels, kernel
    if node["op"] == "MaxPool":
        return np.asarray(windows.max(axis=(4, 5)))
    return np.asarray(np.tensordot(windows, given[1], axes=((4, 5, 3), (0, 1, 2))))


def _resized(picture: Array, size: Array) -> Array:
    """Interpolate with half-pixel centres, one axis after the other."""
    for axis, count in ((1, int(size[0])), (2, int(size[1]))):
        length = picture.shape[axis]
        at = np.clip((np.arange(count) + 0.5) * length / count - 0.5, 0, length - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, length - 1)
        part = (
            (at - low)
            .astype(np.float32)
            .reshape([-1 if each == axis else 1 for each in range(4)])
        )
        picture = picture.take(low, axis) * (1 - part) + picture.take(high, axis) * part
    return picture
