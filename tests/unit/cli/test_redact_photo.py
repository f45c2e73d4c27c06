"""`handfast redact` on photos: covered upright, and nothing of the original comes along."""

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from handfast.cli.main import main
from handfast.cli.redact.film import Film, redact_film
from handfast.cli.redact.report import Report
from handfast.kit.errors import InvalidError
from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.vision.boxes import Detection
from handfast.vision.settings import Settings
from tests.unit.cli.test_redact import is_grey, pictures
from tests.unit.vision.drawn import ScriptedDetector, person

Pixels = npt.NDArray[np.uint8]

OWNER = b"Aino Virtanen\0"
SMALL = b"\xff\xd8 the uncovered picture, made small \xff\xd9"
STORED: list[tuple[int, Callable[[Pixels], Pixels]]] = [
    (1, lambda upright: upright),
    (2, np.fliplr),
    (3, lambda upright: np.rot90(upright, 2)),
    (4, np.flipud),
    (5, lambda upright: upright.swapaxes(0, 1)),
    (6, np.rot90),
    (7, lambda upright: np.rot90(upright, 2).swapaxes(0, 1)),
    (8, lambda upright: np.rot90(upright, -1)),
]
"""How a camera stores what is upright, by the number in its notes (Exif 2.32, 4.6.4)."""


def scene(width: int = 160, height: int = 120) -> Pixels:
    """Return a picture that no turning or mirroring leaves as it is."""
    pixels = np.full((height, width, 3), 90, np.uint8)
    pixels[:40, :50] = 250
    pixels[-20:, :30] = 170
    return pixels


def photo(path: Path, pixels: Pixels, notes: bytes = b"") -> Path:
    """Write a photo as a camera does, with its notes."""
    height, width = pixels.shape[:2]
    codec, form = ("png", "rgb24") if path.suffix == ".png" else ("mjpeg", "yuvj420p")
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, form
    context.framerate = Fraction(25)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
    packets = [*context.encode(frame.reformat(format=form)), *context.encode(None)]
    made = b"".join(bytes(each) for each in packets)
    path.write_bytes(made[:2] + notes + made[2:] if notes else made)
    return path


def a_cameras_notes(orientation: int) -> bytes:
    """Return Exif: how the camera was held, whose it is, and a small picture."""
    at = 8 + 2 + 2 * 12 + 4
    entries = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    entries += struct.pack("<HHII", 0x013B, 2, len(OWNER), at)
    small = at + len(OWNER)
    second = struct.pack("<HHIHH", 0x0103, 3, 1, 6, 0)
    second += struct.pack("<HHII", 0x0201, 4, 1, small + 2 + 36 + 4)
    second += struct.pack("<HHII", 0x0202, 4, 1, len(SMALL))
    tiff = b"II*\0" + struct.pack("<IH", 8, 2) + entries + struct.pack("<I", small) + OWNER
    tiff += struct.pack("<H", 3) + second + struct.pack("<I", 0) + SMALL
    return b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff


def redact(source: Path, target: Path, found: list[Detection]) -> Report:
    """Redact with a detector that always finds the same."""
    film = Film(source=source, target=target, settings=Settings(motion=False))
    return redact_film(film, [ScriptedDetector([found])], lambda _pictures, _share: None)


@pytest.mark.parametrize("ending", [".jpg", ".jpeg", ".png"])
def test_a_photo_is_covered_and_nothing_comes_along(tmp_path: Path, ending: str) -> None:
    """Least of all the small copy of the uncovered picture that cameras keep inside."""
    notes = b"" if ending == ".png" else a_cameras_notes(1)
    source = photo(tmp_path / f"in{ending}", scene(), notes)
    target = tmp_path / f"out{ending}"
    report = redact(source, target, [person(60, 30)])
    (written,) = pictures(target)
    assert is_grey(written, person(60, 30))
    assert written.y.shape == (120, 160)
    assert abs(int(written.y[10, 10]) - int(written.y.max())) < 8
    content = target.read_bytes()
    assert not any(each in content for each in (b"Exif", OWNER, SMALL))
    assert (report.pictures, len(report.tracks)) == (1, 1)


@pytest.mark.parametrize(("number", "stored"), STORED)
def test_a_photo_is_upright_however_the_camera_was_held(
    tmp_path: Path, number: int, stored: Callable[[Pixels], Pixels]
) -> None:
    """Detectors know people upright; a copy that has lost its notes must be upright too."""
    source = photo(tmp_path / "in.jpg", stored(scene()), a_cameras_notes(number))
    redact(source, tmp_path / "out.jpg", [])
    (upright,) = pictures(photo(tmp_path / "upright.jpg", scene()))
    (written,) = pictures(tmp_path / "out.jpg")
    assert written.y.shape == upright.y.shape
    assert float(np.abs(written.y.astype(int) - upright.y).mean()) < 3


@pytest.mark.parametrize("ending", [".jpg", ".png"])
def test_an_odd_size_stays(tmp_path: Path, ending: str) -> None:
    """Photos need no even sizes, as films do."""
    source = photo(tmp_path / f"in{ending}", scene(161, 119))
    redact(source, tmp_path / f"out{ending}", [])
    (written,) = pictures(tmp_path / f"out{ending}")
    assert written.y.shape == (119, 161)


def test_a_film_that_is_called_a_photo_is_refused(tmp_path: Path) -> None:
    """Its other pictures would be lost without a word."""
    film = tmp_path / "film.mp4"
    encode(drawn_pictures(160, 120, 3), film, EncodeSettings(width=160, height=120))
    source = film.rename(tmp_path / "film.jpg")
    with pytest.raises(InvalidError, match="one picture"):
        redact(source, tmp_path / "out.jpg", [])
    assert not (tmp_path / "out.jpg").exists()


@pytest.mark.parametrize(
    "words",
    [["out.mp4"], ["out.jpg", "--metadata", "keep"], ["out.jpg", "--review"]],
    ids=" ".join,
)
def test_what_a_photo_cannot_be_is_refused(tmp_path: Path, words: list[str]) -> None:
    """With one sentence and status 2, before anything is written."""
    source = photo(tmp_path / "in.jpg", scene())
    name, *options = words
    assert main(["redact", str(source), str(tmp_path / name), *options]) == 2
    assert {each.name for each in tmp_path.iterdir()} == {"in.jpg"}
