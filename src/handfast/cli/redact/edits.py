"""What a person changed about a redaction: boxes of their own, tracks that stay clear."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import msgspec

from handfast.kit.errors import InvalidError
from handfast.vision.boxes import Box

MOST_BOXES: Final = 500
MOST_KEYS: Final = 2_000  # of one box
LEAST_SIDE: Final = 0.002  # of the picture; thinner boxes are slips of the hand


class Keyframe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a box was put in one picture.

    Attributes:
        at: Number of the picture, from 0.
        box: Left, top, right, bottom; shares of the picture's width and height, 0 to 1.
    """

    at: int
    box: tuple[float, float, float, float]


class DrawnBox(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place that is covered from one picture to another.

    Between two keyframes it moves evenly; before the first and after the last it stands still.

    Attributes:
        id: Tells boxes apart, from 1.
        first: Number of the first picture that it covers.
        last: Number of the last picture that it covers.
        keys: At least one, in order of pictures, none outside `first` to `last`.
    """

    id: int
    first: int
    last: int
    keys: tuple[Keyframe, ...]

    def at(self, picture: int) -> tuple[float, float, float, float] | None:
        """Return where it is in a picture, shares; None when it is not there."""
        if not self.first <= picture <= self.last:
            return None
        before = max((key for key in self.keys if key.at <= picture), key=_at, default=None)
        after = min((key for key in self.keys if key.at >= picture), key=_at, default=None)
        if before is None or after is None or before.at == after.at:
            key = before or after
            return key.box if key else None
        share = (picture - before.at) / (after.at - before.at)
        left, top, right, bottom = (
            one + (other - one) * share
            for one, other in zip(before.box, after.box, strict=True)
        )
        return left, top, right, bottom


class ClearTrack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A track that stays clear.

    Attributes:
        track: Its number.
        kind: What it was taken for.
        since_us: Time of its first picture. With `kind` it guards against another machine's
            engine giving the number to somebody else.
    """

    track: int
    kind: str
    since_us: int


class Edits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a person changed.

    Attributes:
        boxes: Covered solidly, whoever stays clear there.
        clear: Tracks that stay clear, as far as nothing else covers them.
    """

    boxes: tuple[DrawnBox, ...] = ()
    clear: tuple[ClearTrack, ...] = ()

    @property
    def tracks(self) -> frozenset[int]:
        """Numbers of the tracks that stay clear."""
        return frozenset(each.track for each in self.clear)

    def drawn(self, picture: int, *, width: int, height: int) -> Iterator[Box]:
        """Yield the boxes of one picture, px."""
        for each in self.boxes:
            if (box := each.at(picture)) is not None:
                left, top, right, bottom = box
                yield Box(left * width, top * height, right * width, bottom * height)

    def check(self) -> None:
        """Refuse what a page would not have made.

        Raises:
            InvalidError: A box has no size, leaves the picture, or has keyframes out of order;
                a box or a track occurs twice; there are too many.
        """
        ids = {each.id for each in self.boxes}
        if len(ids) != len(self.boxes) or len(self.boxes) > MOST_BOXES:
            raise InvalidError(f"boxes need numbers of their own, at most {MOST_BOXES} of them")
        if len(self.tracks) != len(self.clear):
            raise InvalidError("a track is named twice; name it once")
        for each in self.boxes:
            _check_box(each)


def _check_box(box: DrawnBox) -> None:
    places = [key.at for key in box.keys]
    in_order = all(one < other for one, other in pairwise(places))
    if not 1 <= len(places) <= MOST_KEYS or not in_order:
        raise InvalidError(f"box {box.id} needs keyframes in order of pictures, each once")
    if not 0 <= box.first <= places[0] <= places[-1] <= box.last:
        raise InvalidError(f"box {box.id} has keyframes outside its first to last picture")
    if not all(_has_area(key.box) for key in box.keys):
        raise InvalidError(f"box {box.id} has no area or leaves the picture; draw it again")


def _has_area(box: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = box
    inside = all(0 <= edge <= 1 for edge in box)
    return inside and right - left >= LEAST_SIDE and bottom - top >= LEAST_SIDE


def _at(key: Keyframe) -> int:
    return key.at
