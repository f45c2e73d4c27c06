"""`handfast redact` on folders and odd places: nothing is lost, and what happened is said."""

import fcntl
import os
from pathlib import Path

import msgspec
import pytest

from handfast.cli.main import main
from handfast.cli.redact.film import Film, redact_film
from handfast.cli.redact.folder import pairs_of
from handfast.cli.redact.report import Report
from handfast.kit.errors import InvalidError, UnavailableError
from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.vision.model_detector import ModelDetector
from handfast.vision.registry import Task
from handfast.vision.runtime import Choice
from handfast.vision.settings import Settings
from tests.full_disk import file_limit
from tests.unit.vision.drawn import ScriptedDetector, person
from tests.unit.vision.installed import installed
from tests.unit.vision.test_own_models import onnx_file, registry_for

COUNT = 6


def a_film(path: Path) -> Path:
    """Write a short film of moving stripes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = EncodeSettings(width=160, height=120, bitrate_bps=500_000)
    encode(drawn_pictures(160, 120, COUNT), path, settings)
    return path


def redact(*words: str | Path) -> int:
    """Run the command as a person does, for bodies alone; return its status."""
    return main(["redact", *(str(each) for each in words), "--persons", "--moving-camera"])


def test_a_film_that_exists_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`handfast redact *.mp4` in a folder of two names the second original as the result."""
    first, second = a_film(tmp_path / "a.mp4"), a_film(tmp_path / "b.mp4")
    before = second.read_bytes()
    assert redact(first, second) == 1
    assert "--replace" in capsys.readouterr().err
    assert second.read_bytes() == before
    assert redact(first, second, "--replace") == 0
    assert second.read_bytes() != before


def test_a_folder_is_finished_and_its_failures_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One broken film stops no other; the last lines say what is missing."""
    source, target = tmp_path / "in", tmp_path / "out"
    for name in ("a.mp4", "c.mp4"):
        a_film(source / name)
    (source / "b.mp4").write_text("no film")
    (source / "notes.txt").write_text("no film either")
    assert redact(source, target) == 1
    assert sorted(each.name for each in target.iterdir()) == ["a.mp4", "c.mp4"]
    said = capsys.readouterr().err.splitlines()
    assert said[-3:] == [
        "2 of 3 redacted",
        f"no film or photo: {source / 'notes.txt'}",
        f"failed: {source / 'b.mp4'}",
    ]


def test_a_folder_is_continued_where_it_was_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After Ctrl-C only what is missing is made, and results inside the folder are no films."""
    source, target = tmp_path / "in", tmp_path / "in" / "redacted"
    a_film(source / "a.mp4")
    assert redact(source, target) == 0
    made = (target / "a.mp4").stat().st_mtime_ns
    a_film(source / "b.mp4")
    assert redact(source, target) == 0
    assert (target / "a.mp4").stat().st_mtime_ns == made
    assert sorted(each.name for each in target.iterdir()) == ["a.mp4", "b.mp4"]
    assert "there already: 1" in capsys.readouterr().err


def test_a_folder_is_never_its_own_target(tmp_path: Path) -> None:
    """Rather one sentence than one for each film."""
    a_film(tmp_path / "a.mp4")
    with pytest.raises(InvalidError, match="source itself"):
        pairs_of(tmp_path, tmp_path / "x" / "..")


def test_nobody_is_left_clear_in_a_whole_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Track 1 is somebody else in each film."""
    a_film(tmp_path / "in" / "a.mp4")
    assert redact(tmp_path / "in", tmp_path / "out", "--keep", "track=1") == 2
    assert "of one film" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_who_is_clear_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With other options than in the report's run a number is somebody else."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    own = registry_for(onnx_file(tmp_path / "persons.onnx"))
    source, target = a_film(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    assert redact(source, target, "--registry", own, "--keep", "track=1") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1] == f"{target}: track 1 is clear, a person from 0.0 s to 0.2 s"


def test_two_films_never_become_one(tmp_path: Path) -> None:
    """`a.avi` becomes `a.avi.mkv`, which may be another film's name."""
    for name in ("a.avi", "a.avi.mkv"):
        (tmp_path / name).touch()
    with pytest.raises(InvalidError, match="both become"):
        pairs_of(tmp_path, tmp_path / "out")


def test_a_folder_with_a_films_name_is_no_film(tmp_path: Path) -> None:
    """Some cameras name folders like that."""
    source = tmp_path / "in"
    (source / "day.mp4").mkdir(parents=True)
    (source / "day.mp4" / "one.mp4").touch()
    assert pairs_of(source, tmp_path / "out") == [
        (source / "day.mp4" / "one.mp4", tmp_path / "out" / "day.mp4" / "one.mp4")
    ]


@pytest.mark.parametrize("name", ["in.mp4", "out.mp4", "folder"])
def test_a_report_never_takes_a_films_place(tmp_path: Path, name: str) -> None:
    """The report would be written over the original."""
    source = a_film(tmp_path / "in.mp4")
    (tmp_path / "folder").mkdir()
    before = source.read_bytes()
    assert redact(source, tmp_path / "out.mp4", "--report", tmp_path / name) == 2
    assert source.read_bytes() == before
    assert not (tmp_path / "out.mp4").exists()


def test_a_report_that_finds_no_room_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The film is there by then."""
    source, report = a_film(tmp_path / "in.mp4"), tmp_path / "folder" / "in.json"
    report.parent.write_text("a file where a folder should be")
    assert redact(source, tmp_path / "out.mp4", "--report", report) == 1
    assert "the report" in capsys.readouterr().err
    assert (tmp_path / "out.mp4").exists()


def test_names_of_any_bytes_do(tmp_path: Path) -> None:
    """Files of old cameras and cards have names that are no UTF-8."""
    source = a_film(tmp_path / os.fsdecode(b"na\xefve \xff.mp4"))
    report = tmp_path / "report.json"
    assert redact(source, tmp_path / os.fsdecode(b"out\xff.mp4"), "--report", report) == 0
    read = msgspec.json.decode(report.read_bytes(), type=Report)
    assert read.source.name == "na\N{REPLACEMENT CHARACTER}ve \N{REPLACEMENT CHARACTER}.mp4"


def test_what_a_killed_run_left_is_removed_and_a_live_one_is_not(tmp_path: Path) -> None:
    """Unfinished files of this very name, unless somebody writes them."""
    source, target = a_film(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    for name in (".out.mp4.1.part", ".out.mp4.2.part", ".other.mp4.1.part"):
        (tmp_path / name).write_bytes(b"half")
    film = Film(source=source, target=target, settings=Settings(motion=False))
    with (tmp_path / ".out.mp4.2.part").open("rb") as live:
        fcntl.flock(live, fcntl.LOCK_EX)
        redact_film(film, [ScriptedDetector()], lambda _pictures, _share: None)
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"in.mp4", "out.mp4", ".out.mp4.2.part", ".other.mp4.1.part"}


def test_a_full_disk_is_told_with_the_name_that_was_given(tmp_path: Path) -> None:
    """Nobody knows the name of the unfinished file."""
    source, target = a_film(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    film = Film(source=source, target=target, settings=Settings(motion=False))
    with file_limit(1_000), pytest.raises(UnavailableError) as told:
        redact_film(film, [ScriptedDetector()], lambda _pictures, _share: None)
    assert f"{target} cannot be written" in str(told.value)
    assert ".part" not in str(told.value)


def test_a_film_that_is_covered_more_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A grey film without a word looks like success."""
    source = a_film(tmp_path / "in.mp4")
    body = bytearray(source.read_bytes())
    start = body.index(b"mdat") + len(body) // 3
    body[start : start + 400] = bytes(400)
    source.write_bytes(body)
    status = redact(source, tmp_path / "out.mp4")
    said = capsys.readouterr().err
    assert status == 0
    assert "more is covered in " in said
    assert "picture damaged" in said


def test_a_size_that_a_model_cannot_read_is_refused(tmp_path: Path) -> None:
    """It fails in every picture then, and the film would be grey from end to end."""
    model, content = installed(Task.PERSONS)
    (first, *others) = model.outputs
    wide = msgspec.structs.replace(first, shape=[1, 80, 32, 52])  # true of 16:9 alone
    entry = msgspec.structs.replace(model, outputs=[wide, *others])
    source, target = a_film(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    film = Film(source=source, target=target, settings=Settings(motion=False))
    detector = ModelDetector(entry, content, Choice())
    with pytest.raises(InvalidError, match="wrong outputs for 416 x 320"):
        redact_film(film, [detector], lambda _pictures, _share: None)
    assert not target.exists()


def test_margins_and_the_faces_size_reach_the_engine(tmp_path: Path) -> None:
    """The report says at which size faces were sought."""
    source, target, report = a_film(tmp_path / "in.mp4"), tmp_path / "out.mp4", tmp_path / "r"
    words = [str(source), str(target), "--report", str(report), "--faces-only"]
    assert main(["redact", *words, "--faces-at", "640", "--margin", "0.5"]) == 0
    (faces,) = msgspec.json.decode(report.read_bytes(), type=Report).models
    assert faces.reads == 640


def test_a_wider_margin_covers_more(tmp_path: Path) -> None:
    """By its share of what was found, on each side."""
    source = a_film(tmp_path / "in.mp4")
    shares = []
    for margin in (0.1, 0.5):
        settings = Settings(motion=False, margin=margin)
        film = Film(source=source, target=tmp_path / f"{margin}.mp4", settings=settings)
        detector = ScriptedDetector([[person(60, 30, size=30)]])
        shares.append(redact_film(film, [detector], lambda _pictures, _share: None).share)
    assert shares[1] > 1.5 * shares[0]
