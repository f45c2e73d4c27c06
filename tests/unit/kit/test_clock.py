"""The system's clocks, in the units they promise."""

from handfast.kit.clock import SystemClock


def test_wall_time_is_microseconds_of_this_century() -> None:
    """A unit slip by a thousand would leave the years 2020 to 2100."""
    assert 1_577_836_800_000_000 < SystemClock().now_us() < 4_102_444_800_000_000


def test_monotonic_time_never_goes_back() -> None:
    """Readings in a row are in order."""
    clock = SystemClock()
    readings = [clock.monotonic() for _ in range(100)]
    assert readings == sorted(readings)
