"""Where the people of a redacted picture are, noted in the picture itself for who may see it.

An SEI message (user_data_unregistered, H.264 D.1.6) before the slices of a redacted picture:
`SEI_UUID`, then ASCII hexadecimal digits, which need no emulation prevention. For each track:
8 digits number, 1 digit kind (0 person, 1 face, 2 vehicle), then left, top, right and bottom
as 4 digits each, in 1/10,000 of the picture's width or height. It is sealed with the picture
and tells no more than the covered areas themselves do.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from handfast.media.units import AccessUnit

SEI_UUID: Final = UUID("5c1f0a7e-38d2-4b69-9f04-c6a1e87b2d35")
MOST_TRACKS: Final = 64
SCALE: Final = 10_000

_USER_DATA: Final = 5  # payloadType user_data_unregistered
_HEADER: Final = b"\x06"  # nal_unit_type SEI
_STOP: Final = b"\x80"  # rbsp_trailing_bits
_DIGITS: Final = 25
_FULL: Final = 255  # a length is coded as so many of these and a rest (7.3.2.3.1)


class TrackNote(NamedTuple):
    """One track in one picture.

    Attributes:
        number: Of the track, as long as the rendition lasts.
        kind: 0 person, 1 face, 2 vehicle.
        left: In 1/10,000 of the picture's width; so is `right`, `top` and `bottom` of its
            height. Clipped to the picture.
    """

    number: int
    kind: int
    left: int
    top: int
    right: int
    bottom: int


def with_tracks(unit: AccessUnit, notes: Sequence[TrackNote]) -> AccessUnit:
    """Return an H.264 unit with the notes before its NAL units; at most 64 are written."""
    digits = b"".join(b"%08x%01x%04x%04x%04x%04x" % note for note in notes[:MOST_TRACKS])
    body = SEI_UUID.bytes + digits
    length = bytes([_FULL] * (len(body) // _FULL) + [len(body) % _FULL])
    nal = _HEADER + bytes([_USER_DATA]) + length + body + _STOP
    data = len(nal).to_bytes(4, "big") + nal + unit.data
    return AccessUnit(unit.track, unit.key, unit.pts, unit.dts, data)


def find_tracks(data: bytes) -> list[TrackNote] | None:
    """Find the notes of a unit; `None` when it has none."""
    at = data.find(SEI_UUID.bytes)
    if at < 0:
        return None
    start = at + len(SEI_UUID.bytes)
    end = data.find(_STOP, start)
    digits = data[start:end] if end >= 0 else b""
    try:
        return [
            _note(digits[place : place + _DIGITS])
            for place in range(0, len(digits) - _DIGITS + 1, _DIGITS)
        ]
    except ValueError:
        return None


def _note(digits: bytes) -> TrackNote:
    number, kind = int(digits[:8], 16), int(digits[8:9], 16)
    left, top, right, bottom = (int(digits[i : i + 4], 16) for i in range(9, _DIGITS, 4))
    return TrackNote(number, kind, left, top, right, bottom)
