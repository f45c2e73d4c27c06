"""Pictures of files: upright, yuv420p, and safe to write to."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from handfast.kit.errors import InvalidError, UnavailableError
from handfast.media.picture_reader import PictureReader, Sound
from handfast.media.picture_writer import Output, PictureWriter
from handfast.media.pictures import DecodedPicture, take
from tests.full_disk import file_limit

RATE = Fraction(25)


def gradient(width: int, height: int, number: int = 0) -> av.VideoFrame:
    """Return a frame that is bright at the right, and brighter with its number."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, width // 2 :] = 150 + number
    picture[: height // 4, : width // 4] = (250, 0, 0)  # a red mark in the upper left
    return av.VideoFrame.from_ndarray(picture, format="rgb24")


def write_film(
    path: Path,
    sizes: list[tuple[int, int]],
    *,
    pix_fmt: str = "yuv420p",
    rotation: int = 0,
    sound: bool = False,
) -> Path:
    """Encode a film, one picture for each size; a change of size needs an MPEG-TS file."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE, options={"qp": "10", "g": "10"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = sizes[0]
        stream.pix_fmt = pix_fmt
        if rotation:
            stream.set_display_rotation(rotation)
        audio = out.add_stream("aac", rate=48_000, layout="mono") if sound else None
        for number, size in enumerate(sizes):
            frame = gradient(*size, number).reformat(format=pix_fmt)
            frame.pts, frame.time_base = number, 1 / RATE
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if isinstance(audio, av.AudioStream):
            tone = av.AudioFrame.from_ndarray(
                np.zeros((1, 48_000), np.float32), format="fltp", layout="mono"
            )
            tone.sample_rate, tone.pts = 48_000, 0
            out.mux(audio.encode(tone))
            out.mux(audio.encode(None))
    return path


def pictures(path: Path) -> list[DecodedPicture]:
    """Read every picture of a film."""
    with PictureReader(path) as reader:
        return [each for each in reader.read() if isinstance(each, DecodedPicture)]


def test_every_picture_comes_with_its_time(tmp_path: Path) -> None:
    """In microseconds, from 0."""
    film = write_film(tmp_path / "film.mp4", [(64, 48)] * 5)
    assert [each.at_us for each in pictures(film)] == [0, 40_000, 80_000, 120_000, 160_000]


def test_writing_to_a_picture_changes_no_other(tmp_path: Path) -> None:
    """The decoder builds later pictures upon its own copy."""
    film = write_film(tmp_path / "film.mp4", [(64, 48)] * 10)
    untouched = [each.y.copy() for each in pictures(film)]
    with PictureReader(film) as reader:
        for number, picture in enumerate(reader.read()):
            assert isinstance(picture, DecodedPicture)
            assert np.array_equal(picture.y, untouched[number])
            picture.y[:] = 0
            picture.u[:] = 0


@pytest.mark.parametrize(
    "pix_fmt", ["yuv420p", "yuvj420p", "yuv422p", "yuv420p10le", "yuv444p"]
)
def test_every_coding_of_colours_becomes_the_same_planes(tmp_path: Path, pix_fmt: str) -> None:
    """Three planes of bytes, chroma at half the size."""
    film = write_film(tmp_path / "film.mkv", [(64, 48)], pix_fmt=pix_fmt)
    (picture,) = pictures(film)
    assert (picture.y.shape, picture.u.shape, picture.v.shape) == ((48, 64), (24, 32), (24, 32))
    assert picture.v[4, 4] > 180  # red


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_a_turned_phone_gives_upright_pictures(tmp_path: Path, degrees: int) -> None:
    """Detectors know upright people; the mark in the corner tells how it was turned."""
    film = write_film(tmp_path / "film.mp4", [(64, 48)], rotation=degrees)
    (picture,) = pictures(film)
    assert picture.y.shape == ((64, 48) if degrees % 180 else (48, 64))
    rows, columns = np.nonzero(picture.v > 180)
    height, width = picture.v.shape
    lower, right = rows.mean() > height / 2, columns.mean() > width / 2
    with av.open(str(film)) as container:
        frame = next(container.decode(video=0))
        turned = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))
    red = np.argwhere(turned[..., 0].astype(int) - turned[..., 1] > 150).mean(axis=0)
    assert lower == (red[0] > turned.shape[0] / 2)
    assert right == (red[1] > turned.shape[1] / 2)


def test_odd_sizes_are_read_as_they_are() -> None:
    """Chroma is rounded up, and the frame behind is even for the encoder."""
    picture = take(gradient(33, 17), 0)
    assert (picture.y.shape, picture.u.shape) == ((17, 33), (9, 17))
    assert (picture.frame.width, picture.frame.height) == (34, 18)


def test_a_change_of_size_is_read_and_letterboxed(tmp_path: Path) -> None:
    """The written film keeps the first size; nothing is squashed."""
    first = [take(gradient(64, 48), n * 40_000) for n in range(3)]
    second = [take(gradient(48, 96), (3 + n) * 40_000) for n in range(3)]
    target = tmp_path / "out.mp4"
    with PictureWriter(target, Output(width=64, height=48, rate=RATE)) as writer:
        for each in (*first, *second):
            writer.write(each)
        writer.finish()
    read = pictures(target)
    assert {each.y.shape for each in read} == {(48, 64)}
    assert read[4].y[:, :16].max() < 40  # a black bar at the side
    assert read[4].y[24, 40] > 100


def test_a_smaller_output_keeps_the_shape(tmp_path: Path) -> None:
    """A viewer's size is made after covering."""
    target = tmp_path / "out.mp4"
    with PictureWriter(target, Output(width=64, height=48, rate=RATE)) as writer:
        writer.write(take(gradient(256, 192), 0))
        writer.finish()
    (picture,) = pictures(target)
    assert picture.y[24, 50] > 100
    assert picture.y[40, 10] < 40


@pytest.mark.parametrize(
    ("ending", "length"), [("ts", 60), ("ts", 400), ("mp4", 8), ("mp4", 60), ("mp4", 400)]
)
def test_damage_is_told_until_the_next_key_picture(
    tmp_path: Path, ending: str, length: int
) -> None:
    """What the decoder makes up after an error is marked, and what follows is not."""
    film = write_film(tmp_path / f"film.{ending}", [(320, 240)] * 60)
    whole = {each.at_us: each.y for each in pictures(film)}
    content = bytearray(film.read_bytes())
    middle = len(content) * 2 // 5
    content[middle : middle + length] = b"\xff" * length
    film.write_bytes(content)
    with PictureReader(film) as reader:
        read = [each for each in reader.read() if isinstance(each, DecodedPicture)]
    assert not read[-1].damaged
    good = {each.at_us: each.y for each in read if not each.damaged}
    assert 30 <= len(good) < len(whole)
    assert all(np.array_equal(y, whole[at_us]) for at_us, y in good.items())


@pytest.mark.parametrize("content", [b"", b"not a film", b"\0" * 5000])
def test_what_is_no_film_is_refused(tmp_path: Path, content: bytes) -> None:
    """With the file's name."""
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(InvalidError, match=r"film\.mp4"):
        pictures(path)


def test_sound_alone_is_no_film(tmp_path: Path) -> None:
    """There is nothing to cover in it."""
    path = tmp_path / "voice.mp4"
    with av.open(str(path), "w") as out:
        audio = out.add_stream("aac", rate=48_000, layout="mono")
        silence = np.zeros((1, 4800), np.float32)
        tone = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
        tone.sample_rate, tone.pts = 48_000, 0
        out.mux(audio.encode(tone))
        out.mux(audio.encode(None))
    with pytest.raises(InvalidError, match="no video"):
        PictureReader(path)


def test_a_film_that_is_missing_is_refused(tmp_path: Path) -> None:
    """As any other wrong name."""
    with pytest.raises(InvalidError, match=r"nowhere\.mp4"):
        PictureReader(tmp_path / "nowhere.mp4")


def test_sound_is_copied_as_it_is(tmp_path: Path) -> None:
    """Packet for packet, and only when asked for."""
    film = write_film(tmp_path / "film.mp4", [(64, 48)] * 5, sound=True)
    target = tmp_path / "out.mp4"
    with PictureReader(film) as reader:
        output = Output(width=64, height=48, rate=RATE)
        with PictureWriter(target, output, audio=reader.audio) as writer:
            for each in reader.read(sound=True):
                if isinstance(each, Sound):
                    writer.write_sound(each)
                else:
                    writer.write(each)
            writer.finish()
    with av.open(str(film)) as before, av.open(str(target)) as after:
        packets = [
            [bytes(packet) for packet in container.demux(audio=0) if packet.size]
            for container in (before, after)
        ]
    assert packets[0] == packets[1] != []
    with PictureReader(film) as reader:
        assert all(isinstance(each, DecodedPicture) for each in reader.read())


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """At the latest when the film is finished."""
    noise = np.random.default_rng(3).integers(0, 255, (240, 320, 3), np.uint8)
    frames = [
        av.VideoFrame.from_ndarray(np.roll(noise, number), format="rgb24")
        for number in range(40)
    ]

    def write() -> None:
        output = Output(width=320, height=240, rate=RATE)
        with PictureWriter(tmp_path / "out.mp4", output) as writer:
            for number, frame in enumerate(frames):
                writer.write(take(frame, number * 40_000))
            writer.finish()

    with file_limit(20_000), pytest.raises(UnavailableError, match=r"cannot be written|holds"):
        write()


def test_metadata_is_kept_only_when_given(tmp_path: Path) -> None:
    """Place, title and the name of the encoder tell more than a picture may."""
    for metadata in ({}, {"title": "Yard"}):
        target = tmp_path / "out.mp4"
        output = Output(width=64, height=48, rate=RATE, metadata=metadata)
        with PictureWriter(target, output) as writer:
            writer.write(take(gradient(64, 48), 0))
            writer.finish()
        with av.open(str(target)) as container:
            assert container.metadata.get("title") == metadata.get("title")
            assert "encoder" not in container.metadata
