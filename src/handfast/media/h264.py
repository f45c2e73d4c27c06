"""H.264 parameter sets: picture size, reorder depth, and the avcC record decoders want."""

from dataclasses import dataclass
from typing import Final

from handfast.media.bits import BitReader
from handfast.media.faults import MediaFormatError

IDR: Final = 5
SEI: Final = 6
SPS: Final = 7
PPS: Final = 8
LAST_VCL: Final = 5  # types 1 to 5 carry slices (Table 7-1)
STAP_A: Final = 24  # RFC 6184 section 5.2
FU_A: Final = 28

_HIGH_PROFILES: Final = frozenset(
    {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}
)
_NEVER_REORDERS: Final = frozenset({66})  # Baseline has no B slices (A.2.1)
_LISTED_IN_AVCC: Final = frozenset({100, 110, 122, 144})
_MOST_SPS: Final = 31  # five bits in avcC
_MOST_PPS: Final = 255
_SHORTEST_SPS: Final = 4
_EXTENDED_SAR: Final = 255
_FULL_CHROMA: Final = 3
_MOST_REORDER: Final = 16  # MaxDpbFrames never exceeds it (A.3.1)
_MOST_CYCLE: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Sps:
    """What the reader needs of a sequence parameter set.

    Attributes:
        width: Luma samples after cropping.
        height: Luma samples after cropping.
        reorder: Most pictures that precede a picture in decoding and follow it in output
            order; None when the stream does not say (no VUI bitstream restriction).
        chroma: chroma_format_idc: 0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4.
        luma_depth: Bits per luma sample.
        chroma_depth: Bits per chroma sample.
    """

    width: int
    height: int
    reorder: int | None
    chroma: int
    luma_depth: int
    chroma_depth: int


def parse_sps(nal: bytes) -> Sps:
    """Parse a sequence parameter set NAL unit, header byte included (H.264 7.3.2.1).

    Raises:
        MediaFormatError: It is cut short, or a field is out of range.
    """
    if len(nal) < _SHORTEST_SPS:
        raise MediaFormatError(f"SPS of {len(nal)} bytes; an SPS has at least {_SHORTEST_SPS}")
    profile = nal[1]
    reader = BitReader(nal[4:])
    reader.ue()  # seq_parameter_set_id
    chroma, luma_depth, chroma_depth = (
        _read_high_profile(reader) if profile in _HIGH_PROFILES else (1, 8, 8)
    )
    reader.ue()  # log2_max_frame_num_minus4
    order_type = _skip_picture_order(reader)
    reader.ue()  # max_num_ref_frames
    reader.flag()  # gaps_in_frame_num_value_allowed_flag
    width, height = _read_size(reader, chroma)
    reorder = _read_reorder(reader)
    if reorder is None and (profile in _NEVER_REORDERS or order_type == 2):  # noqa: PLR2004 - pic_order_cnt_type 2: output order is decoding order (8.2.1.3)
        reorder = 0
    return Sps(
        width=width,
        height=height,
        reorder=reorder,
        chroma=chroma,
        luma_depth=luma_depth,
        chroma_depth=chroma_depth,
    )


def parameter_set_id(nal: bytes) -> int:
    """Return the id under which later pictures name this SPS or PPS.

    Raises:
        MediaFormatError: The NAL unit is cut short.
    """
    return BitReader(nal[4:12] if nal[0] & 31 == SPS else nal[1:9]).ue()


def avcc(sps: list[bytes], pps: list[bytes]) -> bytes:
    """Build an AVCDecoderConfigurationRecord with 4-byte lengths (ISO/IEC 14496-15 5.3.3.1).

    Args:
        sps: At least one SPS NAL unit; the first one gives profile and level.
        pps: PPS NAL units.

    Raises:
        MediaFormatError: The first SPS does not parse, or there are too many sets.
    """
    first = parse_sps(sps[0])
    if len(sps) > _MOST_SPS or len(pps) > _MOST_PPS:
        raise MediaFormatError(f"{len(sps)} SPS and {len(pps)} PPS do not fit an avcC record")
    record = bytearray((1, sps[0][1], sps[0][2], sps[0][3], 0xFF, 0xE0 | len(sps)))
    for nal in sps:
        record += len(nal).to_bytes(2, "big") + nal
    record.append(len(pps))
    for nal in pps:
        record += len(nal).to_bytes(2, "big") + nal
    if sps[0][1] in _LISTED_IN_AVCC:
        depths = (0xF8 | first.luma_depth - 8, 0xF8 | first.chroma_depth - 8)
        record += bytes((0xFC | first.chroma, *depths, 0))
    return bytes(record)


def _read_high_profile(reader: BitReader) -> tuple[int, int, int]:
    """Read chroma format and bit depths, pass over scaling lists."""
    chroma = reader.ue()
    if chroma > _FULL_CHROMA:
        raise MediaFormatError(f"SPS names chroma format {chroma}; 0 to 3 exist")
    if chroma == _FULL_CHROMA:
        reader.flag()  # separate_colour_plane_flag
    depths = reader.ue() + 8, reader.ue() + 8
    if max(depths) > 14:  # noqa: PLR2004 - H.264 7.4.2.1.1
        raise MediaFormatError(f"SPS names bit depths {depths}; at most 14 exist")
    reader.flag()  # qpprime_y_zero_transform_bypass_flag
    if reader.flag():
        for index in range(12 if chroma == _FULL_CHROMA else 8):
            if reader.flag():
                _skip_scaling_list(reader, 16 if index < 6 else 64)  # noqa: PLR2004 - six 4x4 lists come first
    return chroma, *depths


def _skip_scaling_list(reader: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + reader.se()) % 256
        last = following or last


def _skip_picture_order(reader: BitReader) -> int:
    """Pass over the picture order count fields and return pic_order_cnt_type."""
    order_type = reader.ue()
    if order_type == 0:
        reader.ue()
    elif order_type == 1:
        reader.flag()
        reader.se()
        reader.se()
        count = reader.ue()
        if count > _MOST_CYCLE:
            raise MediaFormatError(
                f"SPS names {count} frames in a picture order cycle; at most 255"
            )
        for _ in range(count):
            reader.se()
    return order_type


def _read_size(reader: BitReader, chroma: int) -> tuple[int, int]:
    """Read the size in macroblocks and the cropping; returns px after cropping."""
    width = (reader.ue() + 1) * 16
    map_units = reader.ue() + 1
    frames_only = reader.flag()
    height = map_units * 16 * (1 if frames_only else 2)
    if not frames_only:
        reader.flag()  # mb_adaptive_frame_field_flag
    reader.flag()  # direct_8x8_inference_flag
    if reader.flag():
        step_x = 2 if chroma in {1, 2} else 1
        step_y = (2 if chroma == 1 else 1) * (1 if frames_only else 2)
        width -= (reader.ue() + reader.ue()) * step_x
        height -= (reader.ue() + reader.ue()) * step_y
    return _checked_size(width, height)


def _checked_size(width: int, height: int) -> tuple[int, int]:
    if not (0 < width <= 1 << 14 and 0 < height <= 1 << 14):
        raise MediaFormatError(f"SPS names a picture of {width} x {height} px; it is damaged")
    return width, height


def _read_reorder(reader: BitReader) -> int | None:
    """Read max_num_reorder_frames out of the VUI (E.1.1), None when it is absent."""
    if not reader.flag():
        return None
    _skip_display_hints(reader)
    hypothetical = [_skip_hrd(reader) for _ in range(2)]
    if any(hypothetical):
        reader.flag()  # low_delay_hrd_flag
    reader.flag()  # pic_struct_present_flag
    if not reader.flag():
        return None
    reader.flag()  # motion_vectors_over_pic_boundaries_flag
    for _ in range(4):
        reader.ue()
    return min(reader.ue(), _MOST_REORDER)


def _skip_display_hints(reader: BitReader) -> None:
    """Pass over aspect ratio, overscan, colours, chroma location and timing (E.1.1)."""
    if reader.flag() and reader.bits(8) == _EXTENDED_SAR:
        reader.skip(32)
    if reader.flag():  # overscan_info_present_flag
        reader.flag()
    if reader.flag():  # video_signal_type_present_flag
        reader.skip(4)
        if reader.flag():
            reader.skip(24)
    if reader.flag():  # chroma_loc_info_present_flag
        reader.ue()
        reader.ue()
    if reader.flag():  # timing_info_present_flag
        reader.skip(65)


def _skip_hrd(reader: BitReader) -> bool:
    """Pass over hrd_parameters() if present (E.1.2)."""
    if not reader.flag():
        return False
    count = reader.ue() + 1
    if count > 32:  # noqa: PLR2004 - cpb_cnt_minus1 is at most 31
        raise MediaFormatError(f"SPS names {count} coded picture buffers; at most 32")
    reader.skip(8)
    for _ in range(count):
        reader.ue()
        reader.ue()
        reader.flag()
    reader.skip(20)
    return True
