"""The layout reads back what was written, and refuses everything else."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handfast.kit.errors import CorruptError, HandfastError, InvalidError
from handfast.seal.format import (
    RunRecord,
    SegmentHeader,
    UnitRecord,
    config_aad,
    decode_header,
    decode_run,
    decode_unit,
    encode_header,
    encode_run,
    encode_unit,
    run_context,
    unit_aad,
)
from handfast.seal.suite import SUITE, require_suite
from tests.golden.segment.sample import HEADER
from tests.unit.seal.strategies import headers, run_records, unit_records

DECODERS = (decode_header, decode_run, decode_unit)


@given(headers)
def test_a_header_reads_back_from_104_bytes(header: SegmentHeader) -> None:
    """Nothing is lost on the way."""
    assert len(encode_header(header)) == 104
    assert decode_header(encode_header(header)) == header


@given(run_records(), st.binary(max_size=8))
def test_a_run_record_reads_back_from_54_bytes(record: RunRecord, before: bytes) -> None:
    """At any offset."""
    assert len(encode_run(record)) == 54
    assert decode_run(before + encode_run(record), len(before)) == record


@given(unit_records, st.binary(max_size=8))
def test_a_unit_record_reads_back_from_22_bytes(record: UnitRecord, before: bytes) -> None:
    """At any offset."""
    assert len(encode_unit(record)) == 22
    assert decode_unit(before + encode_unit(record), len(before)) == record


@given(st.binary(max_size=120))
@example(b"HFSG\x01\x01\x02\x00" + bytes(96))
@example(b"HFSG\x01\x02\x00\x00" + bytes(96))
def test_whatever_the_bytes_only_our_errors_come_out(data: bytes) -> None:
    """A decoder returns a value or says what is wrong; it never stumbles."""
    for decode in DECODERS:
        with contextlib.suppress(HandfastError):
            decode(data)


@pytest.mark.parametrize("length", [0, 3, 4, 103])
def test_a_cut_header_is_refused(length: int) -> None:
    """At any length below 104."""
    with pytest.raises(CorruptError, match="104"):
        decode_header(encode_header(HEADER)[:length])


def test_unknown_versions_and_suites_are_refused_by_name() -> None:
    """The message says which one, so that the reader knows what to install."""
    raw = bytearray(encode_header(HEADER))
    for offset, word in ((4, "version 9"), (5, "suite 9")):
        changed = raw.copy()
        changed[offset] = 9
        with pytest.raises(InvalidError, match=word):
            decode_header(changed)
    require_suite(SUITE)
    with pytest.raises(InvalidError, match="suite 2"):
        require_suite(2)


@pytest.mark.parametrize("field", ["period", "segment", "predecessor"])
def test_ids_of_another_length_are_refused(field: str) -> None:
    """A short id would shift every byte behind it."""
    changed: dict[str, bytes] = {field: bytes(15)}
    with pytest.raises(InvalidError, match="15"):
        replace(HEADER, **changed)  # type: ignore[arg-type] # one field of bytes at a time


def test_reserved_bits_are_refused() -> None:
    """What no writer of this version sets, no reader accepts."""
    run = RunRecord(key=False, leaf=1, run=1, start_us=1, commitment=bytes(32), config_length=0)
    unit = UnitRecord(track=0, key=False, length=16, pts=0, dts=0)
    for bit in range(1, 8):
        raw = bytearray(encode_run(run))
        raw[1] |= 1 << bit
        with pytest.raises(CorruptError):
            decode_run(raw)
    for bit in (1, 2, 3):
        raw = bytearray(encode_unit(unit))
        raw[1] |= 1 << bit
        with pytest.raises(CorruptError):
            decode_unit(raw)


def test_a_run_has_a_configuration_exactly_when_it_begins_at_a_keyframe() -> None:
    """Neither one without the other, and none shorter than a tag."""
    good = RunRecord(
        key=True, leaf=0, run=0, start_us=0, commitment=bytes(32), config_length=16
    )
    assert decode_run(encode_run(good)) == good
    for wrong in (
        replace(good, config_length=15),
        replace(good, config_length=0),
        replace(good, key=False),
        replace(good, leaf=1 << 17),
    ):
        with pytest.raises(CorruptError):
            decode_run(encode_run(wrong))


@given(headers, unit_records, st.integers(0, (1 << 17) - 1))
def test_the_additional_data_has_108_bytes_and_names_everything(
    header: SegmentHeader, record: UnitRecord, leaf: int
) -> None:
    """The bytes of the page, written out by hand."""
    context = run_context(header, leaf, 7)
    expected = (
        encode_header(header)[:72]
        + leaf.to_bytes(4, "big")
        + (7).to_bytes(4, "big")
        + (3).to_bytes(4, "big")
        + bytes([record.flags, 0, 0, 0])
        + encode_unit(record)[2:]
    )
    assert unit_aad(context, 3, record) == expected
    assert len(expected) == 108
    configuration = config_aad(context, 99)
    assert configuration[80:] == bytes(4) + b"\xff" + bytes(3) + (99).to_bytes(
        4, "big"
    ) + bytes(16)
