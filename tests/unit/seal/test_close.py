"""Sealing: runs in order, and no key and nonce together twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.kit.errors import ConflictError, InvalidError
from handfast.seal.close import SegmentSealer
from handfast.seal.format import SegmentHeader, scan
from handfast.seal.keytree import LEAVES, LeafWalker
from handfast.seal.open import open_run
from tests.golden.segment.sample import HEADER
from tests.unit.seal.strategies import ROOT, Sealed, headers, segments, units

UNIT = (0, True, 7_200, 3_600, b"unit")


def sealer(header: SegmentHeader = HEADER) -> SegmentSealer:
    """Return a sealer at the beginning of a segment."""
    return SegmentSealer(header, LeafWalker(ROOT).leaf)


@given(st.lists(segments(), min_size=1, max_size=3, unique_by=lambda s: s.header.segment))
def test_no_key_and_nonce_meet_twice(sealed: list[Sealed]) -> None:
    """One root, any segments: every run has a key of its own, every counter comes once."""
    pairs: list[tuple[bytes, int]] = []
    for segment in sealed:
        for digest, key in zip(segment.digests, segment.keys, strict=True):
            opened = open_run(segment.header, segment.run_bytes(digest.run), key)
            pairs += [(key, 0)] * (opened.config is not None)
            pairs += [(key, unit.unit) for unit in opened.units]
    assert len(set(pairs)) == len(pairs)


@given(st.lists(headers, min_size=2, max_size=5, unique_by=lambda header: header.segment))
def test_a_restart_in_the_same_second_gets_other_keys(restarts: list[SegmentHeader]) -> None:
    """Same root, same leaf, same run number: a new segment id is enough."""
    keys = []
    for header in restarts:
        fresh = sealer(header)
        fresh.begin_run(7, 0, b"")
        keys.append(fresh.run_key)
    assert len(set(keys)) == len(keys)


@given(st.lists(units, min_size=1, max_size=5))
def test_the_offset_is_what_was_handed_out(
    given_units: list[tuple[int, bool, int, int, bytes]],
) -> None:
    """The writer may trust it instead of asking the file."""
    fresh = sealer()
    handed = fresh.offset + len(fresh.begin_run(3, 9, b"config"))
    assert fresh.offset == handed
    for number, unit in enumerate(given_units, start=1):
        record, sealed = fresh.seal_unit(*unit)
        handed += len(record) + len(sealed)
        assert (fresh.offset, fresh.unit, fresh.run) == (handed, number, 0)
    digest = fresh.end_run()
    assert (digest.offset, digest.length) == (104, handed - 104)
    assert (digest.units, digest.first_pts) == (len(given_units), given_units[0][2])


def test_a_run_begins_after_the_last_has_ended() -> None:
    """And ends once, with at least one unit, before its key is forgotten."""
    fresh = sealer()
    for early in (
        fresh.end_run,
        lambda: fresh.run_key,
        lambda: fresh.seal_unit(*UNIT),
    ):
        with pytest.raises(ConflictError, match="begin one"):
            early()
    fresh.begin_run(1, 0, b"")
    with pytest.raises(ConflictError, match="in progress"):
        fresh.begin_run(1, 0, b"")
    with pytest.raises(ConflictError, match="no unit"):
        fresh.end_run()
    fresh.seal_unit(*UNIT)
    fresh.end_run()
    with pytest.raises(ConflictError):
        fresh.end_run()
    assert (fresh.run, fresh.unit) == (0, 0)


def test_a_segment_begins_with_a_keyframe() -> None:
    """Otherwise nobody could begin to decode it."""
    with pytest.raises(InvalidError, match="keyframe"):
        sealer().begin_run(0, 0, None)


def test_time_does_not_go_back_inside_a_segment() -> None:
    """A leaf before the last one means the clock is broken; a new period is due."""
    fresh = sealer()
    fresh.begin_run(5, 0, b"")
    fresh.seal_unit(*UNIT)
    fresh.end_run()
    with pytest.raises(ConflictError, match="new period"):
        fresh.begin_run(4, 0, None)
    with pytest.raises(InvalidError, match="outside"):
        fresh.begin_run(LEAVES, 0, None)
    assert fresh.begin_run(5, 0, None)


def test_a_track_beyond_4_bits_is_refused() -> None:
    """It would spill into the flags."""
    fresh = sealer()
    fresh.begin_run(0, 0, b"")
    for track in (-1, 16):
        with pytest.raises(InvalidError, match="track"):
            fresh.seal_unit(track, *UNIT[1:])


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_units_come_in_any_kind_of_bytes(kind: type[bytes]) -> None:
    """A reader's reused buffer need not be copied first."""
    fresh = sealer()
    file = bytearray(104)
    file += fresh.begin_run(0, 0, b"")
    key = fresh.run_key
    file += b"".join(fresh.seal_unit(*UNIT[:4], kind(b"some bytes")))
    assert open_run(HEADER, bytes(file[104:]), key).units[0].data == b"some bytes"


@given(segments())
def test_sealing_adds_exactly_what_the_page_says(sealed: Sealed) -> None:
    """104 bytes a segment, 54 a run, 38 a unit and 16 a configuration, and no more."""
    runs = scan(sealed.file).runs
    plain = 0
    for digest, key in zip(sealed.digests, sealed.keys, strict=True):
        opened = open_run(sealed.header, sealed.run_bytes(digest.run), key)
        plain += sum(len(unit.data) for unit in opened.units)
        plain += len(opened.config or b"")
    count = sum(run.units for run in runs)
    configs = sum(run.record.key for run in runs)
    assert len(sealed.file) - plain == 104 + 54 * len(runs) + 38 * count + 16 * configs
