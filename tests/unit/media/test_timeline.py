"""Times: unwrapped, rising in decoding order, never after the picture is due."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from handfast.media.timeline import AudioClock, DecodeOrder, Unwrapper

DAY = 24 * 3600 * 90_000


@given(st.integers(0, (1 << 32) - 1), st.lists(st.integers(-100_000, 1 << 30), max_size=30))
def test_timestamps_unwrap_whatever_their_start(start: int, steps: list[int]) -> None:
    """Differences survive the wrap after 13 hours, backwards as well."""
    unwrap, now = Unwrapper(), start
    first = unwrap.extend(start)
    for step in steps:
        now += step
        assert unwrap.extend(now & 0xFFFFFFFF) - first == now - start


@given(st.integers(0, 4), st.data())
def test_decoding_times_rise_and_never_exceed_their_pictures(
    depth: int, data: st.DataObject
) -> None:
    """For any order in which no picture is overtaken by more than `depth` others."""
    order, out = DecodeOrder(depth), [0]  # a key picture comes first
    overtaken = dict.fromkeys(range(1, 40), 0)  # by picture still to be sent
    while overtaken:
        allowed = list(itertools.takewhile(lambda n: overtaken[n] < depth, sorted(overtaken)))
        choice = sorted(overtaken)[: len(allowed) + 1]
        pick = choice[data.draw(st.integers(0, min(len(choice) - 1, 6)))]
        out.append(pick)
        del overtaken[pick]
        for each in overtaken:
            overtaken[each] += each < pick
    times = [(1000 + each) * 3600 for each in out]
    decoding = [order.next(pts) for pts in times]
    assert None not in decoding
    rising = [each for each in decoding if each is not None]
    assert all(a < b for a, b in itertools.pairwise(rising))
    assert all(dts <= pts for dts, pts in zip(rising, times, strict=True))


def test_a_depth_that_was_not_stated_is_learned() -> None:
    """A picture out of order deepens the order; a jump back needs a new time line."""
    order = DecodeOrder(0)
    assert order.next(10 * 3600) == 10 * 3600
    assert order.next(9 * 3600) is None
    assert order.learn(9 * 3600)
    assert order.depth == 1
    assert order.next(20 * 3600) is not None
    assert order.next(20 * 3600 - DAY) is None
    assert not order.learn(20 * 3600 - DAY)


def test_sound_follows_the_pictures_clock() -> None:
    """Aligned by arrival first, then exactly by sender reports; it always rises."""
    clock = AudioClock(8000)
    first = clock.place(5000, video_now=900_000)
    assert first == 900_000
    assert clock.place(5160, video_now=0) == 900_000 + 1800
    assert not clock.align(5160, video_then=901_900)
    assert clock.align(5160, video_then=901_800 + 45_000)
    assert clock.place(5320, video_now=0) == 901_800 + 45_000 + 1800
