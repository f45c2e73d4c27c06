"""Byte ranges follow RFC 9110 section 14, and nothing else gets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.web.ranges import ByteRange, UnsatisfiableError, parse_range


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=90-", 90, 99),
        ("bytes=90-500", 90, 99),
        ("bytes=-10", 90, 99),
        ("bytes=-500", 0, 99),
    ],
)
def test_one_range_is_read(header: str, first: int, last: int) -> None:
    """First, last, open and suffix ranges of a file of 100 bytes."""
    assert parse_range(header, 100) == ByteRange(first=first, last=last)


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes=", "bytes=-", "bytes=a-b", "lines=0-1", "bytes=0-1,5-6", "bytes=9-3"],
)
def test_anything_else_means_the_whole_file(header: str | None) -> None:
    """A range that is not understood is ignored, as the standard allows."""
    assert parse_range(header, 100) is None


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=-5", 0)]
)
def test_a_range_without_a_byte_is_refused(header: str, size: int) -> None:
    """There is nothing to send, and saying so beats sending something else."""
    with pytest.raises(UnsatisfiableError):
        parse_range(header, size)


@given(
    header=st.text(max_size=60) | st.from_regex(r"bytes=\d{0,25}-\d{0,25}", fullmatch=True),
    size=st.integers(0, 10**6),
)
def test_a_range_never_leaves_the_file(header: str, size: int) -> None:
    """Whatever is asked, what is cut lies inside the file and is not empty."""
    try:
        cut = parse_range(header, size)
    except UnsatisfiableError:
        return
    if cut is not None:
        assert 0 <= cut.first <= cut.last < size
        assert cut.length == cut.last - cut.first + 1
