"""Live frames read back, and noise is refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.kit.errors import CorruptError, HandfastError
from handfast.seal.format import (
    FrameType,
    KeyFrame,
    RunFrame,
    SegmentFrame,
    SegmentHeader,
    StatementFrame,
    UnitsFrame,
    begins_at_keyframe,
    decode_frame,
    encode_key_frame,
    encode_run_frame,
    encode_segment_frame,
    encode_statement_frame,
    encode_units_frame,
    frame_type,
    scan,
)
from tests.unit.seal.strategies import Sealed, headers, id16, leaves, segments, u32, u64

key_frames = st.builds(
    KeyFrame,
    grant=st.uuids(),
    segment=id16,
    run=u32,
    leaf=leaves,
    counter=u64,
    wrapped=st.binary(min_size=48, max_size=48),
)


@given(headers)
def test_a_segment_frame_reads_back(header: SegmentHeader) -> None:
    """Type 1 is the header behind one byte."""
    assert decode_frame(encode_segment_frame(header)) == SegmentFrame(header=header)


@given(segments())
def test_a_run_and_its_units_travel_unchanged(sealed: Sealed) -> None:
    """Types 2 and 3 carry the bytes of the file."""
    segment = sealed.header.segment
    for found, digest in zip(scan(sealed.file).runs, sealed.digests, strict=True):
        part = sealed.run_bytes(digest.run)
        head = 54 + found.record.config_length
        frame = encode_run_frame(segment, part[:head])
        assert begins_at_keyframe(frame) == digest.key
        assert decode_frame(frame) == RunFrame(
            segment=segment, record=found.record, sealed_config=part[54:head]
        )
        units = encode_units_frame(segment, digest.run, first_unit=5, units=[part[head:]])
        read = decode_frame(units)
        assert isinstance(read, UnitsFrame)
        assert (read.segment, read.run, read.first_unit) == (segment, digest.run, 5)
        assert len(read.units) == digest.units
        assert not begins_at_keyframe(units)


@given(key_frames)
def test_a_key_frame_reads_back(frame: KeyFrame) -> None:
    """Type 4 has one length only."""
    raw = encode_key_frame(frame)
    assert decode_frame(raw) == frame
    for wrong in (raw[:-1], raw + b"\x00"):
        with pytest.raises(CorruptError):
            decode_frame(wrong)


@given(st.sampled_from([FrameType.WINDOW, FrameType.END, FrameType.ALIVE]), st.binary())
def test_a_statement_frame_reads_back(kind: FrameType, envelope: bytes) -> None:
    """Types 5 to 7 carry an envelope that is verified later."""
    raw = encode_statement_frame(kind, envelope)
    assert frame_type(raw) is kind
    assert decode_frame(raw) == StatementFrame(type=kind, envelope=envelope)


def test_only_statements_travel_as_statements() -> None:
    """A key frame made by mistake would never be opened."""
    with pytest.raises(ValueError, match="KEY"):
        encode_statement_frame(FrameType.KEY, b"")


@given(st.binary(max_size=200))
def test_noise_gives_a_frame_or_our_error(noise: bytes) -> None:
    """A browser or hub is never thrown by what arrives."""
    for kind in range(9):
        with contextlib.suppress(HandfastError):
            decode_frame(bytes([kind]) + noise)


@pytest.mark.parametrize("raw", [b"", b"\x00", b"\x08", b"\xff\x00"])
def test_an_unknown_type_is_refused(raw: bytes) -> None:
    """Empty frames and types of the future."""
    with pytest.raises(CorruptError, match="unknown type"):
        decode_frame(raw)


def test_a_short_frame_is_no_place_to_join() -> None:
    """The relay's quick look stays inside the frame."""
    assert not begins_at_keyframe(b"")
    assert not begins_at_keyframe(b"\x02" + bytes(17))
