"""Retention: by age and for room, oldest unfrozen first, never silently."""

from pathlib import Path

import pytest

from handfast.kit.errors import NotFoundError
from handfast.storage.holds import Hold
from handfast.storage.retention import Why
from tests.fakes.steady import NOON_US
from tests.unit.media_recording.rig import GATE
from tests.unit.storage.shelf import GATE_RECORDING, Shelf

DAY_S = 24 * 3600


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Return three days with one period of three segments each."""
    shelf = Shelf(tmp_path)
    for _ in range(3):
        shelf.record(pictures=75)
        shelf.clock.move(DAY_S)
    return shelf


def hold(shelf: Shelf, number: int, *, expires_us: int = 1 << 60) -> None:
    """Freeze the n-th segment."""
    segment = shelf.everything()[number]
    shelf.holds.put(
        Hold(
            id=f"freeze-{number}",
            camera=GATE.camera,
            from_us=segment.end_us - 1,
            until_us=segment.end_us,
            expires_us=expires_us,
        )
    )


def test_nothing_goes_without_a_reason(shelf: Shelf) -> None:
    """Young enough, and room enough."""
    plan = shelf.retention.plan(shelf.clock.now_us(), oldest_us=0, want_bytes=0)
    assert (plan.removals, plan.periods, plan.shortfall_bytes) == ((), (), 0)


def test_what_is_too_old_goes_with_its_root(shelf: Shelf) -> None:
    """Files, root and rows; manifests and tombstones stay."""
    old = shelf.everything()[:3]
    shelf.index.put_manifest(old[0].id, b"{signed}")
    now = shelf.clock.now_us()
    plan = shelf.retention.plan(now, oldest_us=NOON_US + DAY_S * 1_000_000, want_bytes=0)
    assert [each.segment for each in plan.removals] == [each.id for each in old]
    assert {each.why for each in plan.removals} == {Why.AGE}
    assert plan.periods == (old[0].period,)
    assert shelf.retention.apply(plan, now_us=now) == plan.bytes == sum(s.bytes for s in old)
    with pytest.raises(NotFoundError):
        shelf.periods.root(old[0].period)
    assert not any((shelf.volume / each.path).exists() for each in old)
    assert len(shelf.everything()) == 6
    tombstone = shelf.index.find(old[0].id)
    assert tombstone is not None
    assert (tombstone.removed_us, tombstone.runs) == (now, ())
    assert shelf.index.manifest(old[0].id) == b"{signed}"
    assert shelf.scan.scan_all().missing == []


def test_room_is_made_from_the_oldest_on(shelf: Shelf) -> None:
    """And no further than wanted; a period with something left keeps its root."""
    segments = shelf.everything()
    want = segments[0].bytes + 1
    plan = shelf.retention.plan(shelf.clock.now_us(), oldest_us=0, want_bytes=want)
    assert [each.segment for each in plan.removals] == [s.id for s in segments[:2]]
    assert {each.why for each in plan.removals} == {Why.SPACE}
    assert (plan.periods, plan.shortfall_bytes) == ((), 0)


def test_what_is_frozen_stays(shelf: Shelf) -> None:
    """The next oldest goes instead, and age does not break a hold either."""
    hold(shelf, 0)
    segments = shelf.everything()
    now = shelf.clock.now_us()
    plan = shelf.retention.plan(now, oldest_us=0, want_bytes=1)
    assert [each.segment for each in plan.removals] == [segments[1].id]
    aged = shelf.retention.plan(now, oldest_us=now, want_bytes=0, break_holds=True)
    assert [each.segment for each in aged.removals] == [s.id for s in segments[1:]]


def test_a_hold_that_expired_or_was_dropped_holds_nothing(shelf: Shelf) -> None:
    """Holds end by themselves."""
    now = shelf.clock.now_us()
    hold(shelf, 0, expires_us=now)
    assert shelf.holds.active(now) == ()
    plan = shelf.retention.plan(now, oldest_us=0, want_bytes=1)
    assert plan.removals[0].segment == shelf.everything()[0].id
    hold(shelf, 0)
    assert len(shelf.holds.active(now)) == 1
    shelf.holds.drop("freeze-0")
    plan = shelf.retention.plan(now, oldest_us=0, want_bytes=1)
    assert plan.removals[0].segment == shelf.everything()[0].id


def test_when_everything_is_frozen_the_plan_says_so(shelf: Shelf) -> None:
    """Only then, and only when asked to, holds are broken, the oldest first."""
    segments = shelf.everything()
    shelf.holds.put(
        Hold(id="all", camera=None, from_us=0, until_us=1 << 60, expires_us=1 << 60)
    )
    now = shelf.clock.now_us()
    plan = shelf.retention.plan(now, oldest_us=now, want_bytes=100)
    assert (plan.removals, plan.shortfall_bytes) == ((), 100)
    broken = shelf.retention.plan(now, oldest_us=0, want_bytes=100, break_holds=True)
    assert [each.segment for each in broken.frozen] == [segments[0].id]
    assert broken.shortfall_bytes == 0


def test_the_period_in_use_keeps_its_root(shelf: Shelf) -> None:
    """Even when all its segments go, the next one needs it."""
    now = shelf.clock.now_us()
    plan = shelf.retention.plan(now, oldest_us=now, want_bytes=0)
    newest = shelf.index.newest(GATE_RECORDING)
    assert newest is not None
    assert len(plan.removals) == 9
    assert newest.period not in plan.periods
    assert len(plan.periods) == 2


def test_segments_whose_files_are_missing_make_no_room(shelf: Shelf) -> None:
    """They still get their tombstone."""
    segments = shelf.everything()
    shelf.path(0).unlink()
    shelf.scan.scan_all()
    plan = shelf.retention.plan(shelf.clock.now_us(), oldest_us=0, want_bytes=1)
    assert [each.bytes for each in plan.removals] == [0, segments[1].bytes]


def test_a_removal_that_stopped_halfway_is_settled_by_the_next_scan(shelf: Shelf) -> None:
    """Files had gone, tombstones were missing."""
    plan = shelf.retention.plan(shelf.clock.now_us(), oldest_us=0, want_bytes=1)
    shelf.files.remove(each.path for each in plan.removals)
    assert shelf.scan.scan_all().missing == [plan.removals[0].segment]
    shelf.retention.apply(plan, now_us=shelf.clock.now_us())
    found = shelf.index.find(plan.removals[0].segment)
    assert found is not None
    assert found.removed_us is not None


def test_parts_of_files_are_read_and_removed_ones_are_not_found(shelf: Shelf) -> None:
    """Fewer bytes at the end of a file, an error without one."""
    segment = shelf.everything()[0]
    run = segment.runs[0]
    assert shelf.files.read(segment.path, run.offset, run.length)[:1] == b"R"
    assert len(shelf.files.read(segment.path, segment.bytes - 3, 100)) == 3
    shelf.files.remove([segment.path])
    with pytest.raises(NotFoundError, match="on no volume"):
        shelf.files.read(segment.path, 0, 1)
    assert shelf.files.free_bytes() > 0
