"""A model of an owner's own: it runs, or is refused with what was expected."""

import hashlib
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from handfast.cli.main import main
from handfast.kit.errors import CorruptError, InvalidError
from handfast.vision.model_detector import open_detector
from handfast.vision.probe import remembered
from handfast.vision.registry import Model, OwnFile, Task, read_registry
from handfast.vision.store import load_model
from tests.house.tree import DOCS
from tests.unit.vision.drawn import street

BOX = [64.0, 48.0, 192.0, 144.0]


def onnx_file(path: Path, *, reads: str = "images", gives: str = "classes") -> Path:
    """Write a detector that finds the same box in every picture, as the reference's example."""
    constants: dict[str, npt.NDArray[Any]] = {
        "box": np.array([BOX], np.float32),
        "score": np.array([0.9], np.float32),
        "class": np.array([1], np.int64),
        "nothing": np.array(0, np.float32),
    }
    nodes = [
        helper.make_node("ReduceMean", [reads], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["naught"]),
        helper.make_node("Add", ["box", "naught"], ["boxes"]),
        helper.make_node("Add", ["score", "naught"], ["scores"]),
        helper.make_node("Identity", ["class"], [gives]),
    ]
    value, real = helper.make_tensor_value_info, TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "fixed",
        [value(reads, real, [1, 3, "height", "width"])],
        [
            value("boxes", real, [None, 4]),
            value("scores", real, [None]),
            value(gives, TensorProto.INT64, [None]),
        ],
        [numpy_helper.from_array(each, name) for name, each in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(made, path)
    return path


def registry_for(path: Path) -> Path:
    """Write the reference's example for this file, as its reader would."""
    page = (DOCS / "reference" / "models.md").read_text("utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    own = path.with_name("our-models.toml")
    own.write_text(
        example.replace("0" * 64, digest).replace("persons.onnx", path.name), "utf-8"
    )
    return own


def model_for(path: Path) -> Model:
    """Return the entry for a file."""
    return read_registry(registry_for(path)).find(Task.PERSONS)


def test_the_example_in_the_reference_runs(tmp_path: Path) -> None:
    """Copied to the letter, with the file's own hash."""
    model = model_for(onnx_file(tmp_path / "persons.onnx"))
    detector = open_detector(model, tmp_path, time.process_time)
    (found,) = detector.detect(street(640, 384))
    assert found.kind == "person"
    assert list(found.box) == pytest.approx(BOX, abs=2)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"gives": "labels"}, r"expected .*classes any \(for labels\); found .*labels"),
        ({"reads": "data"}, "it reads data, not images"),
    ],
)
def test_other_inputs_and_outputs_are_refused_with_what_was_expected(
    tmp_path: Path, names: dict[str, str], says: str
) -> None:
    """By the names that the file has, which its owner knows."""
    model = model_for(onnx_file(tmp_path / "persons.onnx", **names))
    with pytest.raises(InvalidError, match=says):
        open_detector(model, tmp_path, time.process_time)


def test_an_entry_that_was_changed_is_tried_anew(tmp_path: Path) -> None:
    """What was measured with the right entry says nothing about a wrong one."""
    model = model_for(onnx_file(tmp_path / "persons.onnx"))
    open_detector(model, tmp_path, time.process_time)
    outputs = [msgspec.structs.replace(each, published="") for each in model.outputs]
    changed = msgspec.structs.replace(model, outputs=outputs)
    assert remembered(model, tmp_path) is not None
    with pytest.raises(InvalidError, match="wrong outputs"):
        open_detector(changed, tmp_path, time.process_time)


def test_measuring_needs_no_place_to_remember(tmp_path: Path) -> None:
    """A cache may be read-only."""
    model = model_for(onnx_file(tmp_path / "persons.onnx"))
    (tmp_path / "models").write_text("a file where a folder should be")
    assert open_detector(model, tmp_path, time.process_time).kinds == {"person", "vehicle"}
    assert remembered(model, tmp_path) is None


def test_a_file_that_no_onnx_file_can_be_is_not_read(tmp_path: Path) -> None:
    """It would fill the memory first."""
    path = onnx_file(tmp_path / "persons.onnx")
    model = model_for(path)
    with path.open("r+b") as file:
        file.truncate(3 << 30)
    assert isinstance(model.source, OwnFile)
    with pytest.raises(CorruptError, match="3072 MB"):
        load_model(model, tmp_path)


def test_verifying_tries_a_model_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The right hash of a file that cannot be run is no reason to rely on it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    own = registry_for(onnx_file(tmp_path / "persons.onnx", gives="labels"))
    assert main(["models", "verify", "--registry", str(own)]) == 1
    assert "wrong outputs" in capsys.readouterr().err


def test_the_list_says_what_a_model_runs_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once it was measured, with what else was; and whether there is a graphics card."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    own = registry_for(onnx_file(tmp_path / "persons.onnx"))
    assert main(["models", "list", "--registry", str(own)]) == 0
    assert "measured when first used" in capsys.readouterr().out
    assert main(["models", "verify", "--registry", str(own)]) == 1  # the faces are not there
    assert main(["models", "list", "--registry", str(own)]) == 0
    listed = capsys.readouterr().out
    assert "onnxruntime-f32" in listed
    assert "graphics cards: " in listed
