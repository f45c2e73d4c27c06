"""P11: what is installed finds faces to cover them; nothing tells one from another."""

import os
import re
from pathlib import Path

import onnx

import handfast
from handfast.kit.cache import cache_directory
from handfast.vision.boxes import Detection
from handfast.vision.model_detector import NEEDED
from handfast.vision.registry import read_registry
from handfast.vision.store import load_model

SOURCE = Path(handfast.__file__).parent
RECOGNISES = re.compile(
    r"face_recognition|facenet|arcface|insightface|deepface|face_?embedding|face_?template"
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
    named = [
        str(path)
        for path in SOURCE.rglob("*.py")
        if RECOGNISES.search(path.read_text("utf-8").lower())
    ]
    assert named == []
