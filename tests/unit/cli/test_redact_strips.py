"""What a film carries beside its pictures stays behind unless it is asked for."""

import subprocess
from pathlib import Path

import av
import pytest

from handfast.cli.redact.film import Film, redact_film
from handfast.vision.settings import Settings
from tests.unit.vision.drawn import ScriptedDetector

WORDS = "1\n00:00:00,000 --> 00:00:01,000\nAino Virtanen comes in\n"
NOTES = """;FFMETADATA1
title=Aino at school
location=+60.1699+024.9384/
creation_time=2026-11-20T08:00:00Z
[CHAPTER]
TIMEBASE=1/1000
START=0
END=500
title=Aino is late
"""
TELLING = (b"Aino", b"+60.1699", b"2026-11-20")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with sound, subtitles, a chapter, a picture attached, and notes everywhere."""
    folder = tmp_path_factory.mktemp("rich")
    (folder / "words.srt").write_text(WORDS)
    (folder / "notes.txt").write_text(NOTES)
    drawn = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=10:duration=1"]
    heard = ["-f", "lavfi", "-i", "sine=duration=1"]
    beside = ["-i", "words.srt", "-i", "notes.txt", "-map_metadata", "3"]
    named = ["-metadata:s:v", "title=Aino's camera", "-metadata:s:a", "title=Aino's voice"]
    ffmpeg = ["ffmpeg", "-loglevel", "error", "-nostdin"]
    subprocess.run([*ffmpeg, *drawn, "-frames:v", "1", "cover.jpg"], cwd=folder, check=True)
    (folder / "cover.jpg").write_bytes((folder / "cover.jpg").read_bytes() + b"Aino's face")
    attached = ["-attach", "cover.jpg", "-metadata:s:t", "mimetype=image/jpeg"]
    maps = ["-map", "0", "-map", "1", "-map", "2", "-c:v", "libx264", "-c:a", "aac"]
    subprocess.run(
        [*ffmpeg, *drawn, *heard, *beside, *maps, *named, *attached, "film.mkv"],
        cwd=folder,
        check=True,
    )
    content = (folder / "film.mkv").read_bytes()
    assert all(each in content for each in (b"Aino at school", b"comes in", b"is late"))
    return folder / "film.mkv"


def redact(source: Path, target: Path, *, sound: bool = False, metadata: bool = False) -> bytes:
    """Redact, and return the bytes of the result."""
    settings = Settings(motion=False)
    asked = Film(
        source=source, target=target, settings=settings, sound=sound, metadata=metadata
    )
    redact_film(asked, [ScriptedDetector()], lambda _pictures, _share: None)
    return target.read_bytes()


def streams(path: Path) -> list[str]:
    """Return what kinds of stream a file holds."""
    with av.open(str(path)) as container:
        return [each.type for each in container.streams]


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_nothing_but_pictures_comes_along(film: Path, tmp_path: Path, ending: str) -> None:
    """No sound, words, chapters, covers, places, times or names."""
    target = tmp_path / f"out{ending}"
    content = redact(film, target)
    assert streams(target) == ["video"]
    assert not any(each in content for each in TELLING)


def test_sound_comes_along_when_it_is_asked_for(film: Path, tmp_path: Path) -> None:
    """And nothing that was written about it."""
    content = redact(film, tmp_path / "out.mkv", sound=True)
    assert streams(tmp_path / "out.mkv") == ["video", "audio"]
    assert not any(each in content for each in TELLING)


def test_what_belongs_to_the_whole_film_can_be_kept(film: Path, tmp_path: Path) -> None:
    """Title, place and time; what people say and look like is left out all the same."""
    content = redact(film, tmp_path / "out.mkv", metadata=True)
    assert b"Aino at school" in content
    assert b"+60.1699" in content
    assert not any(each in content for each in (b"comes in", b"is late", b"Aino's"))
