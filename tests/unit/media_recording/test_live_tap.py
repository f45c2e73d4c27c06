"""Joining a stream: the group so far, then live, without a gap and without a double."""

from pathlib import Path

import pytest

from handfast.media.feed import RunEnded, RunStarted, SegmentOpened, UnitsSealed
from handfast.media.recording import SegmentPolicy
from handfast.seal.format import iterate_units
from tests.unit.media_recording.rig import GATE, YARD, Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a recorder over an empty directory."""
    return Rig(tmp_path)


def numbers(events: list[UnitsSealed]) -> list[tuple[int, int]]:
    """Return (run, unit) of every unit that was told, in order."""
    return [
        (event.run, event.first_unit + n)
        for event in events
        for n, _ in enumerate(iterate_units(event.records))
    ]


def test_units_are_told_of_attached_streams_only(rig: Rig) -> None:
    """Nobody watches, nothing is copied."""
    rig.add(GATE)
    rig.add(YARD)
    rig.recorder.attach(YARD)
    rig.play(GATE, YARD, pictures=5)
    assert {event.stream for event in rig.told(UnitsSealed)} == {YARD}
    assert rig.recorder.watched == {YARD}


def test_a_viewer_gets_the_group_so_far_and_then_every_unit_once(rig: Rig) -> None:
    """From the keyframe on, no gap and no double at the seam."""
    rig.add(GATE)
    rig.clock.move(0.5)
    rig.play(GATE, pictures=18)
    before = len(rig.feed.events)
    rig.recorder.attach(GATE)
    seam = len(rig.feed.events)
    for _ in range(4):
        rig.picture(GATE, key=False)
    caught = rig.feed.events[before:seam]
    kinds = [type(event) for event in caught]
    assert kinds == [SegmentOpened, RunStarted, UnitsSealed, RunStarted, UnitsSealed]
    assert all(not isinstance(e, RunEnded) and getattr(e, "catch_up", False) for e in caught)
    told = rig.told(UnitsSealed)
    first_run = [(0, n) for n in range(1, 14)]
    assert numbers(told) == first_run + [(1, n) for n in range(1, 10)]
    assert [event.catch_up for event in told] == [True, True, False, False, False, False]


def test_live_bytes_are_the_bytes_of_the_file(rig: Rig) -> None:
    """Sealed once, whoever watches."""
    rig.add(GATE)
    rig.recorder.attach(GATE)
    rig.play(GATE, pictures=20)
    rig.recorder.close()
    (started,) = rig.told(RunStarted)
    (ended,) = rig.told(RunEnded)
    live = started.record + b"".join(event.records for event in rig.told(UnitsSealed))
    data = rig.files()[0].read_bytes()
    assert live == data[ended.offset : ended.offset + ended.length]


def test_a_second_viewer_gets_the_group_while_the_first_goes_on(rig: Rig) -> None:
    """Repeats are marked, so the first viewer can leave them out."""
    rig.add(GATE)
    rig.recorder.attach(GATE)
    rig.play(GATE, pictures=3)
    rig.recorder.attach(GATE)
    rig.play(GATE, pictures=1, group=100)
    live = [event for event in rig.told(UnitsSealed) if not event.catch_up]
    repeated = [event for event in rig.told(UnitsSealed) if event.catch_up]
    assert numbers(repeated) == [(0, 1), (0, 2), (0, 3)]
    assert numbers(live)[:3] == [(0, 1), (0, 2), (0, 3)]


def test_a_viewer_of_a_huge_group_begins_with_the_next_keyframe(tmp_path: Path) -> None:
    """What is kept for viewers is bounded; the camera is asked for a keyframe."""
    rig = Rig(tmp_path, policy=SegmentPolicy(group_bytes=10_000))
    rig.add(GATE)
    rig.play(GATE, pictures=20, size=1_000)
    rig.recorder.attach(GATE)
    assert rig.asked == [GATE]
    rig.picture(GATE, key=False)
    assert rig.told(UnitsSealed) == []
    rig.picture(GATE, key=True)
    assert numbers(rig.told(UnitsSealed)) == [(1, 1)]


def test_a_viewer_who_comes_before_the_camera_waits_for_its_first_keyframe(rig: Rig) -> None:
    """Attaching to nothing is fine."""
    rig.add(GATE)
    rig.recorder.attach(GATE)
    rig.play(GATE, pictures=2)
    assert numbers(rig.told(UnitsSealed)) == [(0, 1), (0, 2)]


def test_a_node_that_does_not_read_loses_whole_groups_of_live_units(rig: Rig) -> None:
    """Control events still come; live goes on at the first keyframe after the jam."""
    rig.add(GATE)
    rig.recorder.attach(GATE)
    rig.play(GATE, pictures=5)
    rig.feed.congested = True
    rig.play(GATE, pictures=25, group=100)
    rig.feed.congested = False
    rig.picture(GATE, key=False)
    rig.play(GATE, pictures=2)
    live = rig.told(UnitsSealed)
    assert [event.first_unit for event in live] == [1, 2, 3, 4, 5, 1, 2]
    started = rig.told(RunStarted)
    assert started[-1].key
    assert live[-1].run == started[-1].run
    assert rig.recorder.gauges().live_groups_dropped >= 1


def test_a_detached_stream_is_silent(rig: Rig) -> None:
    """The last viewer has gone."""
    rig.add(GATE)
    rig.recorder.attach(GATE)
    rig.play(GATE, pictures=5)
    rig.recorder.detach(GATE)
    before = len(rig.told(UnitsSealed))
    rig.play(GATE, pictures=5)
    assert len(rig.told(UnitsSealed)) == before
    assert rig.recorder.watched == frozenset()


def test_attaching_to_an_unknown_stream_is_ignored(rig: Rig) -> None:
    """It may have been removed a moment ago."""
    rig.recorder.attach(GATE)
    rig.recorder.detach(GATE)
    assert rig.feed.events == []
