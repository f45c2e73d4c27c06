"""The one way to write an instant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.kit.instant import from_rfc3339, to_rfc3339

YEAR_1_US = -62_135_596_800_000_000
YEAR_10000_US = 253_402_300_800_000_000


def test_an_instant_is_written_with_six_decimals_and_z() -> None:
    """The form is fixed, so that signed texts are equal when instants are."""
    assert to_rfc3339(0) == "1970-01-01T00:00:00.000000Z"
    assert to_rfc3339(1_700_000_000_000_001) == "2023-11-14T22:13:20.000001Z"


@given(st.integers(YEAR_1_US, YEAR_10000_US - 1))
def test_an_instant_survives_writing_and_reading(instant_us: int) -> None:
    """No microsecond is lost on the way through text."""
    assert from_rfc3339(to_rfc3339(instant_us)) == instant_us


@given(st.lists(st.integers(0, YEAR_10000_US - 1)))
def test_written_instants_sort_as_instants_do(instants_us: list[int]) -> None:
    """Text order is time order, which logs and file names rely on."""
    assert sorted(map(to_rfc3339, instants_us)) == [
        to_rfc3339(us) for us in sorted(instants_us)
    ]


def test_an_offset_is_taken_into_account() -> None:
    """Helsinki's noon is ten o'clock in winter UTC."""
    assert from_rfc3339("2026-01-01T12:00:00+02:00") == from_rfc3339("2026-01-01T10:00:00Z")


@pytest.mark.parametrize(
    "text", ["2026-01-01T12:00:00", "", "noon", "2026-13-01T00:00:00Z", "Z"]
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    """A time without an offset is as unusable as no time."""
    with pytest.raises(ValueError, match=r"offset|isoformat|month"):
        from_rfc3339(text)
