"""Where people are in single pictures of the crowd film, as marked by eye before any tuning.

How the marks were made, and who is not marked: docs/redaction-marks.md.
"""

from importlib import resources
from typing import NamedTuple

import msgspec

from handfast.cli.bench_redact_marks import Seen
from handfast.vision.boxes import Box


class Corners(NamedTuple):
    """A rectangle, px; right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int


class Figure(NamedTuple):
    """A person, px; right and bottom exclusive.

    Attributes:
        left: First column in which something of the person shows.
        top: First row.
        right: One after the last column.
        bottom: One after the last row.
        hidden_percent: Roughly how much of the body is behind something or somebody else.
    """

    left: int
    top: int
    right: int
    bottom: int
    hidden_percent: int


class Still(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One picture of the film.

    Attributes:
        frame: Its number, from 0.
        persons: Everybody who counts.
        unmarked: Where people are who do not count, neither as missed nor as needless.
    """

    frame: int
    persons: tuple[Figure, ...]
    unmarked: tuple[Corners, ...]

    def seen(self) -> list[Seen]:
        """Return everybody who counts; ids are of this picture only."""
        return [
            Seen(
                f"{self.frame}-{number}", Box(*map(float, each[:4])), each.hidden_percent / 100
            )
            for number, each in enumerate(self.persons)
        ]


class Stills(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All marks of one film.

    Attributes:
        film: File name.
        sha256: Of the film's bytes, hex; the marks fit no other encoding of it.
        width: Of the picture, px.
        height: Of the picture, px.
        columns: Names of a person's values, for whoever reads the file.
        stills: Ascending.
    """

    film: str
    sha256: str
    width: int
    height: int
    columns: tuple[str, ...]
    stills: tuple[Still, ...]


def load_stills() -> Stills:
    """Return the marks that come with this program."""
    file = resources.files("handfast.cli").joinpath("bench_data", "market-street-marks.json")
    return msgspec.json.decode(file.read_bytes(), type=Stills)
