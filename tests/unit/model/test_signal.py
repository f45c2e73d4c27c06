"""Signals as leases: what a lost clear, a renewal and flapping do."""

from hypothesis import given
from hypothesis import strategies as st

from handfast.model.signal import (
    EpisodeId,
    LeaseTerms,
    Raise,
    Signal,
    SignalState,
    clear_signal,
    expire_signal,
    holds,
    raise_signal,
)

TERMS = LeaseTerms()
SECOND = 1_000_000
NOON = 1_790_000_000 * SECOND


def raised(before: Signal | None, at_us: int, *, test: bool = False, name: str = "e") -> Signal:
    """Raise `intrusion` at an instant with the default lease."""
    return raise_signal(
        before,
        Raise(kind="intrusion", test=test, lease_us=None),
        now_us=at_us,
        new_episode=EpisodeId(name),
        terms=TERMS,
    )


def test_a_lost_clear_does_not_leave_the_door_open() -> None:
    """A lease nobody renews ends by itself, exactly at its end."""
    first = raised(None, NOON)
    end = NOON + TERMS.default_us
    assert expire_signal(first, now_us=end - 1) is first
    assert expire_signal(first, now_us=end).cleared_us == end


def test_flapping_stays_one_episode_with_its_first_raise() -> None:
    """Clear and raise within the damping time continue the episode."""
    first = raised(None, NOON, name="one")
    again = raised(clear_signal(first, now_us=NOON + SECOND), NOON + 30 * SECOND, name="two")
    assert (again.episode, again.first_raised_us) == ("one", NOON)
    assert again.raised_us == NOON + 30 * SECOND
    later = clear_signal(again, now_us=NOON + 40 * SECOND)
    assert raised(later, NOON + 101 * SECOND, name="three").episode == "three"


def test_a_test_never_continues_an_alarm_nor_an_alarm_a_test() -> None:
    """Otherwise a test could extend what an alarm opened."""
    alarm = raised(None, NOON, name="alarm")
    assert raised(alarm, NOON + SECOND, test=True, name="test").episode == "test"


def test_renewing_for_ever_ends_with_the_longest_episode() -> None:
    """A stuck panel cannot hold the door open for days."""
    signal = raised(None, NOON)
    at_us = NOON
    while at_us < NOON + TERMS.longest_episode_us:
        signal = raised(signal, at_us)
        at_us += TERMS.default_us // 2
    assert signal.lease_until_us == NOON + TERMS.longest_episode_us


@given(st.lists(st.tuples(st.sampled_from("rcx"), st.integers(0, 400)), max_size=30))
def test_whatever_the_panel_does_the_invariants_hold(steps: list[tuple[str, int]]) -> None:
    """Sequence grows, first raise never moves forward, leases are bounded, ends are ends."""
    signal, now_us = raised(None, NOON), NOON
    for what, seconds in steps:
        now_us += seconds * SECOND
        before = expire_signal(signal, now_us=now_us)
        if what == "r":
            signal = raised(before, now_us, name=f"e{now_us}")
        else:
            signal = clear_signal(before, now_us=now_us) if what == "c" else before
        assert signal.sequence >= before.sequence
        assert signal.first_raised_us <= signal.raised_us
        assert signal.lease_until_us <= now_us + TERMS.longest_us
        if signal.state is SignalState.CLEARED:
            assert signal.cleared_us is not None
            assert not holds(signal, now_us=signal.cleared_us, linger_us=0)
            assert holds(signal, now_us=signal.cleared_us, linger_us=1)
