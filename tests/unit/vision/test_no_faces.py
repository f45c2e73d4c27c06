"""P11: what is installed finds faces to cover them; nothing tells one from another."""

import os
import re
from pathlib import Path

import onnx

import handfast
from handfast.kit.cache import cache_directory
from handfast.vision.boxes import Detection
from handfast.vision.model_detector import NEEDED
from handfast.vision.registry import OwnFile, read_registry
from handfast.vision.store import load_model
from tests.house.tree import ROOT

SOURCE = Path(handfast.__file__).parent
RECOGNISES = re.compile(
    r"face[_-]?recognition|facenet|arcface|insightface|deepface|face[_-]?embedding"
    r"|face[_-]?template|faceres|blazeface|face-api|adaface|cosface|\bdlib\b"
)


def test_p11_no_faces_models_give_places_and_no_features() -> None:
    """Each installed model has the outputs that boxes are made of, and no other."""
    for model in read_registry().model:
        found = onnx.load_from_string(load_model(model, cache_directory(os.environ)))
        outputs = {each.name for each in found.graph.output}
        assert outputs == set(model.output_names().values()) or outputs == {
            each.name for each in model.outputs
        }
        assert {each.name for each in model.outputs} == NEEDED[model.decoder]


def test_p11_no_faces_a_detection_says_what_and_where_only() -> None:
    """There is no field that could say who somebody is, or score them."""
    assert set(Detection.__slots__) == {"kind", "confidence", "box"}


def test_p11_no_faces_nothing_that_recognises_is_named_in_the_source() -> None:
    """No library or model that compares faces is imported, fetched or mentioned."""
    texts = [
        *(each for each in SOURCE.rglob("*") if each.suffix in {".py", ".toml"}),
        *(ROOT / "requirements").glob("*"),
        *(ROOT / "web" / "src").rglob("*.ts"),
        ROOT / "pyproject.toml",
        ROOT / "web" / "package.json",
    ]
    assert any(each.name == "registry.toml" for each in texts)
    named = [str(each) for each in texts if RECOGNISES.search(each.read_text("utf-8").lower())]
    assert named == []


def test_p11_no_faces_only_detectors_are_taken_out_of_the_packages() -> None:
    """The npm package also holds models that tell faces apart, and guess age and sex."""
    taken = {
        Path(each.path).stem
        for model in read_registry().model
        if not isinstance(model.source, OwnFile)
        for each in model.source.files
    }
    assert taken == {"nanodet", "centerface"}
