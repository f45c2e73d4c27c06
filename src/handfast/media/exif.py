"""Whether a camera mirrored its photo: the one note of it that decoders do not hand on."""

import struct
from pathlib import Path
from typing import Final

_BEGINS: Final = b"Exif\0\0"
_ENOUGH: Final = 1 << 18  # bytes; a camera's notes come first, and are shorter than 64 KiB
_ORIENTATION: Final = 0x0112
_MIRRORED: Final = frozenset({2, 4, 5, 7})
_ENTRY: Final = 12  # bytes
_MOST_ENTRIES: Final = 512


def is_mirrored(path: Path) -> bool:
    """Tell whether a photo has to be mirrored, beside being turned (Exif 2.32, 4.6.4).

    False when there is no such note, or none that can be read.
    """
    with path.open("rb") as file:
        _, found, notes = file.read(_ENOUGH).partition(_BEGINS)
    try:
        return bool(found) and _orientation(notes) in _MIRRORED
    except struct.error:
        return False


def _orientation(notes: bytes) -> int:
    """Return the number in the first directory of a TIFF; 1, upright, when it has none."""
    order = "<" if notes.startswith(b"II") else ">"
    (start,) = struct.unpack_from(f"{order}I", notes, 4)
    (count,) = struct.unpack_from(f"{order}H", notes, start)
    for place in range(min(count, _MOST_ENTRIES)):
        at = start + 2 + place * _ENTRY
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", notes, at)
        if tag == _ORIENTATION:
            return int(value)
    return 1
