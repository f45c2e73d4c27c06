"""Bits of an H.264 or H.265 parameter set: fixed-width and Exp-Golomb fields."""

from typing import Final

from handfast.media.faults import MediaFormatError

_LONGEST_CODE: Final = 32  # leading zeros of the longest ue(v) either standard allows


class BitReader:
    """Reads a raw byte sequence payload from its first bit on.

    Source:
        ITU-T H.264 (08/2021) 7.2 and 9.1; H.265 uses the same codes.
    """

    def __init__(self, nal: bytes) -> None:
        """Take a NAL unit; emulation prevention bytes are removed here (H.264 7.4.1)."""
        payload = nal.replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(payload, "big")
        self._left = len(payload) * 8

    @property
    def left(self) -> int:
        """How many bits have not been read."""
        return self._left

    def bits(self, count: int) -> int:
        """Read `count` bits as an unsigned number.

        Raises:
            MediaFormatError: The payload ends before.
        """
        if count > self._left:
            raise MediaFormatError(
                "parameter set ends in the middle of a field; it is cut short"
            )
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def flag(self) -> bool:
        """Read one bit."""
        return self.bits(1) == 1

    def skip(self, count: int) -> None:
        """Pass over `count` bits."""
        self.bits(count)

    def ue(self) -> int:
        """Read an unsigned Exp-Golomb code, called `ue(v)` in both standards."""
        zeros = 0
        while not self.flag():
            zeros += 1
            if zeros > _LONGEST_CODE:
                raise MediaFormatError(
                    "parameter set holds an impossible number; it is damaged"
                )
        return (1 << zeros) - 1 + self.bits(zeros)

    def se(self) -> int:
        """Read a signed Exp-Golomb code, called `se(v)`: 0, 1, -1, 2, -2 and so on."""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)
