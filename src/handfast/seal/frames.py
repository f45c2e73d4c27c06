"""Live frames: the binary messages from node through hub to browser.

docs/reference/segment-format.md, "Live frames". Types 1-3 are one stream's and the same for
all viewers; 4-7 belong to one grant.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias
from uuid import UUID

from handfast.kit.errors import CorruptError
from handfast.seal.records import (
    KEY_FLAG,
    RUN_BYTES,
    UNIT_BYTES,
    Buffer,
    RunRecord,
    SegmentHeader,
    UnitRecord,
    decode_header,
    decode_run,
    decode_unit,
    encode_header,
)
from handfast.seal.suite import require_length

WRAPPED_KEY_BYTES = 48
_SEGMENT_BYTES = 16
_UNITS = ">B16sII"
_UNITS_BYTES = struct.calcsize(_UNITS)  # before the first unit
_KEY = ">B16s16sIIQ48s"


class FrameType(IntEnum):
    """The first byte of a live frame."""

    SEGMENT = 1
    RUN = 2
    UNITS = 3
    KEY = 4
    WINDOW = 5
    END = 6
    ALIVE = 7


STATEMENTS = (FrameType.WINDOW, FrameType.END, FrameType.ALIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFrame:
    """Type 1: a segment begins."""

    header: SegmentHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFrame:
    """Type 2: a run begins.

    Attributes:
        sealed_config: Ciphertext and tag of the configuration; empty unless `record.key`.
    """

    segment: bytes
    record: RunRecord
    sealed_config: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsFrame:
    """Type 3: units of a run, numbered from `first_unit` on.

    Attributes:
        units: Each record with its ciphertext and tag.
    """

    segment: bytes
    run: int
    first_unit: int
    units: tuple[tuple[UnitRecord, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFrame:
    """Type 4: the wrapped key of a run, for one grant (`release.wrap_run_key`).

    Attributes:
        counter: Unique per grant; part of the nonce.
        wrapped: 48 bytes.
    """

    grant: UUID
    segment: bytes
    run: int
    leaf: int
    counter: int
    wrapped: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFrame:
    """Types 5, 6 and 7: a node-signed envelope, as JSON in UTF-8, not yet verified."""

    type: FrameType
    envelope: bytes


Frame: TypeAlias = SegmentFrame | RunFrame | UnitsFrame | KeyFrame | StatementFrame


def encode_segment_frame(header: SegmentHeader) -> bytes:
    """Write a type 1 frame."""
    return bytes((FrameType.SEGMENT,)) + encode_header(header)


def encode_run_frame(segment: bytes, run_record: bytes) -> bytes:
    """Write a type 2 frame.

    Args:
        segment: Segment id, 16 bytes.
        run_record: What `SegmentSealer.begin_run` returned, sealed configuration included.
    """
    require_length("a segment id", segment, _SEGMENT_BYTES)
    return bytes((FrameType.RUN,)) + segment + run_record


def encode_units_frame(
    segment: bytes, run: int, *, first_unit: int, units: Iterable[bytes]
) -> bytes:
    """Write a type 3 frame.

    Args:
        segment: Segment id, 16 bytes.
        run: Run number.
        first_unit: Number of the first of the units (from 1).
        units: Records and ciphertexts in order, in pieces of any size.
    """
    head = struct.pack(_UNITS, FrameType.UNITS, segment, run, first_unit)
    return b"".join((head, *units))


def encode_key_frame(frame: KeyFrame) -> bytes:
    """Write a type 4 frame."""
    require_length("a wrapped run key", frame.wrapped, WRAPPED_KEY_BYTES)
    return struct.pack(
        _KEY,
        FrameType.KEY,
        frame.grant.bytes,
        frame.segment,
        frame.run,
        frame.leaf,
        frame.counter,
        frame.wrapped,
    )


def encode_statement_frame(kind: FrameType, envelope: bytes) -> bytes:
    """Write a type 5, 6 or 7 frame around an envelope's JSON."""
    if kind not in STATEMENTS:
        raise ValueError(f"{kind.name} carries no statement")
    return bytes((kind,)) + envelope


def frame_type(frame: Buffer) -> FrameType:
    """Read only the type, as a relay does.

    Raises:
        CorruptError: The frame is empty or of an unknown type.
    """
    try:
        return FrameType(frame[0])
    except (IndexError, ValueError) as error:
        raise CorruptError("a live frame is empty or of an unknown type; drop it") from error


def begins_at_keyframe(frame: Buffer) -> bool:
    """Say whether this is a type 2 frame at which a viewer may join or continue."""
    flags = 1 + _SEGMENT_BYTES + 1
    return len(frame) > flags and frame[0] == FrameType.RUN and frame[flags] == KEY_FLAG


def decode_frame(frame: bytes) -> Frame:
    """Read a whole frame.

    Raises:
        CorruptError: It is cut, too long, of an unknown type, or holds no whole records.
        InvalidError: It announces a segment of a version or suite unknown here.
    """
    kind = frame_type(frame)
    match kind:
        case FrameType.SEGMENT:
            return SegmentFrame(header=decode_header(frame[1:]))
        case FrameType.RUN:
            return _decode_run(frame)
        case FrameType.UNITS:
            return _decode_units(frame)
        case FrameType.KEY:
            return _decode_key(frame)
        case FrameType.WINDOW | FrameType.END | FrameType.ALIVE:
            return StatementFrame(type=kind, envelope=frame[1:])


def _decode_run(frame: bytes) -> RunFrame:
    record_at = 1 + _SEGMENT_BYTES
    record = decode_run(frame, record_at)
    sealed = frame[record_at + RUN_BYTES :]
    if len(sealed) != record.config_length:
        raise CorruptError("a live run frame is cut or too long; drop it")
    return RunFrame(segment=frame[1:record_at], record=record, sealed_config=sealed)


def _decode_units(frame: bytes) -> UnitsFrame:
    if len(frame) < _UNITS_BYTES:
        raise CorruptError("a live units frame is cut; drop it")
    _, segment, run, first_unit = struct.unpack_from(_UNITS, frame)
    units = tuple(iterate_units(frame, _UNITS_BYTES))
    return UnitsFrame(segment=segment, run=run, first_unit=first_unit, units=units)


def _decode_key(frame: bytes) -> KeyFrame:
    if len(frame) != struct.calcsize(_KEY):
        raise CorruptError("a live key frame is cut or too long; drop it")
    _, grant, segment, run, leaf, counter, wrapped = struct.unpack(_KEY, frame)
    return KeyFrame(
        grant=UUID(bytes=grant),
        segment=segment,
        run=run,
        leaf=leaf,
        counter=counter,
        wrapped=wrapped,
    )


def iterate_units(buffer: bytes, offset: int = 0) -> Iterator[tuple[UnitRecord, bytes]]:
    """Yield each unit record with its ciphertext and tag, from `offset` to the end.

    Raises:
        CorruptError: The last one is cut, or something else stands between them.
    """
    while offset < len(buffer):
        record = decode_unit(buffer, offset)
        start = offset + UNIT_BYTES
        offset = start + record.length
        if offset > len(buffer):
            raise CorruptError(f"the unit before byte {len(buffer)} is cut")
        yield record, buffer[start:offset]
