"""Where every walker of the benchmark's street film is, as marked by eye before any tuning.

How the marks were made, and how far off they are: docs/redaction-marks.md.
"""

from bisect import bisect_right
from importlib import resources
from typing import NamedTuple

import msgspec
from msgspec.structs import astuple

from handfast.kit.errors import InvalidError
from handfast.vision.boxes import Box


class Keyframe(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What was read off one frame; between two of them every value changes evenly.

    Attributes:
        frame: Number of the frame in the film, from 0.
        left: First column in which something of the person shows, px.
        top: First row, px.
        right: One after the last column, px.
        bottom: One after the last row, px.
        hidden_percent: Roughly how much of the body is behind something or somebody else.
    """

    frame: int
    left: int
    top: int
    right: int
    bottom: int
    hidden_percent: int


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person from the first to the last frame in which they show.

    Attributes:
        id: Unique in the film; says nothing about who they are.
        keyframes: Ascending, no two of one frame; all within one half.
    """

    id: str
    keyframes: tuple[Keyframe, ...]


class Half(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of film in which everybody is marked.

    Attributes:
        name: `tuning` or `reporting`; numbers are published from the second only.
        since: First frame.
        until: One after the last frame.
    """

    name: str
    since: int
    until: int

    @property
    def frames(self) -> range:
        """Every frame of this half, ascending."""
        return range(self.since, self.until)


class Seen(NamedTuple):
    """One person in one frame.

    Attributes:
        person: The id.
        box: Encloses all that shows of the body, clothing and things carried; px.
        hidden: Share of the body behind something else, 0 to 1, roughly.
    """

    person: str
    box: Box
    hidden: float


class Marks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All marks of one film.

    Attributes:
        film: File name.
        sha256: Of the film's bytes, hex; the marks fit no other encoding of it.
        width: Of the picture, px.
        height: Of the picture, px.
        fps: Frames per second.
        halves: Where everybody is marked; elsewhere nothing is known.
        columns: Names of a keyframe's values, for whoever reads the file.
        persons: Everybody.
    """

    film: str
    sha256: str
    width: int
    height: int
    fps: int
    halves: tuple[Half, ...]
    columns: tuple[str, ...]
    persons: tuple[Person, ...]

    def half(self, name: str) -> Half:
        """Return a half by its name.

        Raises:
            InvalidError: There is none of that name.
        """
        for half in self.halves:
            if half.name == name:
                return half
        known = ", ".join(half.name for half in self.halves)
        raise InvalidError(f"the marks have no half called {name}; take one of: {known}")

    def seen(self, frame: int) -> list[Seen]:
        """Return everybody who shows in a frame.

        Raises:
            InvalidError: Nobody has marked this frame, so an empty list would mislead.
        """
        if not any(frame in half.frames for half in self.halves):
            raise InvalidError(f"frame {frame} of {self.film} is not marked")
        found = (_at(person, frame) for person in self.persons)
        return [each for each in found if each is not None]


def load_marks() -> Marks:
    """Return the marks that come with this program."""
    file = resources.files("handfast.cli").joinpath("bench_data", "vtest-marks.json")
    return msgspec.json.decode(file.read_bytes(), type=Marks)


def _at(person: Person, frame: int) -> Seen | None:
    keys = person.keyframes
    after = bisect_right(keys, frame, key=lambda each: each.frame)
    if after == 0 or frame > keys[-1].frame:
        return None
    before, behind = keys[after - 1], keys[min(after, len(keys) - 1)]
    span = behind.frame - before.frame
    share = (frame - before.frame) / span if span else 0.0
    pairs = zip(astuple(before), astuple(behind), strict=True)
    _, *sides, hidden = [first + (second - first) * share for first, second in pairs]
    return Seen(person.id, Box(*sides), hidden / 100)
