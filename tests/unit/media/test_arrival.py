"""Arrival times: as steady as the camera, though it is read in batches."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from handfast.media.arrival import ArrivalClock

NOON = 1_767_268_800_000_000


@given(st.sampled_from([23_003, 33_331, 57_001, 91_009]), st.integers(0, 39_999))
def test_batches_do_not_blur_when_pictures_came(tick_us: int, phase: int) -> None:
    """After a few seconds the estimate is within 10 ms of the truth, and never before it."""
    clock, wrong, before, number = ArrivalClock(), [], 0, 0
    for read_us in range(NOON, NOON + 8_000_000, tick_us):
        clock.read(read_us)
        while (truth := NOON + phase + 40_000 * number) <= read_us:
            guess = clock.time_of(1000 + 3600 * number)
            assert before <= guess <= read_us
            before = guess
            wrong.append(guess - truth)
            number += 1
    assert all(0 <= each <= 40_000 for each in wrong[3:])
    assert all(each <= 10_000 for each in wrong[100:])


@given(
    st.lists(st.tuples(st.integers(-5_000_000, 500_000), st.integers(0, 5)), max_size=40),
    st.integers(-90_000, 90_000),
)
def test_whatever_clocks_do_the_estimate_stays_between_the_reads(
    reads: list[tuple[int, int]], jump: int
) -> None:
    """A clock that is set, a camera that jumps, a network that stalls."""
    clock, now, pts = ArrivalClock(), NOON, 10**9
    for step, units in reads:
        before, now = now, now + step
        clock.read(now)
        guesses = []
        for _ in range(units):
            pts += 3600 + (jump if units > 3 else 0)
            guesses.append(clock.time_of(pts))
        assert all(guess <= now for guess in guesses)
        assert all(guess >= min(before, now) for guess in guesses)
        assert all(a <= b for a, b in itertools.pairwise(guesses))
