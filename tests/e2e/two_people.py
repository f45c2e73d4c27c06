"""A city of one school where two people stand before a camera, as its own detector says.

The detector is an ONNX file that finds them wherever it looks, so that who is where does not
depend on how busy the machine is.
"""

import hashlib
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from onnx import helper

from handfast.media.encode import FPS, EncodeSettings, Planes, drawn_pictures, encode
from tests.e2e.city import SCHOOL, RunningCity, clerks, make_city
from tests.own_model import onnx_detector

LAST = -1  # the school's last camera
_FILM = EncodeSettings(width=960, height=540, bitrate_bps=1_000_000)
_PROGRAMS = ("cameras", "hub", "agency", f"node-{SCHOOL.folder}")
_OWN = """covers = ["persons"]
fixed = false

[media]
models = "own.toml"
"""
_REGISTRY = """
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
    {{ name = "scores", shape = [2] }},
    {{ name = "labels", shape = ["any"] }},
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


def own_model() -> bytes:
    """Return a detector that is as sure of two people as the picture's brightest part."""
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["most"], keepdims=0, axes=[0, 1, 2, 3]),
        helper.make_node("Reshape", ["most", "one"], ["sure"]),
        helper.make_node("Concat", ["sure", "sure"], ["scores"], axis=0),
        helper.make_node("Identity", ["people"], ["boxes"]),
        helper.make_node("Identity", ["persons"], ["labels"]),
    ]
    weights = {
        "one": np.array([1]),
        "persons": np.array([1, 1]),
        "people": np.array([[60, 20, 100, 120], [180, 20, 220, 120]], np.float32),
    }
    outputs = [
        helper.make_tensor_value_info("boxes", 1, [2, 4]),
        helper.make_tensor_value_info("scores", 1, [2]),
        helper.make_tensor_value_info("labels", 7, [2]),
    ]
    return onnx_detector(nodes, weights, outputs)


def looks_by_itself(node: Path) -> None:
    """Give a node its own detector, and have its last camera cover persons only."""
    content = own_model()
    (node / "own.onnx").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    (node / "own.toml").write_text(_REGISTRY.format(digest=digest), "utf-8")
    with (node / "node.toml").open("a", encoding="utf-8") as config:
        config.write(_OWN)


def standing_still(folder: Path) -> tuple[str, ...]:
    """Make a film of a place that stays where it is, as its people do; return who plays it.

    In the drawn film all moves, as before a camera that turns: people in it would have to
    move along.
    """
    folder.mkdir()
    # One of those that are nowhere as dark as what is covered, or hardly.
    *_, picture = drawn_pictures(_FILM.width, _FILM.height, 4 * FPS)
    pictures: Iterator[Planes] = (picture.copy() for _ in range(4 * FPS))
    encode(pictures, folder / "place.mp4", _FILM)
    return ("--footage", str(folder))


@contextmanager
def two_people(folder: Path) -> Iterator[RunningCity]:
    """Run a school whose alarm opens all that is agreed, one person included."""
    whole = make_city(folder)
    looks_by_itself(whole.city.node(SCHOOL))
    programs = {name: whole.programs[name] for name in _PROGRAMS}
    cameras = programs["cameras"]
    others = tuple(each for each in cameras.arguments if each != "--drawn")
    film = standing_still(whole.city.folder / "film")
    programs["cameras"] = replace(cameras, arguments=(*others, *film))
    running = RunningCity(city=whole.city, programs=programs)
    try:
        running.start_all()
        running.connected(SCHOOL)
        running.recording(SCHOOL)
        with clerks(running.city):
            yield running
    finally:
        running.stop_all()


def last_camera(running: RunningCity) -> str:
    """Return the id of the camera before which they stand."""
    table = tomllib.loads((running.city.node(SCHOOL) / "node.toml").read_text("utf-8"))
    return str(table["cameras"][LAST]["id"])
