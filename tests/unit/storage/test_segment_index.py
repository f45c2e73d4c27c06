"""The index: where runs lie, what was signed, what is still being written."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from handfast.kit.errors import ConflictError, CorruptError, NotFoundError
from handfast.model.media import Rendition, Stream
from handfast.storage.segment_index import SegmentIndex
from handfast.storage.segments import (
    BegunRun,
    IndexedRun,
    IndexedSegment,
    Recording,
    pack_runs,
    unpack_runs,
)

GATE = Recording(camera=UUID(int=10), stream=Stream.MAIN)
YARD = Recording(camera=UUID(int=11), stream=Stream.MAIN)
S = 1_000_000


def run(number: int, second: int) -> IndexedRun:
    """Return a run of one second."""
    return IndexedRun(
        run=number,
        key=number == 0,
        leaf=second,
        start_us=second * S,
        end_us=(second + 1) * S,
        offset=104 + number * 1000,
        length=1000,
        units=25,
        first_pts=-7,
        sha256=bytes([number]) * 32,
    )


def segment(
    number: int, *, second: int = 0, runs: int = 3, of: Recording = GATE
) -> IndexedSegment:
    """Return a closed segment of some seconds."""
    return IndexedSegment(
        id=bytes([number]) * 16,
        recording=of,
        period=b"p" * 16,
        header=bytes(104),
        path=f"{number}.hfs",
        start_us=second * S,
        end_us=(second + runs) * S,
        bytes=104 + runs * 1000,
        runs=tuple(run(n, second + n) for n in range(runs)),
    )


@pytest.fixture
def index(tmp_path: Path) -> SegmentIndex:
    """Return an empty index."""
    return SegmentIndex(tmp_path / "segments.db")


def test_a_segment_is_found_as_it_was_stored(index: SegmentIndex) -> None:
    """Every field, also after a restart."""
    stored = replace(segment(1), lost_units=4, recovered=True)
    index.closed([stored])
    assert index.find(stored.id) == stored
    assert index.find(b"?" * 16) is None


def test_segments_that_overlap_a_range_are_found_in_order(index: SegmentIndex) -> None:
    """Start inclusive, end exclusive; other streams are not meant."""
    three = [segment(n, second=n * 3) for n in (1, 2, 3)]
    other = segment(9, second=3, of=YARD)
    redacted = replace(GATE, rendition=Rendition.REDACTED)
    index.closed([*reversed(three), other, segment(8, second=3, of=redacted)])
    found = index.overlapping(GATE, since_us=5 * S, until_us=9 * S)
    assert found == (three[0], three[1])
    assert index.overlapping(GATE, since_us=12 * S, until_us=99 * S) == ()
    assert index.overlapping(GATE, since_us=0, until_us=3 * S) == ()


def test_a_segment_being_written_is_found_with_the_runs_it_has(index: SegmentIndex) -> None:
    """The last seconds are part of the recording."""
    opened = replace(segment(1, runs=0), end_us=0)
    index.opened(opened)
    assert index.overlapping(GATE, since_us=0, until_us=99 * S) == ()
    index.run_ended(opened.id, run(0, 0))
    index.run_ended(opened.id, run(1, 1))
    (found,) = index.overlapping(GATE, since_us=0, until_us=99 * S)
    assert found.open
    assert found.runs == (run(0, 0), run(1, 1))
    assert (found.end_us, found.bytes) == (2 * S, 2104)
    assert index.find(opened.id) == found


def test_a_finished_segment_leaves_out_what_was_cut_off(index: SegmentIndex) -> None:
    """Its disk failed: runs that are not in the file are not in the index."""
    index.opened(segment(1, runs=0))
    for n in range(3):
        index.run_ended(segment(1).id, run(n, n))
    finished = index.finish(
        segment(1).id, end_us=3 * S, size=2104, lost_units=25, recovered=True
    )
    index.closed([finished])
    assert index.find(finished.id) == finished
    assert finished.runs == (run(0, 0), run(1, 1))
    assert finished.end_us == 2 * S
    assert index.open_segments() == ()


def test_finishing_what_is_not_open_is_refused(index: SegmentIndex) -> None:
    """It was closed before, or never opened here."""
    with pytest.raises(NotFoundError, match="not open"):
        index.finish(b"?" * 16, end_us=0, size=0, lost_units=0, recovered=False)
    index.run_ended(b"?" * 16, run(0, 0))


def test_the_newest_segment_is_the_one_closed_last(index: SegmentIndex) -> None:
    """Whatever the clock said: it is the next one's predecessor."""
    index.closed([segment(1, second=1000)])
    index.closed([segment(2, second=5)])
    assert index.newest(GATE) == segment(2, second=5)
    assert index.newest(YARD) is None


def test_a_manifest_is_signed_once(index: SegmentIndex) -> None:
    """The same again is fine; another one would be a second truth."""
    index.closed([segment(1), segment(2, second=3)])
    assert [each.id for each in index.unsigned()] == [segment(1).id, segment(2).id]
    index.put_manifest(segment(1).id, b"{signed}")
    index.put_manifest(segment(1).id, b"{signed}")
    assert index.manifest(segment(1).id) == b"{signed}"
    assert index.manifest(segment(2).id) is None
    assert [each.id for each in index.unsigned()] == [segment(2).id]
    with pytest.raises(ConflictError, match="another manifest"):
        index.put_manifest(segment(1).id, b"{other}")


def test_packed_runs_that_are_cut_are_called_corrupt() -> None:
    """The index can be rebuilt, and the message says how."""
    packed = pack_runs([run(0, 0), run(1, 1)])
    assert unpack_runs(packed) == (run(0, 0), run(1, 1))
    with pytest.raises(CorruptError, match="rebuilt"):
        unpack_runs(packed[:-1])


def test_a_run_is_begun_until_it_can_be_read(index: SegmentIndex) -> None:
    """It is in one of both lists at any time, and in neither once its segment has gone."""

    def begins(number: int) -> BegunRun:
        start_us = number * S
        return BegunRun(
            segment=segment(1).id, period=b"p" * 16, run=number, leaf=number, start_us=start_us
        )

    index.run_begun(begins(0))
    assert index.begun(GATE) == ()  # nobody knows such a segment
    index.opened(segment(1))
    index.opened(segment(2, of=YARD))
    for number in range(3):
        index.run_begun(begins(number))
    assert [each.run for each in index.begun(GATE)] == [0, 1, 2]
    assert index.begun(YARD) == ()
    index.run_ended(segment(1).id, run(1, 1))
    assert [each.run for each in index.begun(GATE)] == [2]
    index.closed([segment(1)])
    assert index.begun(GATE) == ()
