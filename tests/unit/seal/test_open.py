"""Opening refuses whatever is not exactly what was sealed."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.kit.errors import CorruptError, HandfastError
from handfast.model.media import Rendition, Stream
from handfast.seal.format import SegmentHeader
from handfast.seal.open import OpenError, authentic_length, open_run
from tests.golden.segment.sample import HEADER, RUNS, seal_sample
from tests.unit.seal.strategies import Sealed, segments

# Of the run record, the tags do not hold these; the run hash of the manifest does.
ONLY_THE_HASH_HOLDS = range(10, 18)  # start_us


@given(segments(), st.data())
def test_any_flipped_bit_of_a_run_is_refused(sealed: Sealed, data: st.DataObject) -> None:
    """In record, configuration, unit record, ciphertext or tag; by hash always."""
    run = data.draw(st.integers(0, len(sealed.digests) - 1))
    changed = bytearray(sealed.run_bytes(run))
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(OpenError):
        open_run(
            sealed.header, bytes(changed), sealed.keys[run], sha256=sealed.digests[run].sha256
        )
    if at not in ONLY_THE_HASH_HOLDS:
        with pytest.raises(CorruptError):
            open_run(sealed.header, bytes(changed), sealed.keys[run])


@pytest.mark.parametrize(
    "header",
    [
        replace(HEADER, owner=UUID(int=1)),
        replace(HEADER, camera=UUID(int=1)),
        replace(HEADER, period=bytes(16)),
        replace(HEADER, segment=bytes(16)),
        replace(HEADER, stream=Stream.SUB),
        replace(HEADER, rendition=Rendition.REDACTED),
    ],
)
def test_a_run_opens_only_in_its_own_place(header: SegmentHeader) -> None:
    """With its key, but under another owner, camera, period, segment, stream or rendition."""
    sample = seal_sample()
    part = sample.file[sample.digests[0].offset :][: sample.digests[0].length]
    assert open_run(HEADER, part, sample.keys[0]).units
    with pytest.raises(OpenError):
        open_run(header, part, sample.keys[0])


@given(segments(), st.data())
def test_a_cut_run_opens_no_more_than_its_whole_units(
    sealed: Sealed, data: st.DataObject
) -> None:
    """Cut between units the tags cannot know; the hash does, and the length is told."""
    part, key = sealed.run_bytes(0), sealed.keys[0]
    cut = data.draw(st.integers(54, len(part) - 1))
    with pytest.raises(OpenError):
        open_run(sealed.header, part[:cut], key, sha256=sealed.digests[0].sha256)
    length, units = authentic_length(sealed.header, part[:cut], key)
    assert length <= cut
    assert units < sealed.digests[0].units
    if units:
        assert len(open_run(sealed.header, part[:length], key).units) == units


@given(segments(), st.data())
def test_the_authentic_length_ends_before_the_first_lost_byte(
    sealed: Sealed, data: st.DataObject
) -> None:
    """A disk that kept the records and lost some ciphertext is found out."""
    part, key = bytearray(sealed.run_bytes(0)), sealed.keys[0]
    whole = authentic_length(sealed.header, bytes(part), key)
    assert whole == (len(part), sealed.digests[0].units)
    at = data.draw(st.integers(54, len(part) - 1))
    part[at] ^= 1
    length, units = authentic_length(sealed.header, bytes(part), key)
    assert length <= at
    assert units < sealed.digests[0].units


def test_the_key_of_another_run_is_refused_before_the_first_unit() -> None:
    """The commitment names the key, because AES-GCM does not."""
    sample = seal_sample()
    part = sample.file[sample.digests[0].offset :][: sample.digests[0].length]
    with pytest.raises(OpenError, match="run 0"):
        open_run(HEADER, part, sample.keys[1])
    assert authentic_length(HEADER, part, sample.keys[1]) == (0, 0)


@given(st.binary(max_size=200))
def test_noise_is_refused_with_our_error(noise: bytes) -> None:
    """Whatever is handed in as a run."""
    sample = seal_sample()
    with pytest.raises(HandfastError):
        open_run(HEADER, noise, sample.keys[0])


def test_pixels_do_not_show_when_a_run_is_printed() -> None:
    """A log line with an opened run in it gives nothing away."""
    sample = seal_sample()
    part = sample.file[sample.digests[0].offset :][: sample.digests[0].length]
    assert str(RUNS[0].units[0].data) not in repr(open_run(HEADER, part, sample.keys[0]))
