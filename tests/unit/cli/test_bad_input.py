"""What a person gets for a command line that cannot work: one sentence that leads on."""

from pathlib import Path

import pytest

from handfast.cli.main import main


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must fail, and return its one sentence."""
    assert main(arguments) in {1, 2}
    lines = capsys.readouterr().err.splitlines()
    assert [line.startswith("handfast: ") for line in lines] == [True]
    return lines[0]


def test_ports_beyond_the_last_one_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence says which number would do."""
    line = said(["demo", "--folder", str(tmp_path / "city"), "--port", "99999"], capsys)
    assert "name one from 1024 to 65" in line


def test_a_city_that_cannot_be_made_or_read_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file where the folder is to be; a note of the city that is no JSON."""
    (tmp_path / "file").write_text("")
    assert "--folder" in said(["demo", "--folder", str(tmp_path / "file" / "city")], capsys)
    (tmp_path / "demo.json").write_text("half a")
    assert "name another folder" in said(["demo", "--folder", str(tmp_path)], capsys)


@pytest.mark.parametrize("name", ["missing.mp4", "empty.mp4"])
def test_a_film_that_is_none_is_told_without_numbers_of_errors(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a missing file nor an empty one shows the number of a system's error."""
    (tmp_path / "empty.mp4").write_bytes(b"")
    line = said(["redact", str(tmp_path / name), str(tmp_path / "out.mp4")], capsys)
    assert "Errno" not in line
    assert line.endswith("name a video file")


def test_a_result_without_a_place_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder of the wanted name, or a file where a folder is to be, is found at once."""
    film, folder = tmp_path / "film.mp4", tmp_path / "folder.mp4"
    film.write_bytes(b"")
    folder.mkdir()
    assert "is a folder" in said(["redact", str(film), str(folder)], capsys)
    assert "is a folder; name a file in it" in said(
        ["redact", str(film), str(tmp_path)], capsys
    )
    line = said(["redact", str(film), str(film / "out.mp4")], capsys)
    assert "name another place" in line


def test_a_configuration_that_is_missing_or_no_text_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither is a matter of keys."""
    (tmp_path / "noise.toml").write_bytes(bytes([0x93, 0xFF, 0x00]))
    missing = said(["node", "run", "--config", str(tmp_path / "none.toml")], capsys)
    assert missing.endswith("no such file or directory; name the configuration's file")
    noise = said(["node", "run", "--config", str(tmp_path / "noise.toml")], capsys)
    assert noise.endswith("name another file")


def test_an_address_without_its_scheme_is_completed_in_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A panel's report is not sent to a word."""
    secret = tmp_path / "panel.secret"
    secret.write_text("0123456789abcdef0123456789abcdef")
    secret.chmod(0o600)
    command = ["signal", "raise", "intrusion", "--node", "school", "--panel", "p"]
    line = said([*command, "--secret-file", str(secret)], capsys)
    assert "such as http://127.0.0.1:8721" in line
