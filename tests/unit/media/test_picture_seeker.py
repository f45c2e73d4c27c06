"""Pictures by number: exactly the one a reading from the beginning gives."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from handfast.kit.errors import NotFoundError
from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.media.picture_reader import PictureReader
from handfast.media.picture_seeker import PictureSeeker
from handfast.media.pictures import DecodedPicture
from handfast.media.still import jpeg, jpeg_part
from tests.examples import scaled

COUNT = 150


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Encode a film with B pictures and a key picture each second."""
    path = tmp_path_factory.mktemp("film") / "drawn.mp4"
    sizes = EncodeSettings(width=160, height=90, bitrate_bps=500_000, b_frames=2)
    encode(drawn_pictures(160, 90, COUNT), path, sizes)
    return path


@pytest.fixture(scope="module")
def read(film: Path) -> list[DecodedPicture]:
    """Read all of it in order."""
    with PictureReader(film) as reader:
        return [each for each in reader.read() if isinstance(each, DecodedPicture)]


@given(wanted=some.lists(some.integers(0, COUNT - 1), min_size=1, max_size=6))
@settings(max_examples=scaled(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_picture_is_the_one_a_reading_gives(
    film: Path, read: list[DecodedPicture], wanted: list[int]
) -> None:
    """In whatever order they are asked for."""
    with PictureSeeker(film, [each.at_us for each in read]) as seeker:
        for number in wanted:
            *_, (found, picture) = seeker.leading_to(number)
            assert found == number
            assert np.array_equal(picture.y, read[number].y)


def test_a_time_that_is_not_known_is_read_from_the_beginning(
    film: Path, read: list[DecodedPicture]
) -> None:
    """Slow, and right: a seek is believed only when it lands on a known time."""
    strange = [each.at_us + 1 for each in read]
    with PictureSeeker(film, strange) as seeker:
        *_, (found, picture) = seeker.leading_to(120)
        assert found == 120
        assert np.array_equal(picture.y, read[120].y)


@pytest.mark.parametrize("number", [-1, COUNT])
def test_a_picture_beyond_the_film_is_told(
    film: Path, read: list[DecodedPicture], number: int
) -> None:
    """Rather than the nearest."""
    with (
        PictureSeeker(film, [each.at_us for each in read]) as seeker,
        pytest.raises(NotFoundError, match=str(COUNT)),
    ):
        list(seeker.leading_to(number))


def test_a_film_that_has_become_shorter_is_told(film: Path, read: list[DecodedPicture]) -> None:
    """Rather than a wait without end."""
    times = [each.at_us for each in read] + [read[-1].at_us + 40_000]
    with PictureSeeker(film, times) as seeker, pytest.raises(NotFoundError, match="gone"):
        list(seeker.leading_to(COUNT))


def test_a_still_is_as_wide_as_asked_at_most(
    read: list[DecodedPicture], tmp_path: Path
) -> None:
    """And shows what the picture shows."""
    for widest, width in ((1280, 160), (80, 80)):
        path = tmp_path / f"{widest}.jpg"
        path.write_bytes(jpeg(read[0], widest=widest))
        with PictureReader(path) as reader:
            (still,) = [each for each in reader.read() if isinstance(each, DecodedPicture)]
        assert still.y.shape[1] == width


@pytest.mark.parametrize(
    "box", [(10.3, 5.0, 60.9, 50.2), (-50, -50, 5, 5), (150, 80, 400, 400), (30, 30, 30, 30)]
)
def test_a_part_is_cut_at_the_pictures_edge(
    read: list[DecodedPicture], box: tuple[float, float, float, float]
) -> None:
    """Whatever a detector says."""
    assert jpeg_part(read[0], box, widest=96).startswith(b"\xff\xd8")


def test_a_row_of_times_that_breaks_after_a_seek_is_read_from_the_beginning(
    film: Path, read: list[DecodedPicture]
) -> None:
    """The key picture's time is known, those behind it are not."""
    times = [each.at_us + (0 if each.key else 1) for each in read]
    with PictureSeeker(film, times) as seeker:
        *_, (found, picture) = seeker.leading_to(130)
        assert found == 130
        assert np.array_equal(picture.y, read[130].y)
