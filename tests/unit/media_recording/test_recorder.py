"""Recording: where segments, runs and periods begin and end, and what they hold."""

import hashlib
from pathlib import Path

import pytest

from handfast.media.feed import (
    Gauges,
    RunEnded,
    RunStarted,
    SegmentOpened,
    StateChanged,
)
from handfast.media.recording import SegmentPolicy
from handfast.media.units import AUDIO, AccessUnit, CameraState
from handfast.seal.format import decode_header
from handfast.seal.open import decode_config
from tests.unit.media_recording.rig import AUDIO_TRACK, GATE, VIDEO_TRACK, YARD, Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a recorder over an empty directory."""
    return Rig(tmp_path)


def test_every_unit_is_found_again_in_the_files(rig: Rig) -> None:
    """What the camera sent is what the keys open, byte for byte and in order."""
    rig.add(GATE)
    sent = rig.play(GATE, pictures=300)
    rig.recorder.close()
    files = [rig.root / closed.path for closed in rig.closed(GATE)]
    units = [unit for path in files for run in rig.opened(path)[1] for unit in run.units]
    assert [(u.data, u.pts, u.dts, u.key) for u in units] == [
        (u.data, u.pts, u.dts, u.key) for u in sent
    ]
    assert sorted(files) == rig.files()


def test_a_segment_ends_at_the_first_keyframe_after_ten_seconds(rig: Rig) -> None:
    """The first one is shorter by chance of its number; the next are ten seconds long."""
    rig.add(GATE)
    rig.play(GATE, pictures=25 * 25)
    lengths = [c.end_us - c.start_us for c in rig.closed(GATE)]
    assert lengths == [10_000_000, 10_000_000]


def test_every_segment_begins_with_a_keyframe_and_names_the_one_before(rig: Rig) -> None:
    """So that each can be played alone, and a gap between two can be seen."""
    rig.add(GATE)
    rig.play(GATE, pictures=25 * 25)
    rig.recorder.close()
    headers = [decode_header(event.header) for event in rig.told(SegmentOpened)]
    assert [h.predecessor for h in headers] == [bytes(16), *(h.segment for h in headers[:-1])]
    first_runs = [rig.opened(rig.root / c.path)[1][0] for c in rig.closed(GATE)]
    assert all(run.record.key and run.units[0].key for run in first_runs)


def test_a_run_ends_with_its_second_and_at_each_keyframe(rig: Rig) -> None:
    """A key of one second opens nothing of the next."""
    rig.clock.move(0.5)
    rig.add(GATE)
    rig.clock.move(0.5)
    rig.play(GATE, pictures=50)
    started = rig.told(RunStarted)
    assert [(run.leaf, run.key) for run in started] == [
        (0, True),
        (1, False),
        (1, True),
        (2, False),
    ]


def test_a_run_begins_in_the_second_that_its_key_opens(rig: Rig) -> None:
    """Seconds of wall time and seconds of the key tree are the same thing."""
    rig.add(GATE)
    rig.play(GATE, pictures=100)
    rig.recorder.close()
    begin = decode_header(rig.told(SegmentOpened)[0].header).period_start_us
    for run in rig.told(RunEnded):
        assert begin + run.leaf * 1_000_000 <= run.start_us
        assert run.start_us < run.end_us <= begin + (run.leaf + 1) * 1_000_000


def test_what_is_told_of_a_run_is_what_stands_in_the_file(rig: Rig) -> None:
    """Offset, length and hash lead to the very bytes."""
    rig.add(GATE)
    rig.play(GATE, pictures=100)
    rig.recorder.close()
    (closed,) = rig.closed(GATE)
    data = (rig.root / closed.path).read_bytes()
    for run in rig.told(RunEnded):
        part = data[run.offset : run.offset + run.length]
        assert hashlib.sha256(part).digest() == run.sha256
    assert closed.bytes == len(data)


def test_a_run_is_told_as_ended_only_once_it_can_be_read(rig: Rig) -> None:
    """Whoever hears of it may ask for it at once."""
    rig.add(GATE)
    for number in range(30):
        rig.picture(GATE, key=number == 0)
        rig.clock.move(0.04)
    rig.recorder.tick()
    assert rig.told(RunEnded) == []
    rig.work()
    (run,) = rig.told(RunEnded)
    (path,) = rig.files()
    assert path.stat().st_size >= run.offset + run.length


def test_the_configuration_is_sealed_at_every_keyframe(rig: Rig) -> None:
    """A viewer who joins at any keyframe can decode."""
    rig.add(GATE, VIDEO_TRACK, AUDIO_TRACK)
    rig.play(GATE, pictures=60)
    rig.recorder.close()
    _, runs = rig.opened(rig.files()[0])
    configs = [decode_config(run.config) for run in runs if run.config is not None]
    assert len(configs) == 3
    assert [track.extradata for track in configs[0]] == [b"avcC", b""]
    assert all(config == configs[0] for config in configs)


def test_sound_is_recorded_beside_the_pictures(rig: Rig) -> None:
    """Track 1 shares the runs of track 0."""
    rig.add(GATE, VIDEO_TRACK, AUDIO_TRACK)
    rig.picture(GATE, key=True)
    sound = AccessUnit(track=AUDIO, key=True, pts=7, dts=7, data=b"ulaw")
    rig.recorder.unit(GATE, sound, rig.clock.now_us())
    rig.recorder.close()
    _, (run,) = rig.opened(rig.files()[0])
    assert [(unit.track, unit.pts) for unit in run.units] == [(0, 0), (1, 7)]


def test_new_parameter_sets_begin_a_new_segment(rig: Rig) -> None:
    """One segment has one configuration."""
    rig.add(GATE)
    rig.play(GATE, pictures=25)
    rig.recorder.configured(GATE, (VIDEO_TRACK, AUDIO_TRACK))
    rig.play(GATE, pictures=25)
    rig.recorder.close()
    tracks = [
        len(decode_config(rig.opened(rig.root / closed.path)[1][0].config or b""))
        for closed in rig.closed(GATE)
    ]
    assert tracks == [1, 2]


def test_units_before_the_first_keyframe_are_counted_as_lost(rig: Rig) -> None:
    """They could not be decoded; the segment that follows says that they are missing."""
    rig.add(GATE)
    for _ in range(3):
        rig.picture(GATE, key=False)
    rig.play(GATE, pictures=5)
    rig.recorder.close()
    assert rig.closed(GATE)[0].lost_units == 3
    assert rig.recorder.gauges().streams[0].lost_units == 3


def test_timestamps_that_go_back_are_kept_as_they_are(rig: Rig) -> None:
    """B-frames and odd cameras: order of arrival is the order in the file."""
    rig.add(GATE)
    for pts, key in ((900, True), (300, False), (-600, False)):
        rig.recorder.unit(GATE, AccessUnit(0, key, pts, pts, b"x"), rig.clock.now_us())
    rig.recorder.close()
    _, (run,) = rig.opened(rig.files()[0])
    assert [unit.pts for unit in run.units] == [900, 300, -600]


def test_a_long_wait_for_a_keyframe_asks_for_one_and_goes_on(rig: Rig) -> None:
    """Half a minute without a keyframe ends nothing."""
    rig.add(GATE)
    rig.play(GATE, pictures=25 * 65, group=10_000)
    assert rig.asked == [GATE, GATE]
    assert rig.recorder.gauges().streams[0].late_keyframes == 2
    assert rig.closed(GATE) == []


def test_a_segment_without_keyframes_is_bounded(tmp_path: Path) -> None:
    """In the end it is closed, and what follows is lost and counted up to a keyframe."""
    rig = Rig(tmp_path, policy=SegmentPolicy(longest_s=20))
    rig.add(GATE)
    rig.play(GATE, pictures=25 * 21, group=10_000)
    rig.play(GATE, pictures=1)
    rig.recorder.close()
    first, second = rig.closed(GATE)
    assert first.end_us - first.start_us == 20_000_000
    assert second.lost_units == 25
    assert rig.asked == [GATE]


def test_a_segment_is_bounded_in_size_as_well(tmp_path: Path) -> None:
    """A camera that sends large pictures and no keyframes fills no disk with one file."""
    rig = Rig(tmp_path, policy=SegmentPolicy(largest_bytes=100_000))
    rig.add(GATE)
    rig.play(GATE, pictures=100, group=10_000, size=2_000)
    (closed,) = rig.closed(GATE)
    assert 100_000 <= closed.bytes < 100_000 + 25 * 2_100


def test_a_new_period_begins_after_a_day(rig: Rig) -> None:
    """No root opens more than a day and the segment in progress."""
    rig.add(GATE)
    rig.play(GATE, pictures=25)
    rig.clock.move(24 * 3600)
    rig.play(GATE, pictures=25)
    rig.mint.step()
    rig.play(GATE, pictures=25)
    first, *_, last = [decode_header(e.header) for e in rig.told(SegmentOpened)]
    assert first.period != last.period
    assert last.start_us - last.period_start_us < 2_000_000


@pytest.mark.parametrize("step_us", [1_500_000, -1_500_000, 3600_000_000, -3600_000_000])
def test_a_clock_that_jumps_begins_a_new_period(rig: Rig, step_us: int) -> None:
    """Seconds keep their keys, and after the jump wall time is right again."""
    rig.add(GATE)
    rig.play(GATE, pictures=30)
    rig.clock.step_us = step_us
    rig.play(GATE, pictures=25)
    rig.mint.step()
    rig.play(GATE, pictures=25)
    rig.recorder.close()
    first, last = [decode_header(event.header) for event in rig.told(SegmentOpened)]
    assert first.period != last.period
    assert abs(last.period_start_us - first.period_start_us - step_us) < 3_000_000
    leaves = [run.leaf for run in rig.told(RunStarted) if run.segment == first.segment]
    assert leaves == sorted(leaves)


def test_a_clock_that_drifts_by_less_than_a_second_changes_nothing(rig: Rig) -> None:
    """Ordinary corrections of the clock are no reason for a new period."""
    rig.add(GATE)
    rig.play(GATE, pictures=30)
    rig.clock.step_us = 900_000
    rig.play(GATE, pictures=50)
    rig.mint.step()
    assert len(rig.memory) == 1


def test_recording_goes_on_in_the_old_period_while_no_new_one_can_be_stored(rig: Rig) -> None:
    """A period store on a full disk costs no picture."""
    rig.add(GATE)
    rig.play(GATE, pictures=25)
    rig.memory.broken = True
    rig.clock.move(24 * 3600)
    sent = rig.play(GATE, pictures=50)
    assert rig.mint.step() is False
    rig.recorder.close()
    assert rig.recorder.gauges().streams[0].lost_units == 0
    _, runs = rig.opened(rig.root / rig.closed(GATE)[-1].path)
    assert runs[-1].units[-1].data == sent[-1].data


def test_pictures_before_the_first_period_are_counted_as_lost(rig: Rig) -> None:
    """Nothing is ever written under a key that is not durable."""
    rig.recorder.add(GATE, root=rig.root)
    rig.recorder.configured(GATE, (VIDEO_TRACK,))
    rig.play(GATE, pictures=25)
    assert not rig.recorder.prepared(GATE)
    assert rig.files() == []
    rig.mint.step()
    assert rig.recorder.prepared(GATE)
    rig.play(GATE, pictures=25)
    rig.recorder.close()
    assert rig.closed(GATE)[0].lost_units == 25


def test_a_camera_that_stops_has_its_segment_closed(rig: Rig) -> None:
    """Whoever looks for the last picture finds it without waiting for the next."""
    rig.add(GATE)
    rig.play(GATE, pictures=5)
    rig.recorder.state(GATE, CameraState.WAITING, "silent: nothing came; restart it")
    rig.work()
    assert len(rig.closed(GATE)) == 1
    (told,) = rig.told(StateChanged)
    assert told.reason == "silent: nothing came; restart it"


def test_a_run_whose_second_is_over_goes_to_disk_without_a_further_picture(rig: Rig) -> None:
    """A camera that hangs does not keep its last second in memory."""
    rig.add(GATE)
    rig.picture(GATE, key=True)
    rig.clock.move(1.3)
    rig.work()
    rig.work()
    assert len(rig.told(RunEnded)) == 1
    rig.picture(GATE, key=False)
    rig.recorder.close()
    assert [run.leaf for run in rig.told(RunEnded)] == [0, 1]


def test_a_removed_stream_is_closed_and_forgotten(rig: Rig) -> None:
    """Its last segment is still told; later units are ignored; it may come back."""
    rig.add(GATE)
    rig.add(YARD)
    rig.play(GATE, YARD, pictures=5)
    rig.recorder.remove(GATE)
    rig.work()
    rig.picture(GATE, key=True)
    (closed,) = rig.closed(GATE)
    rig.add(GATE)
    rig.play(GATE, pictures=5)
    again = [e for e in rig.told(SegmentOpened) if e.stream == GATE][-1]
    assert decode_header(again.header).predecessor == closed.segment


def test_gauges_come_every_few_seconds(rig: Rig) -> None:
    """The node learns of counts without asking."""
    rig.add(GATE)
    rig.play(GATE, pictures=25 * 11)
    assert len(rig.told(Gauges)) == 3
    assert rig.told(Gauges)[-1].streams[0].units == 25 * 10 + 1


def test_streams_do_not_close_their_files_in_the_same_second(rig: Rig) -> None:
    """The first segments have different lengths, so that the disk is not asked all at once."""
    rig.add(GATE)
    rig.add(YARD)
    rig.play(GATE, YARD, pictures=25 * 15)
    gate, yard = rig.closed(GATE)[0], rig.closed(YARD)[0]
    assert gate.end_us != yard.end_us
