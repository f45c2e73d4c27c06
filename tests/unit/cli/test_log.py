"""`handfast log`: what a person types and reads."""

import json
from pathlib import Path

import pytest

from handfast.cli.main import main
from handfast.storage.sqlite_log import SqliteLog
from tests.unit.audit.people import fill, open_log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a node's log of 300 entries, one erased, and its vkey."""
    store = SqliteLog(tmp_path / "log.sqlite")
    appended = fill(store, 3, 300)
    (tmp_path / "since").write_text(appended[0].checkpoint)
    (tmp_path / "vkey").write_text(open_log(store).vkey + "\n")
    store.erase([1])
    store.close()
    return tmp_path


def handfast(*arguments: object) -> int:
    """Run a command line."""
    return main([str(each) for each in arguments])


def test_an_export_verifies(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole way of an auditor: export, take openings, verify, with an older checkpoint."""
    log, out = folder / "log.sqlite", folder / "out"
    assert handfast("log", "export", log, out) == 0
    assert "300 entries" in capsys.readouterr().out
    assert handfast("log", "show", log, "--json", "--end", 3) == 0
    openings = capsys.readouterr().out
    assert [json.loads(line)["index"] for line in openings.splitlines()] == [0, 2]
    (folder / "openings").write_text(openings)
    verify = ("log", "verify", out, "--vkey", folder / "vkey", "--since", folder / "since")
    assert handfast(*verify, "--openings", folder / "openings") == 0
    said = capsys.readouterr().out
    assert said.count("holds  ") == 5
    assert said.endswith("Everything checked holds.\n")


def test_a_changed_export_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In words and as JSON, and in the exit status."""
    out = folder / "out"
    handfast("log", "export", folder / "log.sqlite", out)
    (out / "tile/entries/000").write_bytes(bytes(34 * 256))
    capsys.readouterr()
    verify = ("log", "verify", out, "--vkey", (folder / "vkey").read_text())
    assert handfast(*verify) == 1
    assert "FAILS  entries" in capsys.readouterr().out
    assert handfast(*verify, "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["holds"] is False
    assert [each["check"] for each in report["findings"]] == ["checkpoint", "entries"]


def test_entries_are_shown_and_erased_ones_are_said_to_be(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the checkpoint above them."""
    assert handfast("log", "show", folder / "log.sqlite", "--end", 3) == 0
    said = capsys.readouterr().out
    assert said.startswith("school.example/log\n300\n")
    assert said.splitlines()[-3:] == [
        '       0  {"entry":0}',
        "       1  (erased)",
        '       2  {"entry":2}',
    ]
    assert handfast("log", "show", folder / "log.sqlite", "--first", 299) == 0
    assert capsys.readouterr().out.splitlines()[-1] == '     299  {"entry":299}'


def test_what_is_not_there_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence on stderr; nothing is created by looking."""
    for arguments, status in (
        (("show", folder / "none"), 1),
        (("export", folder / "none", folder / "out"), 1),
        (("verify", folder / "none", "--vkey", folder / "vkey"), 1),
        (("verify", folder, "--vkey", folder / "none"), 2),
        (("verify", "ftp://example", "--vkey", folder / "vkey"), 1),
    ):
        assert handfast("log", *arguments) == status
        said = capsys.readouterr().err
        assert said.startswith("handfast: ")
        assert said.count("\n") == 1
    assert not (folder / "none").exists()


def test_an_empty_log_says_that_it_is_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shown, but not exported."""
    SqliteLog(tmp_path / "log.sqlite").close()
    assert handfast("log", "show", tmp_path / "log.sqlite") == 0
    assert "empty" in capsys.readouterr().out
    assert handfast("log", "show", tmp_path / "log.sqlite", "--json") == 0
    assert capsys.readouterr().out == ""
    assert handfast("log", "export", tmp_path / "log.sqlite", tmp_path / "out") == 1
