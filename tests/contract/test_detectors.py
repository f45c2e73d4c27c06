"""Real detectors on real footage, and on pictures no camera should send."""

import hashlib
import os
import time
from functools import cache
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from onnx import helper

from handfast.kit.cache import cache_directory
from handfast.kit.errors import InvalidError, UnavailableError
from handfast.media.footage_sources import BIKES, VTEST, FootageSource, obtain
from handfast.vision.boxes import Box, Detection, Kind
from handfast.vision.detector import Detector
from handfast.vision.model_detector import ModelDetector, open_detector
from handfast.vision.picture import Picture
from handfast.vision.probe import choose_runtime
from handfast.vision.registry import Output, Task, read_registry
from handfast.vision.runtime import Choice, Engine, Precision, compile_model
from handfast.vision.store import load_model
from tests.own_model import onnx_detector
from tests.unit.vision.installed import installed, model_cache

OWN_REGISTRY = """
[[model]]
id = "own"
task = "persons"
decoder = "boxes"
sha256 = "{digest}"
licence = "ours"
threshold = 0.5
classes = {{ 1 = "person" }}
outputs = [
    {{ name = "boxes", shape = ["any", 4] }},
    {{ name = "scores", shape = [1], published = "confidence" }},
    {{ name = "labels", shape = ["any"], published = "classes" }},
]

[model.source]
from = "file"
path = "own.onnx"

[model.input]
name = "images"
colours = "rgb"
mean = [0.0, 0.0, 0.0]
deviation = [255.0, 255.0, 255.0]
longest = 320
fixed = [160, 320]
"""
CHOICES = (
    Choice(engine=Engine.ONNXRUNTIME),
    Choice(engine=Engine.OPENVINO),
    Choice(engine=Engine.OPENVINO, precision=Precision.BF16),
)


@cache
def film(source: FootageSource) -> Path:
    """Return real footage; `make setup` can fetch what is not there."""
    found = obtain(source, cache_directory(os.environ), lambda _line: None)
    assert found is not None
    return found


@cache
def still(source: FootageSource, number: int) -> Picture:
    """Return one picture of a film."""
    with av.open(str(film(source))) as container:
        for place, frame in enumerate(container.decode(video=0)):
            if place == number:
                planes = frame.reformat(format="yuv420p").to_ndarray()
                return from_i420(np.asarray(planes, np.uint8), frame.width, frame.height)
    raise AssertionError(number)


def from_i420(planes: np.ndarray, width: int, height: int) -> Picture:
    """Return the planes that follow each other in one array; even sizes only."""
    flat, luma, chroma = planes.reshape(-1), width * height, width * height // 4
    half = (height // 2, width // 2)
    return Picture(
        y=flat[:luma].reshape(height, width).copy(),
        u=flat[luma : luma + chroma].reshape(half).copy(),
        v=flat[luma + chroma :].reshape(half).copy(),
    )


@cache
def detector(task: Task) -> ModelDetector:
    """Return the detector for a task, on the runtime that is fastest here."""
    model, _ = installed(task)
    return open_detector(model, model_cache(), time.process_time)


def found(task: Task, picture: Picture, kind: Kind) -> list[Detection]:
    """Return what is found of one kind."""
    looking: Detector = detector(task)
    return [each for each in looking.detect(picture) if each.kind is kind]


def flat(width: int, height: int, luma: int = 16) -> Picture:
    """Return a picture without anything in it."""
    half = ((height + 1) // 2, (width + 1) // 2)
    grey = np.full(half, 128, np.uint8)
    return Picture(y=np.full((height, width), luma, np.uint8), u=grey, v=grey.copy())


@pytest.mark.parametrize("choice", CHOICES, ids=lambda each: f"{each.engine}-{each.precision}")
def test_pedestrians_are_found_by_every_runtime(choice: Choice) -> None:
    """Seven people are plain to see here; at least six are found, in bfloat16 too."""
    model, content = installed(Task.PERSONS)
    seen = ModelDetector(model, content, choice).detect(still(VTEST, 80))
    persons = [each.box for each in seen if each.kind is Kind.PERSON]
    walking_right = Box(568, 186, 600, 283)
    assert len(persons) >= 6
    assert max(walking_right.overlap(box) for box in persons) > 0.7
    assert any(each.kind is Kind.VEHICLE for each in seen)  # the parked van


@pytest.mark.parametrize("choice", CHOICES, ids=lambda each: f"{each.engine}-{each.precision}")
def test_a_face_in_the_street_is_found_by_every_runtime(choice: Choice) -> None:
    """The man in the dark suit fills a third of the picture; his face is where it is."""
    model, content = installed(Task.FACES)
    seen = ModelDetector(model, content, choice).detect(still(BIKES, 40))
    best = max(seen, key=lambda each: each.confidence)
    assert best.kind is Kind.FACE
    assert best.box.overlap(Box(467, 7, 528, 91)) > 0.6


def test_chroma_and_luma_are_only_read() -> None:
    """Looking changes nothing in the picture."""
    picture = still(VTEST, 80)
    before = [plane.copy() for plane in (picture.y, picture.u, picture.v)]
    detector(Task.PERSONS).detect(picture)
    for plane, kept in zip((picture.y, picture.u, picture.v), before, strict=True):
        np.testing.assert_array_equal(plane, kept)


@pytest.mark.parametrize(
    "size",
    [(1, 1), (2, 1), (33, 17), (641, 363), (1080, 1920), (3840, 2160), (4096, 3), (3, 4096)],
)
@pytest.mark.parametrize("task", list(Task))
def test_empty_pictures_of_any_size_are_empty(task: Task, size: tuple[int, int]) -> None:
    """Black, portrait, 4K, odd and absurd sizes: nothing there, nothing found, no error."""
    assert detector(task).detect(flat(*size)) == []


@pytest.mark.parametrize("task", list(Task))
def test_a_picture_without_pixels_is_empty(task: Task) -> None:
    """A decoder that gives nothing is no reason to fail."""
    assert detector(task).detect(flat(0, 0)) == []


@pytest.mark.parametrize("task", list(Task))
def test_noise_gives_boxes_inside_the_picture(task: Task) -> None:
    """A broken stream shows noise; whatever is seen in it stays within the picture."""
    noise = np.random.default_rng(1)
    picture = flat(640, 360)
    for plane in (picture.y, picture.u, picture.v):
        plane[:] = noise.integers(0, 256, plane.shape)
    for each in detector(task).detect(picture):
        assert 0 <= each.box.left < each.box.right <= 640
        assert 0 <= each.box.top < each.box.bottom <= 360


def test_a_size_change_in_the_stream_is_no_trouble() -> None:
    """The same people are found before and after, and with the picture turned on its side."""
    large = still(VTEST, 80)
    small = Picture(
        y=large.y[::2, ::2].copy(), u=large.u[::2, ::2].copy(), v=large.v[::2, ::2].copy()
    )
    counts = [
        len(found(Task.PERSONS, picture, Kind.PERSON))
        for picture in (large, small, large, flat(576, 768), large)
    ]
    assert counts[0] == counts[2] == counts[4] >= 6
    assert counts[1] >= 5
    assert counts[3] == 0


def test_a_thousand_faces_are_found() -> None:
    """A wall of a thousand portraits, 48 px wide each: nearly all of them, in one picture."""
    face = still(BIKES, 40)
    top, left = 0, 448
    y = face.y[top : top + 104, left : left + 104]
    u, v = (
        plane[top // 2 : top // 2 + 52, left // 2 : left // 2 + 52]
        for plane in (face.u, face.v)
    )
    wall = Picture(y=np.tile(y, (25, 40)), u=np.tile(u, (25, 40)), v=np.tile(v, (25, 40)))
    model, content = installed(Task.FACES)
    wide = ModelDetector(model, content, Choice(), longest=2080)
    seen = wide.detect(wall)
    assert 900 <= len(seen) <= 1200


@pytest.mark.parametrize("engine", list(Engine))
def test_wrong_outputs_are_refused_with_what_was_expected(engine: Engine) -> None:
    """A model for faces in the place of one for persons does not start to look."""
    persons, _ = installed(Task.PERSONS)
    _, faces = installed(Task.FACES)
    wrong = ModelDetector(persons, faces, Choice(engine=engine))
    says = r"expected scores_8 1x80x32x52, .*; found heat, size, offset"
    with pytest.raises(InvalidError, match=says):
        wrong.prepare(1920, 1080)
    with pytest.raises(UnavailableError, match=says):  # the engine covers everything then
        wrong.detect(flat(1920, 1080))


@pytest.mark.parametrize("engine", list(Engine))
def test_outputs_of_the_wrong_shape_are_refused_with_both_shapes(engine: Engine) -> None:
    """Ninety classes where eighty are: the numbers would mean something else."""
    model, content = installed(Task.FACES)
    outputs = [*model.outputs[1:], Output(name="heat", shape=[1, 3, "height/4", "width/4"])]
    other = msgspec.structs.replace(model, outputs=outputs)
    with pytest.raises(
        InvalidError, match=r"expected .*heat 1x3x16x24.*found .*heat 1x1x16x24"
    ):
        compile_model(other, content, size=(64, 96), run_as=Choice(engine=engine))


@pytest.mark.parametrize("engine", list(Engine))
@pytest.mark.parametrize("content", [b"", b"not a model", bytes(1000)])
def test_what_is_no_model_is_refused_by_every_runtime(engine: Engine, content: bytes) -> None:
    """An owner's file that is something else is named with the model it should be."""
    model, _ = installed(Task.FACES)
    with pytest.raises(InvalidError, match="model centerface cannot be run by"):
        compile_model(model, content, size=(64, 64), run_as=Choice(engine=engine))


@pytest.mark.parametrize("engine", list(Engine))
def test_a_model_of_an_owner_s_own_takes_the_place_of_ours(
    tmp_path: Path, engine: Engine
) -> None:
    """Outputs by their own names, finished boxes, a fixed size: found where the file says."""
    content = own_model()
    (tmp_path / "own.onnx").write_bytes(content)
    (tmp_path / "own.toml").write_text(
        OWN_REGISTRY.format(digest=hashlib.sha256(content).hexdigest()), "utf-8"
    )
    model = read_registry(tmp_path / "own.toml").find(Task.PERSONS)
    looking = ModelDetector(model, load_model(model, tmp_path), Choice(engine=engine))
    assert looking.detect(flat(640, 320, luma=235)) == [
        Detection(kind=Kind.PERSON, confidence=1.0, box=Box(20, 40, 100, 160))
    ]
    assert looking.detect(flat(640, 320)) == []  # black: the model's confidence is brightness


def own_model() -> bytes:
    """Return a detector that sees one person in every bright picture of 320 x 160."""
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["scores"], keepdims=0, axes=[0, 1, 2]),
        helper.make_node("Slice", ["scores", "zero", "one"], ["confidence"]),
        helper.make_node("Identity", ["box"], ["boxes"]),
        helper.make_node("Identity", ["one"], ["classes"]),
    ]
    weights = {
        "zero": np.array([0]),
        "one": np.array([1]),
        "box": np.array([[10, 20, 50, 80]], np.float32),
    }
    outputs = [
        helper.make_tensor_value_info("boxes", 1, [1, 4]),
        helper.make_tensor_value_info("confidence", 1, [1]),
        helper.make_tensor_value_info("classes", 7, [1]),
    ]
    return onnx_detector(nodes, weights, outputs)


def test_an_entry_without_what_its_decoder_needs_is_refused() -> None:
    """It is said before anything is looked at."""
    model, content = installed(Task.FACES)
    with pytest.raises(
        InvalidError, match="names no output offset, size, which its decoder centerface"
    ):
        ModelDetector(
            msgspec.structs.replace(model, outputs=model.outputs[:1]), content, Choice()
        )


def test_a_runtime_is_measured_once(tmp_path: Path) -> None:
    """The least CPU wins; asked again, what was measured is read and no time is taken."""
    model, content = installed(Task.PERSONS)
    first = choose_runtime(model, content, tmp_path, time.process_time)
    fastest = min(first.cpu_ms, key=first.cpu_ms.__getitem__)
    assert fastest == f"{first.choice.engine}-{first.choice.precision}"

    def nobody_asks() -> float:
        raise AssertionError("measured again")

    assert choose_runtime(model, content, tmp_path, nobody_asks) == first
    plain = choose_runtime(model, content, tmp_path, time.process_time, accelerated=False)
    assert plain.choice.precision is Precision.F32
    assert "openvino-bf16" not in plain.cpu_ms


def test_a_damaged_measurement_is_made_again(tmp_path: Path) -> None:
    """Half a file in the cache stops nobody."""
    model, content = installed(Task.PERSONS)
    first = choose_runtime(model, content, tmp_path, time.process_time)
    (kept,) = (tmp_path / "models" / "probes").iterdir()
    kept.write_text('{"choice": {"engine"')
    again = choose_runtime(model, content, tmp_path, time.process_time)
    assert again.cpu_ms.keys() == first.cpu_ms.keys()
