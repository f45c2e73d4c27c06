"""What kind of picture: which stream of a camera, redacted or clear, live or recorded."""

from enum import StrEnum
from typing import TypeVar

_Member = TypeVar("_Member", bound=StrEnum)


class Stream(StrEnum):
    """A camera's main stream or its smaller sub-stream (ONVIF media profiles)."""

    MAIN = "main"
    SUB = "sub"

    @property
    def code(self) -> int:
        """The byte that stands for it in sealed segments."""
        return _STREAM_CODES[self]

    @classmethod
    def from_code(cls, code: int) -> "Stream":
        """Return the stream of a byte; `ValueError` when there is none."""
        return _by_code(_STREAM_CODES, code)


class Rendition(StrEnum):
    """How much of a picture is shown; each has key trees of its own (P6)."""

    CLEAR = "clear"  # as the camera sent it
    REDACTED = "redacted"  # people covered
    UNMASKED = "unmasked"  # people covered but for one track

    @property
    def code(self) -> int:
        """The byte that stands for it in sealed segments."""
        return _RENDITION_CODES[self]

    @classmethod
    def from_code(cls, code: int) -> "Rendition":
        """Return the rendition of a byte; `ValueError` when there is none."""
        return _by_code(_RENDITION_CODES, code)


class TrackKind(StrEnum):
    """What a followed thing in redacted pictures is taken for by the site that made them."""

    PERSON = "person"
    FACE = "face"  # of a person of whom nothing else was found
    VEHICLE = "vehicle"


class View(StrEnum):
    """Looking now, or at a recorded range."""

    LIVE = "live"
    RECORDED = "recorded"


_STREAM_CODES = {Stream.MAIN: 0, Stream.SUB: 1}
_RENDITION_CODES = {Rendition.CLEAR: 0, Rendition.REDACTED: 1, Rendition.UNMASKED: 2}


def _by_code(codes: dict[_Member, int], code: int) -> _Member:
    for member, known in codes.items():
        if known == code:
            return member
    message = f"{code} names nothing here; the file is of a newer version or damaged"
    raise ValueError(message)
