"""The registry: which models there are, where they come from and what they must be."""

import tomllib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from handfast.kit.errors import InvalidError
from handfast.vision.boxes import Kind

Sha256: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Share: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1)]
Pixels: TypeAlias = Annotated[int, msgspec.Meta(ge=32, le=4096, multiple_of=2)]


class Task(StrEnum):
    """What a model is for; one model does each at a time."""

    PERSONS = "persons"  # persons, and vehicles where the model knows them
    FACES = "faces"


class Decoder(StrEnum):
    """How a model's outputs become boxes; each asks for outputs of its own names."""

    NANODET = "nanodet"  # scores_8, edges_8, ... 16, 32: a distribution for each edge of a box
    CENTERFACE = "centerface"  # heat, size, offset: one peak for each face
    BOXES = "boxes"  # boxes, scores, labels: finished boxes, such as torchvision exports


class PackagedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file inside a package: its path there and its SHA-256."""

    path: str
    sha256: Sha256


class _Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    package: str
    version: str
    size_mb: int
    form: Literal["tfjs-graph-model", "onnx"]
    files: list[PackagedFile]


class NpmPackage(_Package, frozen=True, tag_field="from", tag="npm"):
    """A package of the npm registry."""


class PythonPackage(_Package, frozen=True, tag_field="from", tag="pypi"):
    """A wheel of the Python package index; `sha256` is the wheel's."""

    sha256: Sha256


class OwnFile(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="from", tag="file"
):
    """An owner's own ONNX file, used as it is; `path` counts from the registry's folder."""

    path: Path


Source: TypeAlias = NpmPackage | PythonPackage | OwnFile


class PictureInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a model reads: 1 x 3 x height x width, (value - mean) / deviation.

    Attributes:
        colours: Order of the three planes.
        mean: Subtracted from 0..255, one for each plane in that order.
        deviation: What the difference is divided by.
        longest: The longer side, px, unless whoever runs the model asks for another.
        multiple: Height and width are multiples of this, px.
        fixed: Height and width when the file allows no others, px.
        name: Of the input tensor.
    """

    colours: Literal["bgr", "rgb"]
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    longest: Pixels
    multiple: Annotated[int, msgspec.Meta(ge=2, le=256, multiple_of=2)] = 32
    fixed: tuple[Pixels, Pixels] | None = None
    name: str = "picture"


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One output that a model must have.

    Attributes:
        name: As the decoder asks for it.
        shape: Each a number, `height/8` or `width/8` (of the input), or `any`.
        published: Its name in the published file; empty when that is the same.
    """

    name: str
    shape: list[int | Annotated[str, msgspec.Meta(pattern=r"^(any|(height|width)/\d+)$")]]
    published: str = ""

    def sizes(self, height: int, width: int) -> tuple[int | None, ...]:
        """Return the shape for an input of this size; None is any."""
        return tuple(_size(each, height, width) for each in self.shape)


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a model was measured to find: a share of what, and how that was measured."""

    of: str
    recall: Share
    how: str


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model.

    Attributes:
        id: Part of the name of the installed file.
        task: What it is for.
        decoder: How its outputs become boxes.
        sha256: Of the ONNX file that is run, after conversion.
        licence: The package's, and what that does not prove.
        threshold: Detections of less confidence are dropped.
        classes: What the model's class of this number is covered as; others are ignored.
        outputs: What the ONNX file must return.
        source: Where it comes from.
        input: What it reads.
        measured: What it was measured to find.
    """

    id: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9.-]{0,63}$")]
    task: Task
    decoder: Decoder
    sha256: Sha256
    licence: str
    threshold: Share
    classes: dict[int, Kind]
    outputs: list[Output]
    source: Source
    input: PictureInput
    measured: list[Measured] = []

    def output_names(self) -> Mapping[str, str]:
        """Return name -> published name of each output."""
        return {each.name: each.published or each.name for each in self.outputs}


class Registry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All models that may be run."""

    model: list[Model]

    def find(self, task: Task) -> Model:
        """Return the model for a task.

        Raises:
            InvalidError: There is none.
        """
        for each in self.model:
            if each.task is task:
                return each
        raise InvalidError(f"the registry holds no model for {task}")


def read_registry(own: Path | None = None) -> Registry:
    """Return the registry that comes with Handfast, with an owner's models in place of ours.

    Args:
        own: A file of the same form; each of its models replaces ours for the same task.

    Raises:
        InvalidError: That file cannot be read as a registry; the message says where.
    """
    ours = files("handfast.vision").joinpath("registry.toml").read_text("utf-8")
    registry = _parse(ours, Path("registry.toml"))
    if own is None:
        return registry
    try:
        theirs = _parse(own.read_text("utf-8"), own)
    except OSError as error:
        raise InvalidError(f"cannot read {own}: {error.strerror}; name another file") from error
    return Registry(model=_merged(theirs.model, registry.model))


def _merged(first: Sequence[Model], second: Sequence[Model]) -> list[Model]:
    taken = {each.task for each in first}
    return [*first, *(each for each in second if each.task not in taken)]


def _parse(text: str, place: Path) -> Registry:
    def as_path(wanted: type, value: object) -> object:
        """Make a path of text; paths count from where the registry is."""
        if wanted is Path and isinstance(value, str):
            return place.parent / value
        raise ValueError(f"{value} is no {wanted.__name__}")

    try:
        # TOML has only text for keys; `strict=False` reads the numbers of classes in them.
        registry = msgspec.convert(
            tomllib.loads(text), Registry, strict=False, dec_hook=as_path
        )
    except (ValueError, msgspec.ValidationError) as error:
        raise InvalidError(f"{place}: {error}; see docs/reference/models.md") from error
    tasks = [each.task for each in registry.model]
    if len(tasks) != len(set(tasks)):
        raise InvalidError(f"{place} names two models for one task; keep one")
    return registry


def _size(entry: int | str, height: int, width: int) -> int | None:
    if isinstance(entry, int):
        return entry
    side, _, divisor = entry.partition("/")
    if not divisor:
        return None
    return (height if side == "height" else width) // int(divisor)
