"""The writer of a disk: when bytes are durable, and what a bad disk costs."""

import shutil
from pathlib import Path

import pytest

from handfast.media.feed import (
    Gauges,
    RunEnded,
    RunStarted,
    SegmentClosed,
    SegmentOpened,
    UnitsSealed,
    VolumeState,
)
from handfast.media.lane import FileClosed
from handfast.media.writer import WritePolicy
from tests.unit.media_recording.rig import GATE, YARD, Rig

SMALL = WritePolicy(lane_bytes=20_000, resume_bytes=1)


def test_files_belong_to_their_owner_alone(tmp_path: Path) -> None:
    """Ciphertext or not, other accounts of the machine have no business here."""
    rig = Rig(tmp_path)
    rig.add(GATE)
    rig.play(GATE, pictures=30)
    (path,) = rig.files()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.relative_to(tmp_path).parts[:3] == (str(GATE.camera), "main-clear", "20260101")


def test_no_byte_is_at_risk_for_longer_than_four_seconds(tmp_path: Path) -> None:
    """With a disk that answers at once it is less than three."""
    rig = Rig(tmp_path)
    streams = (GATE, YARD)
    for stream in streams:
        rig.add(stream)
    rig.play(*streams, pictures=25 * 30)
    worst = [gauge.volumes[0].seconds_at_risk for gauge in rig.told(Gauges)]
    assert 1.5 < max(worst) < 3.0


def test_a_slow_disk_costs_whole_groups_and_never_stalls(tmp_path: Path) -> None:
    """The queue is bounded; what did not fit is counted; viewers see everything."""
    rig = Rig(tmp_path, write=SMALL)
    rig.add(GATE)
    rig.recorder.attach(GATE)
    for number in range(250):  # the disk does not answer for ten seconds
        rig.picture(GATE, key=number % 25 == 0, size=400)
        rig.clock.move(0.04)
        rig.recorder.tick()
    assert rig.volume.gauge().waiting_bytes <= 2 * SMALL.lane_bytes
    rig.work()
    rig.play(GATE, pictures=50, size=400)
    rig.recorder.close()
    stored = [rig.root / c.path for c in rig.closed(GATE) if c.path]
    units = [u for path in stored for run in rig.opened(path)[1] for u in run.units]
    lost = sum(c.lost_units for c in rig.closed(GATE) if c.path)
    assert len(units) + lost == 300
    assert 0 < lost <= 250
    assert lost % 25 == 0
    assert len(rig.told(UnitsSealed)) == 300
    assert rig.recorder.gauges().streams[0].lost_units == lost


def test_segments_for_viewers_only_are_told_without_a_path(tmp_path: Path) -> None:
    """The node knows that there will be nothing to read."""
    rig = Rig(tmp_path, write=WritePolicy(lane_bytes=0))
    rig.add(GATE)
    rig.play(GATE, pictures=30)
    rig.recorder.close()
    assert [event.path for event in rig.told(SegmentOpened)] == [""]
    assert len(rig.told(RunStarted)) == 2
    assert rig.told(RunEnded) == []
    (closed,) = rig.closed(GATE)
    assert (closed.path, closed.bytes) == ("", 0)
    assert rig.files() == []


def test_a_group_that_outgrows_the_queue_is_cut_off(tmp_path: Path) -> None:
    """Even without keyframes memory stays bounded, and the camera is asked for one."""
    rig = Rig(tmp_path, write=SMALL)
    rig.add(GATE)
    for number in range(250):
        rig.picture(GATE, key=number == 0, size=1_000)
        rig.clock.move(0.04)
        rig.recorder.tick()
    assert GATE in rig.asked
    assert rig.volume.gauge().waiting_bytes < 3 * SMALL.lane_bytes


def test_a_directory_that_vanished_is_an_error_that_passes(tmp_path: Path) -> None:
    """An unmounted disk: told as failing with advice, and taken up again by itself."""
    root = tmp_path / "disk"
    root.mkdir()
    rig = Rig(root, write=WritePolicy(resume_bytes=1))
    rig.add(GATE)
    shutil.rmtree(root)
    root.write_text("a file where the disk was")
    rig.play(GATE, pictures=50)
    gauge = rig.told(Gauges)[-1].volumes[0]
    assert gauge.state is VolumeState.FAILING
    assert "check the disk" in gauge.reason
    root.unlink()
    root.mkdir()
    rig.clock.move(2)
    rig.play(GATE, pictures=75)
    rig.recorder.close()
    assert rig.told(Gauges)[-1].volumes[0].state is VolumeState.WRITING
    whole = [c for c in rig.closed(GATE) if c.bytes]
    assert whole
    for closed in whole:
        rig.opened(root / closed.path)


def test_a_file_whose_disk_failed_keeps_its_whole_runs(tmp_path: Path) -> None:
    """What was told as ended is in it; the rest of the segment is counted as lost."""
    rig = Rig(tmp_path)
    lane = rig.volume.lane()
    ended = _ended(length=4, offset=104)
    lane.begin("cam/main-clear/20260101/aa.hfs", bytes(104), rig.clock.monotonic())
    lane.append([b"RUN1"], pictures=2, since=rig.clock.monotonic(), ended=ended)
    rig.volume.step()
    lane.append([b"RUN2"], pictures=3, since=rig.clock.monotonic(), ended=ended)
    lane.abandon()
    lane.finish(b"aa")
    rig.volume.step()
    told, closed = rig.volume.outcomes()
    assert told is ended
    assert isinstance(closed, FileClosed)
    assert (tmp_path / "cam/main-clear/20260101/aa.hfs").read_bytes() == bytes(104) + b"RUN1"
    assert (closed.bytes, closed.lost_pictures, closed.broken) == (108, 3, True)
    assert lane.waiting == 0


@pytest.mark.parametrize("abandoned", [False, True])
def test_a_file_without_any_run_is_not_kept(tmp_path: Path, *, abandoned: bool) -> None:
    """There would be nothing to open in it."""
    rig = Rig(tmp_path)
    lane = rig.volume.lane()
    lane.begin("cam/main-clear/20260101/cc.hfs", bytes(104), 0.0)
    rig.volume.step()
    if abandoned:
        lane.abandon()
    lane.finish(b"cc")
    rig.volume.step()
    (closed,) = rig.volume.outcomes()
    assert isinstance(closed, FileClosed)
    assert (closed.bytes, rig.files()) == (0, [])


def test_a_writer_thread_writes_what_is_queued_before_it_stops(tmp_path: Path) -> None:
    """A clean stop loses nothing."""
    rig = Rig(tmp_path)
    rig.volume.start()
    rig.add(GATE)
    for number in range(30):
        rig.picture(GATE, key=number == 0)
        rig.clock.move(0.04)
    rig.recorder.close()
    (closed,) = rig.told(SegmentClosed)
    assert (tmp_path / closed.path).stat().st_size == closed.bytes


def test_a_very_long_run_is_written_in_several_calls(tmp_path: Path) -> None:
    """Linux takes at most 1024 buffers at once."""
    rig = Rig(tmp_path)
    lane = rig.volume.lane()
    chunks = [b"%04d" % n for n in range(3000)]
    lane.begin("cam/main-clear/20260101/bb.hfs", bytes(104), 0.0)
    lane.append(chunks, pictures=0, since=0.0, ended=_ended(length=12_000, offset=104))
    lane.finish(b"bb")
    rig.volume.step()
    path = tmp_path / "cam/main-clear/20260101/bb.hfs"
    assert path.read_bytes() == bytes(104) + b"".join(chunks)


def _ended(*, length: int, offset: int) -> RunEnded:
    return RunEnded(
        stream=GATE,
        segment=b"s" * 16,
        run=0,
        leaf=0,
        key=True,
        start_us=0,
        end_us=1,
        offset=offset,
        length=length,
        units=2,
        first_pts=0,
        sha256=bytes(32),
    )
