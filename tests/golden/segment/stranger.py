"""A decryptor by somebody who has read docs/reference/segment-format.md and nothing else.

Imports nothing of handfast: `python stranger.py FILE ROOT_HEX` prints what it opens.
"""

import hashlib
import hmac
import json
import struct
import sys
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Unit(NamedTuple):
    """One unit in the clear."""

    run: int
    leaf: int
    track: int
    key: bool
    pts: int
    dts: int
    data: bytes


def _hkdf(ikm: bytes, info: bytes) -> bytes:
    """HKDF-SHA256, no salt, 32 bytes: one block of RFC 5869."""
    extracted = hmac.digest(bytes(32), ikm, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def leaf_key(root: bytes, leaf: int) -> bytes:
    """Walk the tree: 17 bits, most significant first."""
    key = root
    for bit in f"{leaf:017b}":
        key = hmac.digest(key, bytes([int(bit)]), "sha256")
    return key


def open_segment(file: bytes, root: bytes) -> tuple[list[bytes], list[Unit]]:
    """Return the configurations and the units of a segment, all checked."""
    magic, version, suite, stream, rendition = struct.unpack(">4sBBBB", file[:8])
    if (magic, version, suite) != (b"HFSG", 1, 1):
        raise ValueError("not a segment of version 1, suite 1")
    owner, camera, period, segment = (file[at : at + 16] for at in (8, 24, 40, 56))
    label = camera + bytes([stream, rendition])
    configs: list[bytes] = []
    units: list[Unit] = []
    at, number, leaf, run, gcm = 104, 0, 0, 0, AESGCM(bytes(32))

    def aad(counter: int, flags: int, length: int, times: tuple[int, int]) -> bytes:
        place = struct.pack(">III", leaf, run, counter)
        rest = struct.pack(">B3xIqq", flags, length, *times)
        return file[:8] + owner + camera + period + segment + place + rest

    while at < len(file):
        if file[at] == ord("R"):
            _, _, leaf, run, _, commitment, length = struct.unpack_from(">BBIIQ32sI", file, at)
            info = b"handfast/v1/run" + label + segment + struct.pack(">I", run)
            key = _hkdf(leaf_key(root, leaf), info)
            if not hmac.compare_digest(_hkdf(key, b"handfast/v1/commit"), commitment):
                raise ValueError(f"run {run}: not its key")
            gcm, number, at = AESGCM(key), 0, at + 54
            if length:
                sealed = file[at : at + length]
                configs.append(gcm.decrypt(bytes(12), sealed, aad(0, 0xFF, length, (0, 0))))
        elif file[at] == ord("U"):
            _, flags, length, pts, dts = struct.unpack_from(">BBIqq", file, at)
            number, at = number + 1, at + 22
            nonce = bytes(8) + struct.pack(">I", number)
            sealed = file[at : at + length]
            data = gcm.decrypt(nonce, sealed, aad(number, flags, length, (pts, dts)))
            units.append(Unit(run, leaf, flags >> 4, bool(flags & 1), pts, dts, data))
        else:
            raise ValueError(f"no record at byte {at}")
        at += length
    return configs, units


def main() -> None:
    """Print what opens."""
    file, root = Path(sys.argv[1]).read_bytes(), bytes.fromhex(sys.argv[2])
    configs, units = open_segment(file, root)
    opened = [
        {**unit._asdict(), "data": hashlib.sha256(unit.data).hexdigest()} for unit in units
    ]
    sys.stdout.write(json.dumps({"configs": [c.hex() for c in configs], "units": opened}))


if __name__ == "__main__":
    main()
