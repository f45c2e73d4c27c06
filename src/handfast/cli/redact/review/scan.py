"""The engine over a film once: what it found, and by what it decided, picture by picture."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

import numpy as np

from handfast.cli.redact.edits import Edits
from handfast.cli.redact.film import Film, Progress
from handfast.cli.redact.ledger import Ledger
from handfast.cli.redact.report import TrackLine
from handfast.media.picture_reader import PictureReader
from handfast.media.pictures import DecodedPicture
from handfast.media.still import jpeg_part
from handfast.vision.boxes import Box
from handfast.vision.caution import Judgement
from handfast.vision.cover import spans
from handfast.vision.detector import Detector
from handfast.vision.due import Due, Keep
from handfast.vision.grid import Cells, Grid
from handfast.vision.motion import Moved
from handfast.vision.picture import Picture
from handfast.vision.redactor import Redacted, Redactor
from handfast.vision.settings import Settings
from handfast.vision.track import Tracked

_THUMBNAIL: Final = 96  # px
_LARGER: Final = 1.5  # times the area: worth a new thumbnail


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """What moved, with its cells packed; `rest` holds the numbers and no cells."""

    cells: bytes
    flickering: bytes
    rest: Moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One picture as the engine saw it.

    Attributes:
        at_us: Its time.
        judged: How much was covered, and why.
        tracks: Everything followed.
        loose: What was barely detected.
        grid: The cells it was decided on.
        moving: What moved; None without a background.
    """

    at_us: int
    judged: Judgement
    tracks: tuple[Tracked, ...]
    loose: tuple[Box, ...]
    grid: Grid
    moving: Moving | None


@dataclass(slots=True, kw_only=True)
class Scan:
    """What is known of a film after the engine ran over it. Grows while it is made.

    Attributes:
        settings: Of the engine.
        rate: Pictures per second.
        aspect: Shape of a pixel, width over height.
        pictures: Every one, in order.
        tracks: Everything followed, over the film.
        faces: Thumbnails by track, JPEG.
    """

    settings: Settings
    rate: Fraction
    aspect: Fraction = Fraction(1)
    pictures: list[Seen] = field(default_factory=list)
    tracks: list[TrackLine] = field(default_factory=list)
    faces: dict[int, bytes] = field(default_factory=dict)
    _dues: dict[Grid, Due] = field(default_factory=dict)
    _areas: dict[int, float] = field(default_factory=dict)

    @property
    def times(self) -> list[int]:
        """The time of every picture, microseconds."""
        return [each.at_us for each in self.pictures]

    def covered(self, number: int, edits: Edits) -> list[tuple[int, int, int, int]]:
        """Return what an export with these edits covers in a picture.

        The engine's own decision, made again from what it was made from.

        Returns:
            Rectangles that do not overlap: left, top, right, bottom, px.
        """
        seen = self.pictures[number]
        grid, side = seen.grid, seen.grid.cell
        due = self._dues.setdefault(grid, Due(self.settings, grid))
        cells, _ = due.covered(
            seen.tracks,
            _moved(seen),
            loose=seen.loose,
            judged=seen.judged,
            keep=Keep(tracks=edits.tracks),
        )
        cells = cells | grid.touched(edits.drawn(number, width=grid.width, height=grid.height))
        return [
            (
                left * side,
                top * side,
                min(right * side, grid.width),
                min(bottom * side, grid.height),
            )
            for top, bottom, left, right in spans(cells)
        ]

    def note(self, picture: DecodedPicture, done: Redacted) -> None:
        """Take what was done to one picture."""
        self.pictures.append(
            Seen(
                at_us=picture.at_us,
                judged=Judgement(state=done.state, reason=done.reason),
                tracks=done.tracks,
                loose=done.loose,
                grid=done.grid,
                moving=_packed(done.moved),
            )
        )

    def note_faces(self, original: DecodedPicture, tracks: Sequence[Tracked]) -> None:
        """Keep the best view of each track: the largest, about.

        Args:
            original: Not yet covered.
            tracks: Of this picture.
        """
        for each in tracks:
            whole = each.seen and each.box.area > self._areas.get(each.track, 0.0) * _LARGER
            if whole:
                self._areas[each.track] = each.box.area
                self.faces[each.track] = jpeg_part(
                    original, each.box.grown(0.1), widest=_THUMBNAIL
                )


def scan(film: Film, detectors: Sequence[Detector], progress: Progress) -> Scan:
    """Run the engine over a film, as an export does, and write nothing.

    Raises:
        InvalidError: The source is no video.
    """
    ledger = Ledger(film.settings)
    redactor = Redactor(film.settings, detectors)
    with PictureReader(film.source, threads=film.threads) as reader:
        made = Scan(settings=film.settings, rate=reader.rate)
        for item in reader.read():
            if not isinstance(item, DecodedPicture):
                continue
            made.aspect = item.aspect
            # The engine writes into what it is given, and thumbnails show what is covered.
            work = Picture(y=item.y.copy(), u=item.u.copy(), v=item.v.copy())
            done = redactor.redact(work, item.at_us, damaged=item.damaged)
            made.note(item, done)
            made.note_faces(item, done.tracks)
            ledger.note(item.at_us, done, damaged=item.damaged)
            progress(ledger.pictures, _share(reader, item.at_us))
    made.tracks = ledger.track_lines
    return made


def _share(reader: PictureReader, at_us: int) -> float | None:
    done_us = max(at_us - reader.start_us, 0)
    return min(done_us / reader.duration_us, 1.0) if reader.duration_us else None


def _packed(moved: Moved | None) -> Moving | None:
    if moved is None:
        return None
    none = np.zeros((0, 0), np.bool_)
    rest = replace(moved, cells=none, flickering=none)
    return Moving(cells=_pack(moved.cells), flickering=_pack(moved.flickering), rest=rest)


def _moved(seen: Seen) -> Moved | None:
    if seen.moving is None:
        return None
    return replace(
        seen.moving.rest,
        cells=_unpack(seen.moving.cells, seen.grid),
        flickering=_unpack(seen.moving.flickering, seen.grid),
    )


def _pack(cells: Cells) -> bytes:
    return zlib.compress(np.packbits(cells).tobytes(), 1)


def _unpack(packed: bytes, grid: Grid) -> Cells:
    bits = np.frombuffer(zlib.decompress(packed), np.uint8)
    cells = np.unpackbits(bits, count=grid.rows * grid.columns)
    return cells.view(np.bool_).reshape(grid.rows, grid.columns)
