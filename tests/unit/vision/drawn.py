"""Pictures drawn by tests, and a detector that reports what the test drew."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache

import numpy as np
from hypothesis import strategies as st

from handfast.kit.errors import UnavailableError
from handfast.vision.boxes import Box, Detection, Kind
from handfast.vision.picture import Picture, Plane

FRAME_US = 40_000
EVERY_KIND = frozenset(Kind)
_BOXES = st.builds(
    lambda left, top, width, height: Box(left, top, left + width, top + height),
    st.floats(-50, 320),
    st.floats(-50, 240),
    st.floats(0, 200),
    st.floats(0, 200),
)
DETECTIONS = st.builds(
    Detection, kind=st.sampled_from(Kind), confidence=st.floats(0, 1), box=_BOXES
)
"""Anything that a detector may say about a street."""


def street(width: int = 320, height: int = 240, *, luma: int = 110) -> Picture:
    """Return an empty street: a fixed pattern with no cover's grey in it."""
    half = ((height + 1) // 2, (width + 1) // 2)
    return Picture(
        y=luma + _stripes(width, height),
        u=np.full(half, 110, np.uint8),
        v=np.full(half, 140, np.uint8),
    )


@cache
def _stripes(width: int, height: int) -> Plane:
    rows, columns = np.mgrid[0:height, 0:width]
    stripes: Plane = ((rows // 7 + columns // 11) % 5 * 6).astype(np.uint8)
    return stripes


def draw(picture: Picture, box: Box, *, luma: int = 220) -> Picture:
    """Draw a thing with a loud colour into the picture, and return the picture."""
    left, top = max(int(box.left), 0), max(int(box.top), 0)
    right, bottom = max(int(box.right), 0), max(int(box.bottom), 0)
    picture.y[top:bottom, left:right] = luma
    chroma = np.s_[top // 2 : (bottom + 1) // 2, left // 2 : (right + 1) // 2]
    picture.u[chroma] = 40
    picture.v[chroma] = 230
    return picture


def person(left: float, top: float, *, confidence: float = 0.9, size: float = 60) -> Detection:
    """Return a detected person of `size` px height."""
    box = Box(left, top, left + size * 0.4, top + size)
    return Detection(kind=Kind.PERSON, confidence=confidence, box=box)


def face(left: float, top: float, *, confidence: float = 0.9, size: float = 12) -> Detection:
    """Return a detected face of `size` px."""
    box = Box(left, top, left + size, top + size)
    return Detection(kind=Kind.FACE, confidence=confidence, box=box)


class ScriptedDetector:
    """Reports, call after call, what the test says; the last words are repeated."""

    def __init__(
        self,
        script: Iterable[Sequence[Detection]] = (),
        *,
        kinds: frozenset[Kind] = EVERY_KIND,
    ) -> None:
        """Take what each call returns."""
        self.kinds = kinds
        self.calls = 0
        self.failing = False
        self._script = [list(each) for each in script] or [[]]

    def detect(self, picture: Picture) -> Sequence[Detection]:
        """Return the next words of the script."""
        assert picture.width > 0
        self.calls += 1
        if self.failing:
            raise UnavailableError("the runtime is gone; start it again")
        return self._script[min(self.calls, len(self._script)) - 1]


class SeeingDetector:
    """Reports what a function of the call's number says, as a test moves things about."""

    kinds = EVERY_KIND

    def __init__(self, look: Callable[[], Sequence[Detection]]) -> None:
        """Take the function that knows what is drawn now."""
        self._look = look

    def detect(self, picture: Picture) -> Sequence[Detection]:
        """Return what is drawn now."""
        assert picture.height > 0
        return self._look()


def original_inside(picture: Picture, before: Picture, box: Box) -> int:
    """Return how many pixels in a box, chroma included, still show what was there before.

    Pixels whose original equals the cover are not told apart, so tests draw other colours.
    """
    left, top = max(int(np.floor(box.left)), 0), max(int(np.floor(box.top)), 0)
    right, bottom = max(int(np.ceil(box.right)), 0), max(int(np.ceil(box.bottom)), 0)
    luma = np.s_[top:bottom, left:right]
    chroma = np.s_[top // 2 : (bottom + 1) // 2, left // 2 : (right + 1) // 2]
    return sum(
        int(np.count_nonzero(now[area] == then[area]))
        for now, then, area in (
            (picture.y, before.y, luma),
            (picture.u, before.u, chroma),
            (picture.v, before.v, chroma),
        )
    )


def copy(picture: Picture) -> Picture:
    """Return a copy that the engine cannot write to."""
    return Picture(y=picture.y.copy(), u=picture.u.copy(), v=picture.v.copy())
