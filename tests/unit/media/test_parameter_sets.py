"""H.264 and H.265 parameter sets: sizes, reorder depths, decoder records."""

from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.media import h264, h265
from handfast.media.bits import BitReader
from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.media.faults import MediaFormatError
from handfast.media.parameter_sets import H264Sets, H265Sets
from handfast.media.units import Codec
from tests.unit.media.rig import B_SPS, H265_B_SPS, H265_SETS, LARGE_SPS, PPS, SPS


def test_sizes_and_depths_are_read() -> None:
    """Cropping is taken off; the encoder's promise about B pictures is found."""
    assert (h264.parse_sps(SPS).width, h264.parse_sps(SPS).height) == (320, 180)
    assert (h264.parse_sps(LARGE_SPS).width, h264.parse_sps(LARGE_SPS).height) == (640, 360)
    assert h264.parse_sps(SPS).reorder == 0
    assert h264.parse_sps(B_SPS).reorder == 2
    plain, reordered = h265.parse_sps(H265_SETS[1]), h265.parse_sps(H265_B_SPS)
    assert (plain.width, plain.height, plain.reorder) == (320, 180, 0)
    assert reordered.reorder == 2


@pytest.mark.parametrize(("width", "height"), [(322, 182), (16, 16), (1920, 1080), (704, 576)])
@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
def test_any_size_an_encoder_makes_is_read(
    tmp_path: Path, codec: Codec, width: int, height: int
) -> None:
    """Compared with what FFmpeg says of the same clip."""
    path = tmp_path / "clip.mp4"
    if codec is Codec.H265 and width < 64:
        width = height = 64  # x265 makes nothing smaller
    encode(
        drawn_pictures(width, height, 2),
        path,
        EncodeSettings(codec=codec, width=width, height=height),
    )
    with av.open(str(path)) as container:
        theirs = bytes(container.streams.video[0].codec_context.extradata or b"")
    if codec is Codec.H264:
        size = int.from_bytes(theirs[6:8], "big")
        sps, pps = theirs[8 : 8 + size], theirs[11 + size :]
        parsed = h264.parse_sps(sps)
        assert (parsed.width, parsed.height) == (width, height)
        assert h264.avcc([sps], [pps])[: len(theirs) - 4] == theirs[: len(theirs) - 4]
    else:
        place = theirs.index(bytes((h265.SPS << 1, 1)))
        found = h265.parse_sps(theirs[place:])
        assert (found.width, found.height) == (width, height)
        assert found.profile == theirs[1:13]


def test_records_name_every_set() -> None:
    """Both avcC and hvcC begin with version 1 and 4-byte lengths."""
    record = h264.avcc([SPS], [PPS])
    assert record[:6] == bytes((1, *SPS[1:4], 0xFF, 0xE1))
    assert record.endswith(b"\1\0\4" + PPS)
    vps, sps, pps = H265_SETS
    other = h265.hvcc([vps], [sps], [pps])
    assert other[0] == 1
    assert other[21] & 3 == 3
    assert all(nal in other for nal in H265_SETS)


@pytest.mark.parametrize(
    ("sets", "nals"), [(H264Sets, (SPS, PPS)), (H265Sets, H265_SETS)], ids=["H.264", "H.265"]
)
def test_a_configuration_needs_every_kind_once(
    sets: type[H264Sets] | type[H265Sets], nals: tuple[bytes, ...]
) -> None:
    """A repetition changes nothing; another content does."""
    shelf = sets()
    for nal in nals:
        assert shelf.config() is None
        assert shelf.offer(nal)
        assert not shelf.offer(nal)
    config = shelf.config()
    assert config is not None
    assert (config.width, config.height) == (320, 180)
    assert not shelf.offer(nals[-2][:4])
    assert shelf.damaged == 1
    assert shelf.config() == config


@given(st.binary(max_size=80))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    """Nothing else can happen, and it happens soon."""
    for head in (b"\x67\x64\x00\x1f", b"\x67\x42\x00\x1f"):
        try:
            size = h264.parse_sps(head + data)
            assert 0 < size.width <= 1 << 14
        except MediaFormatError:
            continue
    shelf = H265Sets()
    for head in (b"\x40\x01", b"\x42\x01", b"\x44\x01"):
        shelf.offer(head + data)
    shelf.config()


@given(st.integers(0, 1 << 31), st.integers(-(1 << 30), 1 << 30))
def test_exp_golomb_numbers_come_back(unsigned: int, signed: int) -> None:
    """Written by the standard's table, read by the reader."""
    code = 2 * signed - 1 if signed > 0 else -2 * signed
    text = "".join("0" * (n.bit_length() - 1) + f"{n:b}" for n in (unsigned + 1, code + 1))
    text += "1" + "0" * (-(len(text) + 1) % 8)
    raw = int(text, 2).to_bytes(len(text) // 8, "big")
    escaped = bytearray()
    for byte in raw:
        if escaped[-2:] == b"\0\0" and byte <= 3:
            escaped.append(3)
        escaped.append(byte)
    reader = BitReader(bytes(escaped))
    assert (reader.ue(), reader.se()) == (unsigned, signed)
