"""The scan finds what is whole, whatever happened to the file."""

import mmap
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from handfast.seal.format import RunRecord, digest_runs, encode_header, encode_run, scan
from tests.golden.segment.sample import HEADER
from tests.unit.seal.strategies import Sealed, segments


@given(segments())
def test_a_whole_file_gives_the_sealers_digests(sealed: Sealed) -> None:
    """The start-up scan and the sealer say the same of each run."""
    result = scan(sealed.file)
    assert (result.header, result.torn, result.end) == (sealed.header, None, len(sealed.file))
    assert digest_runs(sealed.file, result.runs) == sealed.digests


@given(segments(), st.data())
def test_a_cut_file_keeps_every_whole_record_before_the_cut(
    sealed: Sealed, data: st.DataObject
) -> None:
    """Cut anywhere, the scan keeps a prefix that is itself a whole file."""
    cut = data.draw(st.integers(0, len(sealed.file)))
    result = scan(sealed.file[:cut])
    assert result.end <= cut
    whole = [digest for digest in sealed.digests if digest.offset + digest.length <= cut]
    assert digest_runs(sealed.file, result.runs)[: len(whole)] == tuple(whole)
    if result.header is not None:
        again = scan(sealed.file[: result.end])
        assert (again.runs, again.end, again.torn) == (result.runs, result.end, None)


@given(segments(), st.data())
def test_a_changed_byte_never_yields_more_than_was_there(
    sealed: Sealed, data: st.DataObject
) -> None:
    """Any byte flipped: no exception, and what is found lies inside the file."""
    changed = bytearray(sealed.file)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    result = scan(changed)
    assert 0 <= result.end <= len(changed)
    end = 104
    for found in result.runs:
        assert found.offset == end
        assert found.units > 0
        end = found.offset + found.length
    assert result.header is None or result.end == end


@given(st.binary(max_size=300))
@example(encode_header(HEADER))
@example(encode_header(HEADER) + b"U" * 100)
@example(encode_header(HEADER) + bytes(4096))
@example(encode_header(HEADER) + b"R\x01" + b"\xff" * 60)
def test_noise_is_scanned_without_complaint(noise: bytes) -> None:
    """Noise alone or behind a good header: a result comes back, never an exception."""
    for data in (noise, encode_header(HEADER) + noise):
        result = scan(data)
        assert result.end <= len(data)
        assert result.runs == () or result.header is not None


@given(segments())
def test_a_run_that_repeats_is_not_taken_twice(sealed: Sealed) -> None:
    """Bytes of an older run behind the end do not pass for a new one."""
    result = scan(sealed.file + sealed.run_bytes(0))
    assert result.end == len(sealed.file)
    assert result.torn is not None


@given(segments())
def test_a_run_out_of_time_is_not_taken(sealed: Sealed) -> None:
    """A run of the right number, but of an earlier second, ends the scan."""
    last = scan(sealed.file).runs[-1]
    if last.record.leaf == 0:
        return
    earlier = RunRecord(
        key=False,
        leaf=last.record.leaf - 1,
        run=last.record.run + 1,
        start_us=0,
        commitment=bytes(32),
        config_length=0,
    )
    unit = sealed.file[-(last.length) :]
    result = scan(sealed.file + encode_run(earlier) + unit)
    assert result.end == len(sealed.file)
    assert "back in time" in (result.torn or "")


def test_a_run_without_units_is_cut_off() -> None:
    """A record that was written just before the power went says nothing yet."""
    record = RunRecord(
        key=True, leaf=0, run=0, start_us=0, commitment=bytes(32), config_length=16
    )
    result = scan(encode_header(HEADER) + encode_run(record) + bytes(16))
    assert (result.runs, result.end) == ((), 104)
    assert "no whole unit" in (result.torn or "")


def test_a_mapped_file_is_scanned_in_place(tmp_path: Path) -> None:
    """The start-up scan maps files instead of reading them."""
    file = Path("tests/golden/segment/two-groups.hfsg").read_bytes()
    path = tmp_path / "segment"
    path.write_bytes(file)
    with (
        path.open("rb") as opened,
        mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as area,
        memoryview(area) as view,
    ):
        mapped = scan(view)
        digests = digest_runs(view, mapped.runs)
    assert mapped == scan(file)
    assert digests == digest_runs(file, mapped.runs)
