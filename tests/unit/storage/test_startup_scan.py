"""The start-up scan: trusts the disk, cuts torn ends, rebuilds the index."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handfast.storage.segments import IndexedSegment
from tests.examples import scaled
from tests.unit.media_recording.rig import GATE, open_file
from tests.unit.storage.shelf import GATE_RECORDING, Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Return an empty shelf."""
    return Shelf(tmp_path)


def lose_rows(shelf: Shelf) -> None:
    """Forget everything the index knew."""
    with shelf.index.database.write() as connection:
        connection.execute("DELETE FROM segment")


def essence(segment: IndexedSegment) -> IndexedSegment:
    """Leave out what a scan cannot know."""
    last = replace(segment.runs[-1], end_us=0)
    runs = (*segment.runs[:-1], last)
    return replace(segment, recovered=False, lost_units=0, end_us=0, open=False, runs=runs)


def test_nothing_changes_after_a_clean_stop(shelf: Shelf) -> None:
    """Every file is what the index says."""
    shelf.record(pictures=75)
    before = shelf.everything()
    report = shelf.scan.scan_all()
    assert report.checked == len(before) == 3
    assert (report.recovered, report.missing, report.empty, report.damaged) == ([], [], [], [])
    assert shelf.everything() == before


def test_a_lost_index_is_rebuilt_from_the_files(shelf: Shelf) -> None:
    """Every run with its place and its hash."""
    shelf.record(pictures=75)
    before = shelf.everything()
    lose_rows(shelf)
    report = shelf.scan.scan_all()
    assert len(report.recovered) == len(before)
    assert all(segment.recovered for segment in shelf.everything())
    assert list(map(essence, shelf.everything())) == list(map(essence, before))
    assert shelf.index.newest(GATE_RECORDING) == shelf.everything()[-1]


def test_a_segment_that_was_being_written_is_recovered(shelf: Shelf) -> None:
    """The process was killed; what it had told is there and opens."""
    shelf.record(pictures=20, close=False)
    shelf.clock.move(0.3)
    for _ in range(2):  # the recorder ends the run whose second is over, the disk writes it
        shelf.rig.work()
    shelf.rig.picture(GATE, key=False)
    shelf.tell()
    (told,) = shelf.everything()
    assert told.open
    report = shelf.scan.recover([GATE_RECORDING])
    (found,) = report.recovered
    assert [each.sha256 for each in found.runs] == [each.sha256 for each in told.runs]
    assert shelf.index.open_segments() == ()
    assert shelf.everything() == (found,)
    open_file(shelf.path(0), shelf.periods.root)


def test_a_torn_end_is_cut_and_told(shelf: Shelf) -> None:
    """Half a unit is of use to nobody."""
    shelf.record(pictures=20)
    path = shelf.path(0)
    data = path.read_bytes()
    path.write_bytes(data[:-7])
    report = shelf.scan.scan_all()
    (segment,) = shelf.everything()
    assert report.cut_bytes == 441 - 7
    assert segment.recovered
    assert segment.bytes == path.stat().st_size == len(data) - 441
    _, runs = open_file(path, shelf.periods.root)
    assert sum(len(run.units) for run in runs) == 19


def test_bytes_that_the_disk_never_wrote_are_cut(shelf: Shelf) -> None:
    """A record may stand before a hole of zeros; only its key can tell."""
    shelf.record(pictures=20)
    path = shelf.path(0)
    data = bytearray(path.read_bytes())
    data[-200:] = bytes(200)
    path.write_bytes(data)
    lose_rows(shelf)
    shelf.scan.scan_all()
    _, runs = open_file(path, shelf.periods.root)
    assert sum(len(run.units) for run in runs) == 19


def test_a_missing_file_is_marked_and_comes_back(shelf: Shelf) -> None:
    """A disk that was not mounted is no removal."""
    shelf.record(pictures=20)
    path = shelf.path(0)
    (segment,) = shelf.everything()
    hidden = path.with_suffix(".away")
    path.rename(hidden)
    assert shelf.scan.scan_all().missing == [segment.id]
    assert shelf.everything() == ()
    found = shelf.index.find(segment.id)
    assert found is not None
    assert found.missing
    hidden.rename(path)
    assert shelf.scan.scan_all().back == [segment.id]
    assert shelf.everything() == (segment,)


def test_a_file_without_a_whole_run_is_deleted(shelf: Shelf) -> None:
    """Nothing could be opened in it."""
    shelf.record(pictures=20)
    path = shelf.path(0)
    path.write_bytes(path.read_bytes()[:150])
    lose_rows(shelf)
    report = shelf.scan.scan_all()
    assert report.empty == [str(path.relative_to(shelf.volume))]
    assert not path.exists()


def test_a_file_that_is_no_segment_is_put_aside(shelf: Shelf) -> None:
    """It may be evidence, so nobody deletes it unseen."""
    shelf.record(pictures=20)
    path = shelf.path(0)
    data = path.read_bytes()
    path.write_bytes(b"GIF8" + data[4:] + b"more")
    report = shelf.scan.scan_all()
    assert report.damaged == [str(path.relative_to(shelf.volume))]
    assert path.with_suffix(".damaged").read_bytes()[4:-4] == data[4:]
    assert shelf.scan.scan_all().damaged == []


def test_a_file_that_outlived_its_tombstone_is_deleted(shelf: Shelf) -> None:
    """The power went between the two."""
    shelf.record(pictures=20)
    path = shelf.path(0)
    with shelf.index.database.write() as connection:
        connection.execute("UPDATE segment SET removed_us = 1, runs = NULL")
    shelf.scan.scan_all()
    assert not path.exists()


def test_directories_of_others_are_left_alone(shelf: Shelf) -> None:
    """lost+found and the like."""
    (shelf.volume / "lost+found").mkdir()
    (shelf.volume / str(GATE.camera) / "notes-here" / "20260101").mkdir(parents=True)
    assert shelf.scan.scan_all().checked == 0


@settings(max_examples=scaled(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_cut_or_flipped_what_is_kept_opens(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A damaged file never stops the scan, and no damaged unit is kept."""
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    shelf.record(pictures=20)
    path = shelf.path(0)
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=3)):
        content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    lose_rows(shelf)
    shelf.scan.scan_all()
    for segment in shelf.everything():
        body = (shelf.volume / segment.path).read_bytes()
        assert len(body) == segment.bytes
        for run in segment.runs:
            part = body[run.offset : run.offset + run.length]
            assert hashlib.sha256(part).digest() == run.sha256
