"""One byte range of a file, as the map's tiles are read (RFC 9110 section 14)."""

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteRange:
    """Bytes `first` to `last` of a file, both inclusive, as HTTP counts them."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """Return how many bytes it spans; at least 1."""
        return self.last - self.first + 1


class UnsatisfiableError(ValueError):
    """The range lies behind the end of the file: answer 416 (RFC 9110 section 15.5.17)."""


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Read a `Range` header against a file of `size` bytes.

    Returns:
        The one range that is asked for, cut at the end of the file; None when the whole file
        is to be sent: no header, another unit, several ranges, or text that is no range
        (RFC 9110 section 14.2 lets a server ignore all of these).

    Raises:
        UnsatisfiableError: The range begins behind the end, or asks for the last 0 bytes.
    """
    found = _ONE_RANGE.fullmatch((header or "").replace(" ", ""))
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.group(1), found.group(2)
    if not first:
        return _suffix(int(last), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise UnsatisfiableError
    return ByteRange(first=int(first), last=min(int(last or size), size - 1))


def _suffix(length: int, size: int) -> ByteRange:
    if length == 0 or size == 0:
        raise UnsatisfiableError
    return ByteRange(first=max(0, size - length), last=size - 1)
