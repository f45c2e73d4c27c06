"""P12 recording-goes-on: what a power cut, a full, a slow and a failing disk cost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from handfast.media.feed import Gauges, RunEnded, UnitsSealed, VolumeState
from handfast.media.recording import SegmentPolicy
from handfast.media.units import AccessUnit, StreamKey
from handfast.media.writer import WritePolicy
from handfast.model.media import Stream
from handfast.storage.files import release, reserve
from handfast.storage.segments import Recording
from tests.power.lazy_disk import LazyDisk, mounted
from tests.unit.media_recording.rig import GATE, YARD, Rig, open_file
from tests.unit.storage.shelf import Shelf

SECOND_US = 1_000_000
AT_RISK_US = 4 * SECOND_US
Sent = list[tuple[int, AccessUnit]]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[LazyDisk]:
    """Return a disk that forgets what was not synced."""
    with mounted(tmp_path / "lazy") as disk:
        yield disk


def record(
    shelf: Shelf, streams: tuple[StreamKey, ...], *, pictures: int, tell: bool = True
) -> dict[StreamKey, Sent]:
    """Record some streams and tell the index; returns what was sent when."""
    rig = shelf.rig
    sent: dict[StreamKey, Sent] = {stream: [] for stream in streams}
    for stream in streams:
        rig.add(stream)
    for number in range(pictures):
        for stream in streams:
            unit = rig.picture(stream, key=number % 25 == 0, size=300)
            sent[stream].append((shelf.clock.now_us(), unit))
        shelf.clock.move(0.04)
        rig.work()
        if tell:
            shelf.tell()
    return sent


def found_on(shelf: Shelf, stream: StreamKey) -> list[bytes]:
    """Return every picture that can be opened, in order."""
    recording = Recording(camera=stream.camera, stream=Stream(stream.stream))
    segments = shelf.index.overlapping(recording, since_us=0, until_us=1 << 62)
    return [
        unit.data
        for segment in segments
        for run in open_file(shelf.volume / segment.path, shelf.periods.root)[1]
        for unit in run.units
    ]


@pytest.mark.parametrize("pictures", [3, 70, 112, 240, 263, 410, 777])
def test_p12_recording_goes_on_power_loss_costs_at_most_four_seconds(
    disk: LazyDisk, tmp_path: Path, pictures: int
) -> None:
    """Everything older opens after the start-up scan, without a gap; and recording goes on."""
    shelf = Shelf(disk.path, policy=SegmentPolicy())
    sent = record(shelf, (GATE, YARD), pictures=pictures)
    cut_us = shelf.clock.now_us()
    disk.cut(tmp_path / "after")
    after = Shelf(tmp_path / "after", policy=SegmentPolicy())
    after.scan.scan_all()
    for stream, units in sent.items():
        kept = found_on(after, stream)
        assert kept == [unit.data for _, unit in units[: len(kept)]]
        assert all(at_us > cut_us - AT_RISK_US for at_us, _ in units[len(kept) :])
    before = len(found_on(after, GATE))
    record(after, (GATE,), pictures=30)
    after.rig.recorder.close()
    after.tell()
    assert len(found_on(after, GATE)) == before + 30


def test_p12_recording_goes_on_power_loss_spares_every_closed_segment(
    disk: LazyDisk, tmp_path: Path
) -> None:
    """What was told as closed is whole, byte for byte."""
    shelf = Shelf(disk.path)
    record(shelf, (GATE,), pictures=140)
    closed = shelf.rig.closed(GATE)
    assert len(closed) >= 4
    disk.cut(tmp_path / "after")
    after = Shelf(tmp_path / "after")
    report = after.scan.scan_all()
    for each in closed:
        assert (after.volume / each.path).stat().st_size == each.bytes
        row = after.index.find(each.segment)
        assert row is not None
        assert not row.recovered
    assert {segment.id for segment in report.recovered}.isdisjoint(c.segment for c in closed)


def test_p12_recording_goes_on_power_loss_never_leaves_pictures_without_their_root(
    disk: LazyDisk, tmp_path: Path
) -> None:
    """The root is durable before the first byte under it."""
    shelf = Shelf(disk.path)
    record(shelf, (GATE, YARD), pictures=80)
    disk.cut(tmp_path / "after")
    after = Shelf(tmp_path / "after")
    for segment in after.scan.scan_all().recovered:
        assert len(after.periods.root(segment.period)) == 32


def test_p12_recording_goes_on_after_a_full_disk(disk: LazyDisk) -> None:
    """Nothing is lost while retention makes room, and the node was told what to do."""
    shelf = Shelf(disk.path)
    ballast = disk.path / "ballast"
    reserve(ballast, 1 << 20)
    shelf.rig = Rig(
        shelf.volume,
        policy=SegmentPolicy(segment_s=1),
        write=WritePolicy(resume_bytes=100_000),
        clock=shelf.clock,
        periods=shelf.periods,
        ids=shelf.rig.ids,
    )
    first = record(shelf, (GATE,), pictures=130)[GATE]
    disk.quota(used(disk) + 4_000)
    second = record(shelf, (GATE,), pictures=50, tell=False)[GATE]
    told = shelf.rig.told(Gauges)[-1].volumes[0]
    assert told.state is VolumeState.FULL
    assert "retention" in told.reason
    release(ballast)  # the databases share the disk, and removals have to be written down
    shelf.tell()
    plan = shelf.retention.plan(shelf.clock.now_us(), oldest_us=0, want_bytes=15_000)
    assert len(plan.removals) >= 1
    shelf.retention.apply(plan, now_us=shelf.clock.now_us())
    shelf.clock.move(1.5)
    third = record(shelf, (GATE,), pictures=50)[GATE]
    shelf.rig.recorder.close()
    shelf.tell()
    assert shelf.rig.told(Gauges)[-1].volumes[0].state is VolumeState.WRITING
    units = [unit.data for _, unit in first + second + third]
    kept = found_on(shelf, GATE)
    removed = 25 * len(plan.removals)
    assert kept == units[removed:]


def test_p12_recording_goes_on_beside_a_disk_that_hangs(disk: LazyDisk, tmp_path: Path) -> None:
    """Cameras on another disk lose nothing, viewers see both, and memory stays bounded."""
    healthy = tmp_path / "healthy"
    healthy.mkdir()
    write = WritePolicy(round_s=0.001, lane_bytes=50_000, resume_bytes=1)
    rig = Rig(disk.path, write=write, other=healthy)
    assert rig.other_volume is not None
    rig.add(GATE)
    rig.add(YARD, root=healthy)
    rig.recorder.attach(GATE)
    rig.volume.start()
    disk.stall()
    for number in range(25 * 30):
        for stream in (GATE, YARD):
            rig.picture(stream, key=number % 25 == 0, size=1_000)
        rig.clock.move(0.04)
        rig.other_volume.step()
        rig.recorder.tick()
    assert len([event for event in rig.told(RunEnded) if event.stream == YARD]) == 29
    assert len(rig.told(UnitsSealed)) == 25 * 30
    assert rig.volume.gauge().waiting_bytes <= 2 * write.lane_bytes
    disk.resume()
    rig.recorder.close()
    lost = {gauge.stream: gauge.lost_units for gauge in rig.recorder.gauges().streams}
    assert lost[YARD] == 0
    assert lost[GATE] > 0
    for closed in rig.closed(GATE) + rig.closed(YARD):
        if closed.bytes:
            root = disk.path if closed.stream == GATE else healthy
            open_file(root / closed.path, rig.periods.root)


def used(disk: LazyDisk) -> int:
    """Return the bytes of all files."""
    return sum(path.stat().st_size for path in disk.path.rglob("*") if path.is_file())
