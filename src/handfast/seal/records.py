"""Header, run record and unit record of a sealed segment, and the data bound to each unit.

Pure layout, no keys; docs/reference/segment-format.md is the binding description.
"""

import struct
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from handfast.kit.errors import CorruptError, InvalidError
from handfast.model.media import Rendition, Stream
from handfast.seal.keytree import LEAVES
from handfast.seal.suite import SUITE, TAG_BYTES, require_length, require_suite

# What can be indexed and unpacked in place: bytes, a view of them, a mapped file's view.
Buffer: TypeAlias = "bytes | bytearray | memoryview"

MAGIC = b"HFSG"
VERSION = 1
NO_PREDECESSOR = bytes(16)
RUN_KIND = 0x52  # "R"
UNIT_KIND = 0x55  # "U"
KEY_FLAG = 0x01
RESERVED_FLAGS = 0x0E  # of a unit; always 0
CONFIG_FLAGS = 0xFF  # stands in the AAD of a configuration; no unit can have these flags
TRACKS = 16

_HEADER = ">4sBBBB16s16s16s16sQQ16s"
_RUN = ">BBIIQ32sI"
UNIT = ">BBIqq"
_RUN_CONTEXT = ">4sBBBB16s16s16s16sII"
UNIT_TAIL = ">IB3xIqq"
HEADER_BYTES = struct.calcsize(_HEADER)
RUN_BYTES = struct.calcsize(_RUN)  # of a run record; its sealed configuration follows
UNIT_BYTES = struct.calcsize(UNIT)  # of a unit record; its ciphertext follows


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentHeader:
    """The first 104 bytes of a segment: what it is a recording of.

    Attributes:
        period: Random 16-byte id of the key period.
        segment: Random 16-byte id; must be new for every segment (run keys depend on it).
        period_start_us: Wall clock when leaf 0 of the period began.
        start_us: Wall clock at which the first unit was received.
        predecessor: Segment id before this one, or `NO_PREDECESSOR`.
    """

    suite: int = SUITE
    stream: Stream
    rendition: Rendition
    owner: UUID
    camera: UUID
    period: bytes
    segment: bytes
    period_start_us: int
    start_us: int
    predecessor: bytes = NO_PREDECESSOR

    def __post_init__(self) -> None:
        """Refuse ids that are not 16 bytes long and suites that are unknown."""
        require_suite(self.suite)
        require_length("a period id", self.period, 16)
        require_length("a segment id", self.segment, 16)
        require_length("a predecessor's id", self.predecessor, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What stands before the units of a run, without the sealed configuration itself.

    Attributes:
        key: Begins at a keyframe; exactly then a configuration follows.
        start_us: Wall clock at which the run's first unit was received.
        config_length: Bytes of the sealed configuration, tag included; 0 unless `key`.
    """

    key: bool
    leaf: int
    run: int
    start_us: int
    commitment: bytes
    config_length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRecord:
    """What stands before the ciphertext of one access unit.

    Attributes:
        track: 0 video, 1 audio.
        length: Bytes of ciphertext and tag.
        pts: Presentation time, 90 kHz ticks, signed, zero arbitrary per camera session.
        dts: Decoding time, likewise.
    """

    track: int
    key: bool
    length: int
    pts: int
    dts: int

    @property
    def flags(self) -> int:
        """The flags byte: bit 0 keyframe, bits 4..7 track."""
        return self.track << 4 | self.key


def encode_header(header: SegmentHeader) -> bytes:
    """Write a segment's first 104 bytes."""
    return struct.pack(
        _HEADER,
        MAGIC,
        VERSION,
        header.suite,
        header.stream.code,
        header.rendition.code,
        header.owner.bytes,
        header.camera.bytes,
        header.period,
        header.segment,
        header.period_start_us,
        header.start_us,
        header.predecessor,
    )


def decode_header(buffer: Buffer) -> SegmentHeader:
    """Read a header from the start of `buffer`; more bytes may follow.

    Raises:
        CorruptError: This is no header, or it is cut.
        InvalidError: It is of a version or suite unknown here.
    """
    if len(buffer) < HEADER_BYTES or bytes(buffer[:4]) != MAGIC:
        raise CorruptError("no sealed segment: the 104-byte HFSG header is missing or cut")
    _, version, suite, stream, rendition, owner, camera, *rest = struct.unpack_from(
        _HEADER, buffer
    )
    if version != VERSION:
        raise InvalidError(f"segment version {version} is unknown; install a newer handfast")
    try:
        return SegmentHeader(
            suite=suite,
            stream=Stream.from_code(stream),
            rendition=Rendition.from_code(rendition),
            owner=UUID(bytes=owner),
            camera=UUID(bytes=camera),
            period=rest[0],
            segment=rest[1],
            period_start_us=rest[2],
            start_us=rest[3],
            predecessor=rest[4],
        )
    except ValueError as error:
        raise CorruptError(f"segment header: stream or rendition: {error}") from error


def encode_run(record: RunRecord) -> bytes:
    """Write the 54 bytes of a run record; the sealed configuration follows them."""
    return struct.pack(
        _RUN,
        RUN_KIND,
        record.key,
        record.leaf,
        record.run,
        record.start_us,
        record.commitment,
        record.config_length,
    )


def decode_run(buffer: Buffer, offset: int = 0) -> RunRecord:
    """Read a run record at `offset`; whether its configuration is whole is not checked.

    Raises:
        CorruptError: There is no run record, or it is cut or contradicts itself.
    """
    if len(buffer) - offset < RUN_BYTES:
        raise CorruptError(f"the run record at byte {offset} is cut")
    kind, flags, leaf, run, start_us, committed, length = struct.unpack_from(
        _RUN, buffer, offset
    )
    sealed = length >= TAG_BYTES if flags else length == 0
    if kind != RUN_KIND or flags > KEY_FLAG or leaf >= LEAVES or not sealed:
        raise CorruptError(f"no run record at byte {offset}")
    return RunRecord(
        key=bool(flags),
        leaf=leaf,
        run=run,
        start_us=start_us,
        commitment=committed,
        config_length=length,
    )


def encode_unit(record: UnitRecord) -> bytes:
    """Write the 22 bytes before a unit's ciphertext."""
    return struct.pack(UNIT, UNIT_KIND, record.flags, record.length, record.pts, record.dts)


def decode_unit(buffer: Buffer, offset: int = 0) -> UnitRecord:
    """Read a unit record at `offset`; whether its ciphertext is whole is not checked.

    Raises:
        CorruptError: There is no unit record, or it is cut or contradicts itself.
    """
    if len(buffer) - offset < UNIT_BYTES:
        raise CorruptError(f"the unit record at byte {offset} is cut")
    kind, flags, length, pts, dts = struct.unpack_from(UNIT, buffer, offset)
    if kind != UNIT_KIND or not valid_unit(flags, length):
        raise CorruptError(f"no unit record at byte {offset}")
    return UnitRecord(track=flags >> 4, key=bool(flags & 1), length=length, pts=pts, dts=dts)


def valid_unit(flags: int, length: int) -> bool:
    """Say whether a unit record may carry these flags and this length."""
    return not flags & RESERVED_FLAGS and length >= TAG_BYTES


def run_context(header: SegmentHeader, leaf: int, run: int) -> bytes:
    """Write the first 80 bytes of the additional data of everything sealed in a run."""
    return struct.pack(
        _RUN_CONTEXT,
        MAGIC,
        VERSION,
        header.suite,
        header.stream.code,
        header.rendition.code,
        header.owner.bytes,
        header.camera.bytes,
        header.period,
        header.segment,
        leaf,
        run,
    )


def unit_aad(context: bytes, unit: int, record: UnitRecord) -> bytes:
    """Write the 108 bytes of additional data of unit `unit` (from 1) of a run.

    Args:
        context: `run_context` of the run.
        unit: Its number in the run, which is also its nonce counter.
        record: The record that stands before it.
    """
    tail = struct.pack(UNIT_TAIL, unit, record.flags, record.length, record.pts, record.dts)
    return context + tail


def config_aad(context: bytes, length: int) -> bytes:
    """Write the 108 bytes of additional data of a run's configuration.

    Args:
        context: `run_context` of the run.
        length: Bytes of the sealed configuration, tag included.
    """
    return context + struct.pack(UNIT_TAIL, 0, CONFIG_FLAGS, length, 0, 0)


def nonce(counter: int) -> bytes:
    """Write the nonce of the configuration (0) or of a unit (from 1) of a run."""
    return counter.to_bytes(12, "big")
