"""The ways of redacting that are held against the marks: as delivered, and with parts missing.

Every way gives one mask of cells for each frame, read off the redacted picture itself: what
counts is what is grey in the end, not what the engine says it has done.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import numpy as np

from handfast.media.picture_reader import PictureReader
from handfast.media.pictures import DecodedPicture
from handfast.vision.boxes import Box, Detection, Kind
from handfast.vision.caution import State
from handfast.vision.cover import CHROMA, LUMA, cover_cells
from handfast.vision.detector import Detector
from handfast.vision.grid import Cells, grid_for
from handfast.vision.picture import Picture, Plane
from handfast.vision.redactor import Redactor
from handfast.vision.settings import Settings

Alter: TypeAlias = Callable[[Picture, int], Picture]
"""Makes another scene of a picture; also told the number of the frame."""

_MIDDLE: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What was covered in one frame.

    Attributes:
        cells: Where; square cells that fill the picture exactly.
        careful: The engine covered more than usual.
    """

    cells: Cells
    careful: bool


class Way(Protocol):
    """Covers, in place, what must be covered; told the pictures in order."""

    def cover(self, picture: Picture, at_us: int) -> bool:
        """Return whether more than usual was covered."""
        ...


class ByEngine:
    """The engine, with whatever settings and detectors."""

    def __init__(self, settings: Settings, detectors: Sequence[Detector]) -> None:
        """Begin without knowing anything."""
        self._redactor = Redactor(settings, detectors)

    def cover(self, picture: Picture, at_us: int) -> bool:
        """Redact; see `Way`."""
        return self._redactor.redact(picture, at_us).state is not State.NORMAL


class ByLatestBoxes:
    """No engine: the boxes of the latest detection stay where they are until the next.

    With the engine's margins and thresholds, but nothing is foreseen, nothing is held when it
    is missed, and movement does not count.
    """

    def __init__(self, settings: Settings, detector: Detector) -> None:
        """Take from `settings` how often to detect, from what confidence on, and the margin."""
        self._settings = settings
        self._detector = detector
        self._boxes: list[Box] = []
        self._count = 0

    def cover(self, picture: Picture, at_us: int) -> bool:
        """Cover the boxes; see `Way`."""
        del at_us
        if self._count % self._settings.every == 0:
            found = self._detector.detect(picture)
            self._boxes = [each.box for each in found if _is_due(each, self._settings)]
        self._count += 1
        grid = grid_for(picture.width, picture.height)
        margin = self._settings.margin
        cover_cells(picture, grid, grid.touched(each.grown(margin) for each in self._boxes))
        return False


class FindsNobody:
    """A detector that finds nobody, so that only movement is covered."""

    kinds = frozenset({Kind.PERSON})

    def detect(self, _picture: Picture) -> Sequence[Detection]:
        """Return nothing."""
        return []


def as_filmed(picture: Picture, _frame: int) -> Picture:
    """Return the picture as it is."""
    return picture


def far_away(picture: Picture, _frame: int) -> Picture:
    """Return it halved in the middle of a grey picture of the same size."""
    return Picture(
        y=_halved_in_the_middle(picture.y),
        u=_halved_in_the_middle(picture.u),
        v=_halved_in_the_middle(picture.v),
    )


def foreshortened(times: int) -> Alter:
    """Return what presses pictures flat, so that people are 1/`times` as high, and as wide.

    That is how high a body looks from above: half from 60 degrees, a quarter from 75. How a
    body looks from there, head and shoulders first, is another matter.
    """

    def _pressed(picture: Picture, _frame: int) -> Picture:
        y, u, v = (_flat(plane, times) for plane in (picture.y, picture.u, picture.v))
        return Picture(y=y, u=u, v=v)

    return _pressed


def pictures(film: Path, until: int, alter: Alter = as_filmed) -> Iterator[tuple[Picture, int]]:
    """Yield the frames of a film before `until` with their times, as another scene if asked."""
    with PictureReader(film) as reader:
        found = (each for each in reader.read() if isinstance(each, DecodedPicture))
        for frame, each in enumerate(found):
            if frame == until:
                return
            yield alter(Picture(y=each.y, u=each.u, v=each.v), frame), each.at_us


def cover_film(film: Path, until: int, way: Way, alter: Alter = as_filmed) -> list[Covered]:
    """Cover a film from its first frame to the one before `until`."""
    covered = []
    for picture, at_us in pictures(film, until, alter):
        careful = way.cover(picture, at_us)
        cells = covered_cells(picture)
        covered.append(
            Covered(cells=_middle(cells) if alter is far_away else cells, careful=careful)
        )
    return covered


def covered_cells(picture: Picture) -> Cells:
    """Return which cells show nothing but the fill.

    The picture's sides must be multiples of a cell's.
    """
    side = grid_for(picture.width, picture.height).cell
    return (
        _is_even(picture.y, LUMA, side)
        & _is_even(picture.u, CHROMA, side // 2)
        & _is_even(picture.v, CHROMA, side // 2)
    )


def _is_due(detection: Detection, settings: Settings) -> bool:
    bars = settings.threshold(detection.kind)
    return detection.kind in settings.kinds and detection.confidence >= bars.faint


def _is_even(plane: Plane, value: int, side: int) -> Cells:
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    even: Cells = (plane == value).reshape(rows, side, columns, side).all(axis=(1, 3))
    return even


def _middle(cells: Cells) -> Cells:
    rows, columns = cells.shape
    return cells[rows // 4 : rows * 3 // 4, columns // 4 : columns * 3 // 4]


def _halved_in_the_middle(plane: Plane) -> Plane:
    height, width = plane.shape
    whole = plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)).astype(np.uint8)
    framed = np.full_like(plane, _MIDDLE)
    framed[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4] = whole
    return framed


def _flat(plane: Plane, times: int) -> Plane:
    height, width = plane.shape
    rows = plane.reshape(height // times, times, width).mean(axis=1)
    return np.asarray(np.rint(rows), np.uint8)
