"""Films and photos that a camera mirrored are turned as their notes say."""

import struct
from pathlib import Path

import numpy as np
import pytest

from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.media.exif import is_mirrored
from handfast.media.picture_reader import PictureReader
from handfast.media.pictures import DecodedPicture, Plane

ONE = 1 << 16
UPRIGHT = (ONE, 0, 0, 0, ONE, 0, 0, 0, 1 << 30)  # ISO/IEC 14496-12, 8.3.2
WIDTH, HEIGHT = 160, 120


def first_luma(path: Path) -> Plane:
    """Return the first picture's luma."""
    with PictureReader(path) as reader:
        return next(each for each in reader.read() if isinstance(each, DecodedPicture)).y


@pytest.mark.parametrize(
    ("matrix", "axes"),
    [
        ((-ONE, 0, 0, 0, ONE, 0, WIDTH * ONE, 0, 1 << 30), "across"),
        ((ONE, 0, 0, 0, -ONE, 0, 0, HEIGHT * ONE, 1 << 30), "down"),
        ((-ONE, 0, 0, 0, -ONE, 0, WIDTH * ONE, HEIGHT * ONE, 1 << 30), "both"),
        ((0, ONE, 0, ONE, 0, 0, 0, 0, 1 << 30), "diagonal"),
    ],
)
def test_a_mirrored_film_is_shown_as_players_show_it(
    tmp_path: Path, matrix: tuple[int, ...], axes: str
) -> None:
    """Upside down, hardly anybody would be found in it."""
    path = tmp_path / "film.mp4"
    encode(drawn_pictures(WIDTH, HEIGHT, 1), path, EncodeSettings(width=WIDTH, height=HEIGHT))
    upright = first_luma(path)
    expected = {
        "across": np.fliplr(upright),
        "down": np.flipud(upright),
        "both": np.rot90(upright, 2),
        "diagonal": upright.swapaxes(0, 1),
    }[axes]
    content = path.read_bytes()
    place = content.index(struct.pack(">9i", *UPRIGHT), content.index(b"tkhd"))
    noted = content[:place] + struct.pack(">9i", *matrix) + content[place + 36 :]
    path.write_bytes(noted)
    assert np.array_equal(first_luma(path), expected)
    assert not np.array_equal(expected, upright)


@pytest.mark.parametrize(
    "notes",
    [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"],
)
def test_notes_that_cannot_be_read_mirror_nothing(tmp_path: Path, notes: bytes) -> None:
    """They may be cut off, or point anywhere."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe1\0\xff" + notes)
    assert not is_mirrored(path)
