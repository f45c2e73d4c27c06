"""What a command line of `handfast redact` asks for: films, settings, networks."""

import argparse
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from handfast.cli.redact.film import Film, is_photo
from handfast.cli.redact.folder import check_report, pairs_of
from handfast.cli.redact.masks import read_masks
from handfast.cli.redact.report import ModelLine
from handfast.kit.cache import cache_directory
from handfast.kit.errors import InvalidError, NotFoundError
from handfast.vision.boxes import Kind
from handfast.vision.detectors import open_detectors
from handfast.vision.model_detector import ModelDetector
from handfast.vision.registry import Model, Registry, Task, read_registry
from handfast.vision.settings import Fill, Settings

_MOST_THREADS: Final = 4
_MOST_MARGIN: Final = 3
_FACES_AT: Final = range(320, 4097, 2)  # px


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be redacted, and with what.

    Attributes:
        films: At least one.
        detectors: Opened, one for each network that is needed.
    """

    films: tuple[Film, ...]
    detectors: tuple[ModelDetector, ...]


def read_asked(arguments: argparse.Namespace) -> Asked:
    """Check the command line, and open the networks it needs.

    Raises:
        InvalidError: It cannot be understood, or the folder holds no film.
        NotFoundError: A network is not installed.
    """
    settings = _settings(arguments)
    keep, threads = _keep(arguments.keep), _threads(arguments.threads)
    if keep and arguments.source.is_dir():
        raise InvalidError("a track's number is of one film; name a file instead of a folder")
    pairs = pairs_of(arguments.source, arguments.target)
    check_report(arguments.report, arguments.source, arguments.target)
    registry = _registry(arguments.registry, arguments.faces_at)
    detectors, models = _detectors(settings, registry)
    films = tuple(
        Film(
            source=source,
            target=target,
            settings=replace(settings, motion=False) if is_photo(source) else settings,
            keep=keep,
            sound=arguments.keep_audio,
            metadata=arguments.metadata == "keep",
            threads=threads,
            models=models,
        )
        for source, target in pairs
    )
    return Asked(films=films, detectors=detectors)


def _settings(arguments: argparse.Namespace) -> Settings:
    kinds = {Kind.FACE} if arguments.faces_only else {Kind.PERSON, Kind.FACE}
    if arguments.persons:
        kinds = {Kind.PERSON}
    if arguments.vehicles:
        kinds.add(Kind.VEHICLE)
    if not 0 <= arguments.margin <= _MOST_MARGIN:
        raise InvalidError(
            f"--margin {arguments.margin}: give a share from 0 to {_MOST_MARGIN}"
        )
    masks = read_masks(arguments.masks)
    return Settings(
        kinds=frozenset(kinds),
        every=arguments.every,
        every_most=max(arguments.every, Settings().every_most),
        motion=not arguments.moving_camera and not arguments.faces_only,
        margin=arguments.margin,
        fill=Fill.MOSAIC if arguments.mosaic else Fill.SOLID,
        masks=masks.polygons(),
        zones=masks.areas(),
    )


def _registry(own: Path | None, faces_at: int | None) -> Registry:
    """Return the models, with faces read at the size that was asked for."""
    registry = read_registry(own)
    if faces_at is None:
        return registry
    faces = registry.find(Task.FACES)
    if faces.input.fixed is not None or faces_at not in _FACES_AT:
        raise InvalidError(
            f"--faces-at {faces_at} is not possible with {faces.id}; give an even number from "
            f"{_FACES_AT[0]} to {_FACES_AT[-1]}, or leave it out"
        )
    reads = msgspec.structs.replace(faces.input, longest=faces_at)
    finer = msgspec.structs.replace(faces, input=reads)
    return Registry(model=[finer if each is faces else each for each in registry.model])


def _detectors(
    settings: Settings, registry: Registry
) -> tuple[tuple[ModelDetector, ...], tuple[ModelLine, ...]]:
    """Open what is needed; a file is no live picture, so rather no film than a grey one."""
    opened = open_detectors(
        settings.kinds, registry, cache_directory(os.environ), time.process_time
    )
    if opened.missing:
        raise NotFoundError("; ".join(opened.missing))
    used = [each for each in registry.model if settings.kinds & set(each.classes.values())]
    return opened.detectors, tuple(_line(each) for each in used)


def _line(model: Model) -> ModelLine:
    measured = [f"{each.recall:.0%} of {each.of} ({each.how})" for each in model.measured]
    reads = model.input.longest
    return ModelLine(model=model.id, sha256=model.sha256, reads=reads, measured=measured)


def _keep(words: list[str]) -> frozenset[int]:
    kept = set()
    for word in words:
        name, _, number = word.partition("=")
        if name != "track" or not number.isdecimal():
            raise InvalidError(f"--keep {word} is not understood; write --keep track=12")
        kept.add(int(number))
    return frozenset(kept)


def _threads(asked: int) -> int:
    if asked < 0:
        raise InvalidError("--threads is below 0; give 0 for as many as there are cores")
    return asked or min(os.cpu_count() or 1, _MOST_THREADS)
