"""The registry says what a model must be; an owner may put another in its place."""

from pathlib import Path

import pytest

from handfast.kit.errors import InvalidError
from handfast.vision.boxes import Kind
from handfast.vision.registry import OwnFile, Task, read_registry
from tests.house.tree import DOCS

OWN = """
[[model]]
id = "our-persons"
task = "persons"
decoder = "boxes"
sha256 = "{digest}"
licence = "ours"
threshold = 0.4
classes = {{ 1 = "person", 3 = "vehicle" }}
outputs = [
    {{ name = "boxes", shape = ["any", 4] }},
    {{ name = "scores", shape = ["any"] }},
    {{ name = "labels", shape = ["any"] }},
]

[model.source]
from = "file"
path = "persons.onnx"

[model.input]
colours = "rgb"
mean = [0.0, 0.0, 0.0]
deviation = [255.0, 255.0, 255.0]
longest = 640
"""


def own_file(directory: Path, text: str) -> Path:
    """Write a registry of an owner's own and return where it is."""
    path = directory / "our-models.toml"
    path.write_text(text.format(digest="ab" * 32), "utf-8")
    return path


def test_ours_finds_persons_vehicles_and_faces() -> None:
    """Each kind that may have to be covered has a model."""
    kinds = {kind for model in read_registry().model for kind in model.classes.values()}
    assert kinds == set(Kind)


def test_every_licence_says_what_it_does_not_prove() -> None:
    """A package's licence is no proof for weights and training data; nobody is told it is."""
    assert all("no proof" in model.licence for model in read_registry().model)


def test_an_owner_replaces_one_model_and_keeps_the_other(tmp_path: Path) -> None:
    """Naming a model for persons leaves the one for faces as it is."""
    registry = read_registry(own_file(tmp_path, OWN))
    assert registry.find(Task.PERSONS).source == OwnFile(path=tmp_path / "persons.onnx")
    assert registry.find(Task.FACES) == read_registry().find(Task.FACES)


@pytest.mark.parametrize(
    ("was", "is_now", "says"),
    [
        ('task = "persons"', 'task = "gait"', "task"),
        ("longest = 640", "longest = 640\nlargest = 640", "largest"),
        ('sha256 = "{digest}"', 'sha256 = "short"', "sha256"),
        ('"any", 4', '"some", 4', "shape"),
        ('1 = "person"', '1 = "gesture"', "gesture"),
        ("longest = 640", "longest = 641", "longest"),
        ("longest = 640", "longest = 640\nfixed = [333, 640]", "fixed"),
        ("longest = 640", "longest = 640\nmultiple = 1", "multiple"),
        ("threshold = 0.4", "threshold = 40", "threshold"),
        ("[[model]]", "[[model]", "line"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_place(
    tmp_path: Path, was: str, is_now: str, says: str
) -> None:
    """The message names the file and what is wrong in it."""
    with pytest.raises(InvalidError, match=rf"our-models\.toml.*{says}"):
        read_registry(own_file(tmp_path, OWN.replace(was, is_now)))


def test_the_example_in_the_reference_can_be_copied(tmp_path: Path) -> None:
    """What an owner reads about a model of their own is what is read from their file."""
    page = (DOCS / "reference" / "models.md").read_text("utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    path = tmp_path / "our-models.toml"
    path.write_text(example, "utf-8")
    model = read_registry(path).find(Task.PERSONS)
    assert model.source == OwnFile(path=tmp_path / "persons.onnx")
    assert model.output_names() == {"boxes": "boxes", "scores": "scores", "labels": "classes"}


def test_two_models_for_one_task_are_refused(tmp_path: Path) -> None:
    """It must be plain which one runs."""
    with pytest.raises(InvalidError, match="two models for one task"):
        read_registry(own_file(tmp_path, OWN + OWN))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Whoever mistypes a path sees the path."""
    with pytest.raises(InvalidError, match=r"cannot read .*nowhere\.toml"):
        read_registry(tmp_path / "nowhere.toml")
