"""Ids sort by time and cannot be guessed."""

from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from handfast.kit.clock import SystemClock
from handfast.kit.ids import SystemIds

LAST_MILLISECOND = (1 << 48) - 1


class StoppedClock:
    """A clock that shows one instant for ever."""

    def __init__(self, now_us: int) -> None:
        """Take the instant, microseconds since 1970."""
        self._now_us = now_us

    def now_us(self) -> int:
        """Return the instant."""
        return self._now_us

    def monotonic(self) -> float:
        """Return the instant in seconds."""
        return self._now_us / 1_000_000


@given(st.integers(0, LAST_MILLISECOND))
def test_an_id_is_version_7_and_starts_with_its_millisecond(millisecond: int) -> None:
    """The fields of RFC 9562 section 5.7 stand where the standard puts them."""
    made = SystemIds(StoppedClock(millisecond * 1000 + 999)).uuid7()
    assert made.version == 7
    assert made.variant == RFC_4122
    assert made.int >> 80 == millisecond


@given(st.integers(0, LAST_MILLISECOND - 1))
def test_a_later_millisecond_makes_a_later_id(millisecond: int) -> None:
    """Ids sort by when they were made, as values and as text."""
    earlier = SystemIds(StoppedClock(millisecond * 1000)).uuid7()
    later = SystemIds(StoppedClock((millisecond + 1) * 1000)).uuid7()
    assert earlier < later
    assert str(earlier) < str(later)


def test_ids_of_one_millisecond_differ() -> None:
    """74 bits are random, so a stopped clock makes no twins."""
    ids = SystemIds(StoppedClock(0))
    assert len({ids.uuid7() for _ in range(1000)}) == 1000


def test_every_random_bit_of_an_id_moves() -> None:
    """No bit outside version and variant is stuck."""
    ids = SystemIds(StoppedClock(0))
    tails = [ids.uuid7().int & ~(0xF << 76) & ~(0x3 << 62) for _ in range(200)]
    seen_one, seen_zero = 0, 0
    for tail in tails:
        seen_one |= tail
        seen_zero |= ~tail
    random_bits = ((1 << 80) - 1) & ~(0xF << 76) & ~(0x3 << 62)
    assert seen_one == random_bits
    assert seen_zero & random_bits == random_bits


@given(st.integers(0, 64))
def test_a_secret_has_the_length_asked_for(length: int) -> None:
    """Length is in bytes."""
    assert len(SystemIds(SystemClock()).secret(length)) == length


def test_secrets_differ() -> None:
    """Two keys are never the same key."""
    ids = SystemIds(SystemClock())
    assert ids.secret(32) != ids.secret(32)
