"""`handfast redact`: whole files or none, and reports that can be checked."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from handfast.cli.main import main
from handfast.cli.redact.film import Film, redact_film
from handfast.cli.redact.folder import pairs_of
from handfast.cli.redact.masks import read_masks
from handfast.cli.redact.progress import FilmProgress
from handfast.cli.redact.report import Report
from handfast.kit.errors import InvalidError, NotFoundError, UnavailableError
from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.media.picture_reader import PictureReader
from handfast.media.pictures import DecodedPicture
from handfast.vision.boxes import Detection
from handfast.vision.cover import LUMA
from handfast.vision.settings import Settings
from tests.fakes.steady import HandClock
from tests.full_disk import file_limit
from tests.unit.vision.drawn import ScriptedDetector, person

COUNT = 30
CARRIED = Settings(motion=False)
TWO = [person(64, 100), person(200, 100)]


@pytest.fixture
def film(tmp_path: Path) -> Film:
    """A short film of moving stripes, to be redacted."""
    source = tmp_path / "yard.mp4"
    settings = EncodeSettings(width=320, height=240, bitrate_bps=2_000_000)
    encode(drawn_pictures(320, 240, COUNT), source, settings)
    return Film(source=source, target=tmp_path / "out" / "yard.mp4", settings=CARRIED)


def redact(film: Film, found: Sequence[Detection] = TWO) -> Report:
    """Redact with a detector that always finds the same."""
    return redact_film(film, [ScriptedDetector([found])], lambda _pictures, _share: None)


def pictures(path: Path) -> list[DecodedPicture]:
    """Read every picture of a film."""
    with PictureReader(path) as reader:
        return [each for each in reader.read() if isinstance(each, DecodedPicture)]


def is_grey(picture: DecodedPicture, found: Detection) -> bool:
    """Tell whether a thing's place is covered, as far as coding leaves it even."""
    box = found.box
    area = picture.y[int(box.top) : int(box.bottom), int(box.left) : int(box.right)]
    return bool(np.abs(area.astype(int) - LUMA).max() < 12)


def is_like(picture: DecodedPicture, source: DecodedPicture, found: Detection) -> bool:
    """Tell whether a thing looks as in the source, as far as coding leaves it."""
    box = found.box
    area = np.s_[int(box.top) + 8 : int(box.bottom) - 8, int(box.left) + 8 : int(box.right) - 8]
    return float(np.abs(picture.y[area].astype(int) - source.y[area]).mean()) < 12


def test_everybody_found_is_grey_in_every_picture(film: Film) -> None:
    """As many pictures as before, none of them with a person."""
    redact(film)
    written = pictures(film.target)
    assert len(written) == COUNT
    assert all(is_grey(picture, each) for picture in written for each in TWO)


def test_a_kept_track_is_clear_and_the_other_is_not(film: Film) -> None:
    """The number comes from the report of a run before, and is the same in the next."""
    before = redact(film)
    (one, other) = before.tracks
    after = redact(replace(film, keep=frozenset({one.track})))
    assert [each.track for each in after.tracks] == [one.track, other.track]
    pairs = zip(pictures(film.target), pictures(film.source), strict=True)
    assert all(is_like(written, read, TWO[0]) for written, read in pairs)
    assert all(is_grey(picture, TWO[1]) for picture in pictures(film.target))
    assert {box.track for frame in after.frames for box in frame.boxes if box.clear} == {1}


def test_a_track_that_does_not_occur_is_told(film: Film) -> None:
    """Rather than a film in which everybody is covered and nobody knows why."""
    with pytest.raises(NotFoundError, match="track 99"):
        redact(replace(film, keep=frozenset({1, 99})))
    assert not film.target.exists()


def test_the_report_names_both_files_by_hash(film: Film) -> None:
    """Whoever has them can compare."""
    report = redact(film)
    for file, path in ((report.source, film.source), (report.target, film.target)):
        assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert (file.name, file.size) == (path.name, path.stat().st_size)
    assert report.pictures == len(report.frames) == COUNT
    assert report.states == {"normal": COUNT}


def test_the_same_film_gives_the_same_bytes(film: Film, tmp_path: Path) -> None:
    """So a report can be checked by doing it again."""
    first = redact(film)
    second = redact(replace(film, target=tmp_path / "again.mp4"))
    assert first.target.sha256 == second.target.sha256
    assert first.frames == second.frames


def test_a_miss_counts_once_the_track_is_found_again(film: Film) -> None:
    """Whoever has left was not missed."""
    script = [TWO, TWO[:1], TWO, TWO[:1], TWO[:1], TWO[:1]]
    report = redact_film(film, [ScriptedDetector(script)], lambda _pictures, _share: None)
    assert (report.misses.looks, report.misses.missed) == (7, 1)


def test_a_full_disk_leaves_no_file_behind(film: Film) -> None:
    """Not under the final name, and under no other."""
    with file_limit(9_000), pytest.raises(UnavailableError):
        redact(film, [])
    assert list(film.target.parent.iterdir()) == []


def test_a_stopped_run_leaves_no_file_behind(film: Film) -> None:
    """Ctrl-C in the middle."""

    def stop(count: int, _share: float | None) -> None:
        if count == COUNT // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        redact_film(film, [ScriptedDetector()], stop)
    assert list(film.target.parent.iterdir()) == []


def test_a_file_that_is_there_survives_a_failed_run(film: Film) -> None:
    """It is replaced by a whole one or not at all."""
    film.target.parent.mkdir()
    film.target.write_bytes(b"the one from yesterday")
    with pytest.raises(NotFoundError):
        redact(replace(film, keep=frozenset({99})))
    assert film.target.read_bytes() == b"the one from yesterday"


@pytest.mark.parametrize("name", ["yard.xyz", "yard"])
def test_an_unknown_kind_of_file_is_refused(film: Film, name: str) -> None:
    """With the kinds that are known."""
    with pytest.raises(InvalidError, match=r"\.mkv"):
        redact(replace(film, target=film.target.with_name(name)))


def test_a_film_is_never_written_over_itself(film: Film) -> None:
    """The original is the owner's to delete."""
    with pytest.raises(InvalidError, match="source itself"):
        redact(replace(film, target=film.source))


def test_progress_tells_how_much_is_done(film: Film) -> None:
    """The share rises to the end."""
    told: list[tuple[int, float | None]] = []
    redact_film(film, [ScriptedDetector()], lambda count, share: told.append((count, share)))
    assert [count for count, _ in told] == list(range(1, COUNT + 1))
    shares = [share for _, share in told if share is not None]
    assert shares == sorted(shares)
    assert shares[-1] > 0.9


def test_progress_tells_rate_and_time_left() -> None:
    """Ten seconds for a quarter: thirty more."""
    clock, out = HandClock(), io.StringIO()
    progress = FilmProgress("yard.mp4", out, clock)
    clock.move(10)
    progress.step(250, 0.25)
    assert out.getvalue() == "yard.mp4: 25%, 25.0 pictures a second, 0:30 left\n"


def test_a_folder_keeps_its_shape(tmp_path: Path) -> None:
    """Kinds of file that are not written become Matroska."""
    source = tmp_path / "in"
    for name in ("a.mp4", "east/b.avi", "east/notes.txt"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).touch()
    target = tmp_path / "out"
    assert pairs_of(source, target) == [
        (source / "a.mp4", target / "a.mp4"),
        (source / "east/b.avi", target / "east/b.avi.mkv"),
    ]


def test_a_folder_without_films_is_refused(tmp_path: Path) -> None:
    """An empty result would look like success."""
    with pytest.raises(InvalidError, match="no film"):
        pairs_of(tmp_path, tmp_path / "out")


def test_masks_are_read_from_a_file(tmp_path: Path) -> None:
    """Masks and children's zones, in shares of the picture."""
    path = tmp_path / "masks.json"
    area = [[0, 0], [1, 0], [1, 1]]
    path.write_bytes(
        msgspec.json.encode({"masks": [area], "zones": [{"area": area, "whole": True}]})
    )
    masks = read_masks(path)
    assert len(masks.polygons()) == 1
    assert masks.areas()[0].whole


@pytest.mark.parametrize(
    "words",
    [
        ["--keep", "12"],
        ["--keep", "track=x"],
        ["--every", "0"],
        ["--margin", "-1"],
        ["--margin", "nan"],
        ["--faces-at", "33"],
        ["--faces-at", "5000"],
        ["--threads=-1"],
        ["--masks", "/nowhere.json"],
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused(
    film: Film, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With one sentence and status 2, before anything is written."""
    assert main(["redact", str(film.source), str(film.target), *words]) == 2
    assert capsys.readouterr().err.startswith("handfast: ")
    assert not film.target.exists()
