"""Which cells of a picture are due to be covered, and which tracks may stay clear."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from handfast.vision.boxes import Box, Kind
from handfast.vision.caution import Judgement, Reason, State
from handfast.vision.grid import Cells, Grid
from handfast.vision.motion import Moved
from handfast.vision.settings import Settings
from handfast.vision.track import Tracked
from handfast.vision.zones import cells_of

_WIDER: Final = 2.0  # times the margin while more than usual is covered
_LOOSE: Final = 0.25  # margin of what is barely detected: it is not followed, so it may move
_HEAD: Final = 0.5  # a face below this share of a body's height is somebody else's
_LEAN: Final = 0.1  # a head may leave its body's box by this share of the upper half
_MOSTLY: Final = 0.6  # of a face lies on the body that bears it
_LITTLE: Final = 0.05  # share of the picture whose explanation nobody asks for
_TWICE: Final = 0.45  # overlap from which a barely detected box is the same thing once more


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """What stays clear, by right.

    Attributes:
        tracks: Numbers of the tracks; those unknown, lost or taken for another are covered.
        two_persons: Two persons agreed, so that it holds in children's zones as well.
        kind: What they have to be; a track of another kind is covered.
    """

    tracks: frozenset[int]
    two_persons: bool = False
    kind: Kind | None = None

    def means(self, track: Tracked) -> bool:
        """Tell whether this is one that stays clear."""
        return track.track in self.tracks and self.kind in {None, track.kind}


class Due:
    """Decides the cells of one picture size. Holds no state between pictures."""

    def __init__(self, settings: Settings, grid: Grid) -> None:
        """Draw the masks and zones once."""
        self._settings = settings
        self._grid = grid
        self._masks = cells_of(settings.masks, grid)
        self._zones = cells_of([each.area for each in settings.zones], grid)
        # Without a background nobody can tell what moves in a zone, so all of it is covered.
        self._whole_zones = cells_of(
            [each.area for each in settings.zones if each.whole or not settings.motion], grid
        )

    def unexplained(self, tracks: Sequence[Tracked], moved: Moved | None) -> float:
        """Return the share of the picture that moves where no track is, 0 to 1.

        When little moves at all, an upper bound.
        """
        moving = float(moved.cells.mean()) if moved else 0.0
        if moved is None or moving < _LITTLE:
            return moving
        return float((moved.cells & ~self._tracked(tracks, 1.0)).mean())

    def covered(
        self,
        tracks: Sequence[Tracked],
        moved: Moved | None,
        *,
        loose: Sequence[Box],
        judged: Judgement,
        keep: Keep | None,
    ) -> tuple[Cells, frozenset[int]]:
        """Return what `cells` does, and every cell of pictures that are covered whole."""
        if judged.state is State.WHOLE:
            return ~self._grid.empty(), frozenset()
        return self.cells(tracks, moved, loose=loose, judged=judged, keep=keep)

    def cells(
        self,
        tracks: Sequence[Tracked],
        moved: Moved | None,
        *,
        loose: Sequence[Box],
        judged: Judgement,
        keep: Keep | None,
    ) -> tuple[Cells, frozenset[int]]:
        """Return what is covered, and which of the tracks to keep are in fact clear.

        Args:
            tracks: All of them.
            moved: What moves; None for cameras that are not fixed.
            loose: What is barely detected.
            judged: How much is covered; not for pictures that are covered whole.
            keep: What may stay clear.
        """
        wide = _WIDER if judged.state is State.MORE else 1.0
        kept = [each for each in tracks if keep and keep.means(each) and not each.missed]
        others = [
            each for each in tracks if each not in kept and not _is_own_face(each, kept, tracks)
        ]
        barely = [box for box in loose if not _is_same_thing(box, kept)]
        firm = self._tracked(others, wide) | self._masks | self._strict_boxes(barely, judged)
        yielding = self._moving(moved, judged) | self._strict_cells(moved, judged)
        if not kept:
            return firm | yielding, frozenset()
        clear = self._inside(kept)
        if keep is None or not keep.two_persons:
            clear &= ~self._zones
            firm |= self._tracked(kept, wide) & self._zones
        covered: Cells = firm | (yielding & ~clear)
        return covered, frozenset(each.track for each in kept)

    def _moving(self, moved: Moved | None, judged: Judgement) -> Cells:
        if moved is None:
            return self._grid.empty()
        return moved.flickering if judged.reason is Reason.NIGHT_NOISE else moved.cells

    def _strict_cells(self, moved: Moved | None, judged: Judgement) -> Cells:
        """Return what children's zones cover of themselves: all that may be movement."""
        if moved is None:
            return self._whole_zones
        if judged.state is not State.NORMAL:
            return self._zones
        return self._whole_zones | (self._zones & moved.flickering)

    def _strict_boxes(self, barely: Sequence[Box], judged: Judgement) -> Cells:
        """Return what is barely detected, where that counts."""
        cells = self._grid.empty()
        if judged.state is State.NORMAL and not self._settings.zones:
            return cells
        for box in barely:
            top, bottom, left, right = self._grid.around(box.grown(_LOOSE))
            in_zone = self._zones[top:bottom, left:right].any()
            if in_zone or judged.state is State.MORE:
                cells[top:bottom, left:right] = True
        return cells

    def _tracked(self, tracks: Iterable[Tracked], wide: float) -> Cells:
        margin = self._settings.margin * wide
        return self._grid.touched(each.covered(margin) for each in tracks)

    def _inside(self, tracks: Iterable[Tracked]) -> Cells:
        cells = self._grid.empty()
        for each in tracks:
            top, bottom, left, right = self._grid.inside(each.box)
            cells[top:bottom, left:right] = True
        return cells


def _is_own_face(face: Tracked, kept: Sequence[Tracked], tracks: Sequence[Tracked]) -> bool:
    """Tell whether a face can only be that of a person who stays clear.

    With two faces on one body, one of them belongs to somebody nobody has detected.
    """
    if face.kind is not Kind.FACE or not kept:
        return False
    bodies = [each for each in tracks if each.kind is Kind.PERSON and bears(each.box, face.box)]
    if len(bodies) != 1 or bodies[0] not in kept:
        return False
    faces = [each for each in tracks if each.kind is Kind.FACE]
    return sum(bears(bodies[0].box, each.box) for each in faces) == 1


def bears(body: Box, face: Box) -> bool:
    """Tell whether a face lies in the upper part of a body's box."""
    upper = Box(body.left, body.top, body.right, body.top + body.height * _HEAD)
    return upper.grown(_LEAN).shared(face) >= face.area * _MOSTLY > 0


def _is_same_thing(box: Box, kept: Sequence[Tracked]) -> bool:
    return any(each.box.overlap(box) >= _TWICE for each in kept)
