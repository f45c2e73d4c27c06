"""What a slow viewer loses, and what it never loses."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.hub.frame_queue import OWN_LIMIT, FrameQueue
from handfast.kit.errors import CorruptError
from handfast.seal.format import decode_frame
from handfast.seal.frames import KeyFrame, RunFrame, SegmentFrame, StatementFrame, UnitsFrame
from tests.city.live_frames import (
    end_frame,
    key_frame,
    run_frame,
    segment_frame,
    units_frame,
    window_frame,
)

LIMIT = 10_000


def drain(queue: FrameQueue) -> list[bytes]:
    """Return everything that waits."""
    taken = []
    while (frame := queue.take()) is not None:
        taken.append(frame)
    return taken


def joined(limit: int = LIMIT) -> FrameQueue:
    """Return the queue of a viewer whose grant has been heard, with the header known."""
    queue = FrameQueue(limit=limit, header=segment_frame())
    queue.offer_own(window_frame())
    drain(queue)
    return queue


def test_a_viewer_that_keeps_up_gets_everything_in_order() -> None:
    """Key, header, run, units: as they came."""
    queue = FrameQueue(limit=LIMIT)
    sent = [segment_frame(), key_frame(0), run_frame(0, key=True), units_frame(0)]
    queue.offer_shared(sent[0])
    queue.offer_own(sent[1])
    queue.offer_shared(sent[2])
    queue.offer_shared(sent[3])
    assert drain(queue) == [sent[1], sent[0], sent[2], sent[3]]


def test_what_is_shared_waits_for_the_first_frame_of_the_grant() -> None:
    """Before it nothing could be opened, so nothing is sent."""
    queue = FrameQueue(limit=LIMIT)
    for frame in (segment_frame(), run_frame(0, key=True), units_frame(0)):
        queue.offer_shared(frame)
    assert drain(queue) == []


def test_a_viewer_joins_at_a_keyframe() -> None:
    """The rest of a group that began before it joined is useless to it."""
    queue = joined()
    queue.offer_shared(run_frame(3, key=False))
    queue.offer_shared(units_frame(3))
    queue.offer_shared(run_frame(4, key=True))
    queue.offer_shared(units_frame(4))
    assert drain(queue) == [segment_frame(), run_frame(4, key=True), units_frame(4)]


def test_the_present_group_that_comes_twice_is_sent_once() -> None:
    """A node repeats it on the grant's subject while the stream goes on for others."""
    queue = FrameQueue(limit=LIMIT)
    queue.offer_own(key_frame(0))
    for frame in (segment_frame(), run_frame(0, key=True), units_frame(0, 1, count=3)):
        queue.offer_own(frame)
    queue.offer_shared(run_frame(0, key=True))
    queue.offer_shared(units_frame(0, 2, count=2))
    queue.offer_shared(units_frame(0, 3, count=2))
    assert drain(queue) == [
        key_frame(0),
        segment_frame(),
        run_frame(0, key=True),
        units_frame(0, 1, count=3),
        units_frame(0, 4, count=1),
    ]


def test_lost_units_end_the_group_for_the_viewer() -> None:
    """Pictures after a hole would show garbage."""
    queue = joined()
    queue.offer_shared(run_frame(0, key=True))
    queue.offer_shared(units_frame(0, 1))
    queue.offer_shared(units_frame(0, 3))
    queue.offer_shared(run_frame(1, key=False))
    queue.offer_shared(units_frame(1, 1))
    queue.offer_shared(run_frame(2, key=True))
    assert drain(queue)[1:] == [
        run_frame(0, key=True),
        units_frame(0, 1),
        run_frame(2, key=True),
    ]


def test_who_falls_behind_loses_groups_and_continues_at_the_newest_keyframe() -> None:
    """Not only what overflows: what waits is old by then, and goes too."""
    queue = joined()
    for run in range(5):
        queue.offer_own(key_frame(run))
        queue.offer_shared(run_frame(run, key=True))
        queue.offer_shared(units_frame(run, size=4000))
    left = [decode_frame(frame) for frame in drain(queue)]
    assert [each.run for each in left if isinstance(each, KeyFrame)] == [0, 1, 2, 3, 4]
    runs = [each.record.run for each in left if isinstance(each, RunFrame)]
    assert runs[-1] == 4
    assert len(runs) < 5
    assert queue.groups_lost >= 1
    first_media = next(each for each in left if not isinstance(each, KeyFrame))
    assert isinstance(first_media, SegmentFrame)


def test_one_group_larger_than_the_limit_still_begins() -> None:
    """A viewer that has taken everything gets at least one frame, however large."""
    queue = joined(limit=65536)
    queue.offer_shared(run_frame(0, key=True))
    drain(queue)
    queue.offer_shared(units_frame(0, size=100_000))
    assert drain(queue) == [units_frame(0, size=100_000)]


def test_after_the_end_nothing_passes() -> None:
    """Pictures that waited go as well: a slow viewer sees no longer than a fast one (P3)."""
    queue = joined()
    queue.offer_shared(run_frame(0, key=True))
    queue.offer_shared(units_frame(0))
    queue.offer_own(end_frame())
    queue.offer_own(key_frame(1))
    queue.offer_shared(run_frame(1, key=True))
    assert drain(queue) == [end_frame()]
    assert queue.ended


def test_too_many_keys_end_the_viewer_rather_than_being_dropped() -> None:
    """A dropped key would be a picture that stays black for no reason."""
    queue = joined()
    for run in range(OWN_LIMIT // len(key_frame(0)) + 1):
        assert not queue.is_overrun
        queue.offer_own(key_frame(run))
    assert queue.is_overrun


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x09whatever",
        b"\x00",
        segment_frame()[:50],
        run_frame(1, key=True)[:20],
        units_frame(1)[:-1],
        units_frame(1)[:25],
        units_frame(1)[:3],
    ],
)
def test_a_cut_or_unknown_frame_is_refused(frame: bytes) -> None:
    """The relay drops it and stays as it was."""
    queue = joined()
    with pytest.raises(CorruptError):
        queue.offer_own(frame)
    assert drain(queue) == []


def test_a_key_on_a_stream_is_refused() -> None:
    """What belongs to one grant must not reach all viewers of a stream."""
    queue = joined()
    with pytest.raises(CorruptError):
        queue.offer_shared(key_frame(0))


@dataclass(frozen=True)
class Step:
    """One thing that happens: a group of runs is sent, or the viewer takes some frames."""

    runs: int
    units: int
    size: int
    takes: int
    loses: int


steps = st.lists(
    st.builds(
        Step,
        runs=st.integers(1, 4),
        units=st.integers(0, 4),
        size=st.integers(17, 3000),
        takes=st.integers(0, 12),
        loses=st.integers(0, 6),
    ),
    max_size=25,
)


@given(steps, st.integers(1_000, 20_000))
def test_no_unit_without_its_keyframe_and_no_key_lost(plan: list[Step], limit: int) -> None:
    """Whatever is slow or lost, what arrives can be decoded, and every key arrives."""
    queue = FrameQueue(limit=limit)
    queue.offer_own(window_frame())
    taken: list[bytes] = []
    keys = 0
    segment, number = bytes(16), 0
    for n, step in enumerate(plan):
        if n % 3 == 0:
            segment, number = n.to_bytes(16, "big"), 0
            queue.offer_shared(segment_frame(segment))
        for in_group in range(step.runs):
            queue.offer_own(key_frame(number, segment=segment))
            keys += 1
            queue.offer_shared(run_frame(number, key=in_group == 0, segment=segment))
            for unit in range(1, step.units + 1):
                if unit != step.loses:
                    queue.offer_shared(
                        units_frame(number, unit, size=step.size, segment=segment)
                    )
            number += 1
        some = (queue.take() for _ in range(step.takes))
        taken += [frame for frame in some if frame is not None]
    taken += drain(queue)
    check_decodable(taken)
    assert sum(isinstance(decode_frame(frame), KeyFrame) for frame in taken) == keys


def check_decodable(frames: list[bytes]) -> None:
    """Play frames as a viewer does: header, keyframe run, then every unit without a hole."""
    header = b""
    run: tuple[bytes, int] | None = None
    unit = 1
    for frame in map(decode_frame, frames):
        match frame:
            case SegmentFrame():
                header = frame.header.segment
            case RunFrame():
                here = (frame.segment, frame.record.run)
                assert frame.segment == header
                follows = run is not None and here == (run[0], run[1] + 1)
                assert frame.record.key or follows
                run, unit = here, 1
            case UnitsFrame():
                assert run == (frame.segment, frame.run)
                assert frame.first_unit == unit
                unit += len(frame.units)
            case KeyFrame() | StatementFrame():
                pass
