"""H.265 parameter sets: picture size, reorder depth, and the hvcC record decoders want."""

from dataclasses import dataclass
from typing import Final

from handfast.media.bits import BitReader
from handfast.media.faults import MediaFormatError

FIRST_IRAP: Final = 16  # BLA, IDR and CRA pictures are types 16 to 23 (Table 7-1)
LAST_IRAP: Final = 23
LAST_VCL: Final = 31
VPS: Final = 32
SPS: Final = 33
PPS: Final = 34
AP: Final = 48  # RFC 7798 section 4.4.2
FU: Final = 49  # RFC 7798 section 4.4.3

_PROFILE_BITS: Final = 88  # general profile space to constraint flags (7.3.3)
_SHORTEST_SPS: Final = 16
_MOST_REORDER: Final = 16
_MOST_SUB_LAYERS: Final = 7
_FULL_CHROMA: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sps:
    """What the reader needs of a sequence parameter set.

    Attributes:
        width: Luma samples after the conformance window.
        height: Luma samples after the conformance window.
        reorder: sps_max_num_reorder_pics of the highest sub-layer.
        chroma: chroma_format_idc: 0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4.
        luma_depth: Bits per luma sample.
        chroma_depth: Bits per chroma sample.
        profile: The 12 bytes from general_profile_space to general_level_idc.
        sub_layers: Temporal sub-layers, 1 to 7.
        nested: sps_temporal_id_nesting_flag.
    """

    width: int
    height: int
    reorder: int
    chroma: int
    luma_depth: int
    chroma_depth: int
    profile: bytes
    sub_layers: int
    nested: bool


def nal_type(nal: bytes) -> int:
    """Return nal_unit_type of a NAL unit of at least one byte."""
    return nal[0] >> 1 & 63


def parse_sps(nal: bytes) -> Sps:
    """Parse a sequence parameter set NAL unit, both header bytes included (H.265 7.3.2.2).

    Raises:
        MediaFormatError: It is cut short, or a field is out of range.
    """
    if len(nal) < _SHORTEST_SPS:
        raise MediaFormatError(f"SPS of {len(nal)} bytes; an SPS has at least {_SHORTEST_SPS}")
    reader = BitReader(nal[2:])
    reader.skip(4)  # sps_video_parameter_set_id
    sub_layers = reader.bits(3) + 1
    nested = reader.flag()
    profile = reader.bits(_PROFILE_BITS + 8).to_bytes(12, "big")
    _skip_sub_layers(reader, sub_layers)
    reader.ue()  # sps_seq_parameter_set_id
    chroma = reader.ue()
    if chroma > _FULL_CHROMA or sub_layers > _MOST_SUB_LAYERS:
        raise MediaFormatError(
            f"SPS names chroma format {chroma}, {sub_layers} sub-layers; it is damaged"
        )
    width, height = _read_size(reader, chroma)
    depths = _read_depths(reader)
    return Sps(
        width=width,
        height=height,
        reorder=_read_reorder(reader, sub_layers),
        chroma=chroma,
        luma_depth=depths[0],
        chroma_depth=depths[1],
        profile=profile,
        sub_layers=sub_layers,
        nested=nested,
    )


def parameter_set_id(nal: bytes) -> int:
    """Return the id under which later pictures name this VPS, SPS or PPS.

    Raises:
        MediaFormatError: The NAL unit is cut short or does not parse.
    """
    reader = BitReader(nal[2:120])
    kind = nal_type(nal)
    if kind == VPS:
        return reader.bits(4)
    if kind == SPS:
        reader.skip(4)
        sub_layers = reader.bits(3) + 1
        reader.skip(1 + _PROFILE_BITS + 8)
        _skip_sub_layers(reader, sub_layers)
    return reader.ue()


def hvcc(vps: list[bytes], sps: list[bytes], pps: list[bytes]) -> bytes:
    """Build an HEVCDecoderConfigurationRecord, 4-byte lengths (ISO/IEC 14496-15 8.3.3.1).

    Args:
        vps: VPS NAL units.
        sps: At least one SPS NAL unit; the first one gives profile and format.
        pps: PPS NAL units.

    Raises:
        MediaFormatError: The first SPS does not parse.
    """
    first = parse_sps(sps[0])
    record = bytearray((1,)) + first.profile
    record += (0xF000).to_bytes(2, "big")  # min_spatial_segmentation_idc unknown
    record.append(0xFC)  # parallelismType unknown
    record += bytes(
        (0xFC | first.chroma, 0xF8 | first.luma_depth - 8, 0xF8 | first.chroma_depth - 8)
    )
    record += bytes(2)  # avgFrameRate unknown
    record.append(first.sub_layers << 3 | first.nested << 2 | 3)
    arrays = [(VPS, vps), (SPS, sps), (PPS, pps)]
    record.append(sum(1 for _, nals in arrays if nals))
    for kind, nals in arrays:
        if nals:
            # array_completeness 0: the sets may also come in band (hev1)
            record += bytes((kind,)) + len(nals).to_bytes(2, "big")
            for nal in nals:
                record += len(nal).to_bytes(2, "big") + nal
    return bytes(record)


def _skip_sub_layers(reader: BitReader, sub_layers: int) -> None:
    """Pass over the sub-layer part of profile_tier_level() (7.3.3)."""
    if sub_layers == 1:
        return
    present = [(reader.flag(), reader.flag()) for _ in range(sub_layers - 1)]
    reader.skip(2 * (9 - sub_layers))
    for has_profile, has_level in present:
        reader.skip((_PROFILE_BITS if has_profile else 0) + (8 if has_level else 0))


def _read_size(reader: BitReader, chroma: int) -> tuple[int, int]:
    if chroma == _FULL_CHROMA:
        reader.flag()  # separate_colour_plane_flag
    width, height = reader.ue(), reader.ue()
    if reader.flag():
        step_x = 2 if chroma in {1, 2} else 1
        step_y = 2 if chroma == 1 else 1
        width -= (reader.ue() + reader.ue()) * step_x
        height -= (reader.ue() + reader.ue()) * step_y
    if not (0 < width <= 1 << 14 and 0 < height <= 1 << 14):
        raise MediaFormatError(f"SPS names a picture of {width} x {height} px; it is damaged")
    return width, height


def _read_depths(reader: BitReader) -> tuple[int, int]:
    depths = reader.ue() + 8, reader.ue() + 8
    if max(depths) > 16:  # noqa: PLR2004 - H.265 7.4.3.2.1
        raise MediaFormatError(f"SPS names bit depths {depths}; at most 16 exist")
    return depths


def _read_reorder(reader: BitReader, sub_layers: int) -> int:
    """Read sps_max_num_reorder_pics of the highest sub-layer."""
    reader.ue()  # log2_max_pic_order_cnt_lsb_minus4
    reorder = 0
    for _ in range(sub_layers if reader.flag() else 1):
        reader.ue()
        reorder = reader.ue()
        reader.ue()
    return min(reorder, _MOST_REORDER)
