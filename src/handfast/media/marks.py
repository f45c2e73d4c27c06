"""Marks in simulated pictures: a bar code in the pixels, number and send time in an SEI.

The bar code is read from any decoded picture of width W, also after scaling:

* a cell is a square of W/30 px; cell i spans x from i*W/30 to (i+1)*W/30, y from 0 to W/30;
* white is luma 235, black luma 16 (limited range); a cell's value is the mean of the middle
  third of the cell in both directions (in RGB: of the green channel);
* cells 0 to 15: the picture's index in its clip, 16 bits, most significant first, white is 1;
* cells 16 and 17: white, then black; their mean is the threshold, and when they differ by less
  than 64 there is no bar code;
* cells 18 to 21: check, 4 bits, most significant first: 5 xor the four nibbles of the index.

The SEI is a user_data_unregistered message (H.264 D.1.6, H.265 D.2.6) with `SEI_UUID` and then
ASCII hexadecimal digits, which need no emulation prevention and can be overwritten in place:
16 digits frame number (rises by one with every picture sent), 16 digits wall clock at sending
(microseconds since 1970 UTC), 4 digits index in the clip (what the bar code says).
"""

from typing import Final
from uuid import UUID

import msgspec
import numpy as np
import numpy.typing as npt

from handfast.media.units import Codec

SEI_UUID: Final = UUID("9e6b3f52-7a41-4c8d-b1d7-5f3a8e92c6d4")

CELLS_PER_WIDTH: Final = 30
WHITE: Final = 235
BLACK: Final = 16

_INDEX_BITS: Final = 16
_CHECK_BITS: Final = 4
_CELLS: Final = _INDEX_BITS + 2 + _CHECK_BITS
_LEAST_CONTRAST: Final = 64
_NUMBERS: Final = 36  # ASCII digits in the SEI
_USER_DATA: Final = 5  # payloadType user_data_unregistered
_BODY: Final = bytes((_USER_DATA, 16 + _NUMBERS)) + SEI_UUID.bytes


class FrameMark(msgspec.Struct, frozen=True):
    """What the SEI of one picture says.

    Attributes:
        number: Rises by one with every picture a camera sends.
        sent_us: Wall clock when the first packet was handed to the network, us since 1970 UTC.
        index: The picture's place in its clip: what the bar code shows.
    """

    number: int
    sent_us: int
    index: int


def mark_nal(codec: Codec) -> bytes:
    """Return the SEI NAL unit with all numbers zero; `mark_digits` fills its last digits."""
    header = b"\x06" if codec is Codec.H264 else b"\x4e\x01"
    return header + _BODY + b"0" * _NUMBERS + b"\x80"


def mark_digits(mark: FrameMark) -> bytes:
    """Return the digits that go right before the last byte of `mark_nal`."""
    return b"%016x%016x%04x" % (mark.number, mark.sent_us, mark.index)


def find_mark(data: bytes) -> FrameMark | None:
    """Find the mark in an access unit (or in any bytes that hold its SEI), None without one."""
    at = data.find(_BODY)
    digits = data[at + len(_BODY) : at + len(_BODY) + _NUMBERS]
    if at < 0 or len(digits) < _NUMBERS:
        return None
    try:
        return FrameMark(int(digits[:16], 16), int(digits[16:32], 16), int(digits[32:], 16))
    except ValueError:
        return None


def draw_bar(luma: npt.NDArray[np.uint8], index: int) -> None:
    """Draw the bar code of `index` (0 to 65,535) into a luma plane (height x width)."""
    width = luma.shape[1]
    edges = [cell * width // CELLS_PER_WIDTH for cell in range(_CELLS + 1)]
    height = width // CELLS_PER_WIDTH
    for cell, white in enumerate(_cells(index)):
        luma[:height, edges[cell] : edges[cell + 1]] = WHITE if white else BLACK


def read_bar(picture: npt.NDArray[np.uint8]) -> int | None:
    """Read the bar code from luma (height x width) or RGB (height x width x 3).

    Returns:
        The index, or None when there is no bar code or its check fails.
    """
    plane = picture[:, :, 1] if picture.ndim == 3 else picture  # noqa: PLR2004 - colour
    cell = plane.shape[1] / CELLS_PER_WIDTH
    top, bottom = int(cell / 3), max(int(cell * 2 / 3), int(cell / 3) + 1)
    values = [
        float(plane[top:bottom, int((i + 1 / 3) * cell) : int((i + 2 / 3) * cell) + 1].mean())
        for i in range(_CELLS)
    ]
    white, black = values[_INDEX_BITS], values[_INDEX_BITS + 1]
    if white - black < _LEAST_CONTRAST:
        return None
    bits = [value > (white + black) / 2 for value in values]
    index = sum(
        bit << (_INDEX_BITS - 1 - place) for place, bit in enumerate(bits[:_INDEX_BITS])
    )
    return index if bits == _cells(index) else None


def _cells(index: int) -> list[bool]:
    check = 5 ^ (index >> 12) ^ (index >> 8 & 15) ^ (index >> 4 & 15) ^ (index & 15)
    return [
        *(index >> place & 1 == 1 for place in range(_INDEX_BITS - 1, -1, -1)),
        True,
        False,
        *(check >> place & 1 == 1 for place in range(_CHECK_BITS - 1, -1, -1)),
    ]
