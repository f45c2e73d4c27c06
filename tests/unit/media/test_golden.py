"""RTP bytes of one camera and the units they make: a difference is a decision.

`tests/golden/media/<name>.rtp` holds interleaved packets as received, `<name>.units` one line a
unit: key, distance of pts and dts from the first pts, length and SHA-256 of its bytes.
"""

import hashlib
from pathlib import Path

import pytest

from handfast.media.units import Codec
from tests.unit.media.rig import (
    B_SPS,
    H265_SETS,
    PPS,
    Bench,
    Packets,
    aggregate,
    delta_nals,
    key_nals,
    noise,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "media"


def h264_camera() -> bytes:
    """Make STAP-A, FU-A, SEI, a lost packet, a doubled one, and a wrap of sequence numbers."""
    packets = Packets(sequence=65_530)
    out = packets.packet(aggregate(Codec.H264, key_nals(0)[:2]), 0, marker=False)
    sei = b"\x06\x05\x04abcd\x80"
    out += b"".join(packets.picture([sei, *key_nals(0)[2:]], 0))
    parts = [part for n in range(1, 6) for part in packets.picture(delta_nals(n), 3600 * n)]
    parts += [part for n in range(6, 9) for part in packets.picture(key_nals(n), 3600 * n)]
    del parts[7]
    return out + b"".join([*parts[:3], parts[2], *parts[3:]])


def h264_b_frames() -> bytes:
    """Make pictures in decoding order: I P B b, times as a camera stamps them."""
    packets = Packets(sequence=9)
    out = b""
    for n, place in enumerate((0, 3, 1, 2, 6, 4, 5, 9, 7, 8)):
        nals = [B_SPS, PPS, *key_nals(0)[2:]] if n == 0 else delta_nals(n, 400)
        out += b"".join(packets.picture(nals, 0xFFFF_F000 + 3600 * place))
    return out


def h265_camera() -> bytes:
    """Make an AP with the parameter sets, FUs, and a picture in one packet."""
    packets = Packets(ssrc=0xCAFE, sequence=1)
    out = packets.packet(aggregate(Codec.H265, H265_SETS), 90, marker=False)
    out += b"".join(packets.picture([b"\x26\x01" + noise(1, 2000)], 90, Codec.H265))
    for n in range(2, 5):
        out += b"".join(
            packets.picture([b"\x02\x01" + noise(n, 100 * n)], 90 + 3600 * n, Codec.H265)
        )
    return out


MADE = {"h264-camera": h264_camera, "h264-b-frames": h264_b_frames, "h265-camera": h265_camera}


@pytest.mark.parametrize("name", sorted(MADE))
def test_recorded_packets_make_the_recorded_units(name: str) -> None:
    """Byte for byte, whatever changes inside."""
    data = (GOLDEN / f"{name}.rtp").read_bytes()
    assert data == MADE[name]()
    bench = Bench(Codec.H265 if name.startswith("h265") else Codec.H264)
    bench.feed(data, [700] * 30)
    first = bench.units[0].pts
    lines = [
        f"{int(unit.key)} {unit.pts - first} {unit.dts - first} {len(unit.data)} "
        f"{hashlib.sha256(unit.data).hexdigest()}"
        for unit in bench.units
    ]
    lines += [f"config {config.extradata.hex()}" for (config,) in bench.configs]
    assert lines == (GOLDEN / f"{name}.units").read_text("ascii").splitlines()
