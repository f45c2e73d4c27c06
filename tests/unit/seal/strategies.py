"""Headers, records and sealed segments for properties to be tried on."""

from dataclasses import dataclass

from hypothesis import strategies as st

from handfast.model.media import Rendition, Stream
from handfast.seal.close import SegmentSealer
from handfast.seal.format import (
    RunDigest,
    RunRecord,
    SegmentHeader,
    UnitRecord,
    encode_header,
)
from handfast.seal.keytree import LEAVES, LeafWalker

ROOT = bytes(range(32))
u32 = st.integers(0, (1 << 32) - 1)
u64 = st.integers(0, (1 << 64) - 1)
i64 = st.integers(-(1 << 63), (1 << 63) - 1)
id16 = st.binary(min_size=16, max_size=16)
leaves = st.integers(0, LEAVES - 1)

headers = st.builds(
    SegmentHeader,
    stream=st.sampled_from(Stream),
    rendition=st.sampled_from(Rendition),
    owner=st.uuids(),
    camera=st.uuids(),
    period=id16,
    segment=id16,
    period_start_us=u64,
    start_us=u64,
    predecessor=id16,
)
unit_records = st.builds(
    UnitRecord,
    track=st.integers(0, 15),
    key=st.booleans(),
    length=st.integers(16, (1 << 32) - 1),
    pts=i64,
    dts=i64,
)


@st.composite
def run_records(draw: st.DrawFn) -> RunRecord:
    """Draw a run record that does not contradict itself."""
    key = draw(st.booleans())
    return RunRecord(
        key=key,
        leaf=draw(leaves),
        run=draw(u32),
        start_us=draw(u64),
        commitment=draw(st.binary(min_size=32, max_size=32)),
        config_length=draw(st.integers(16, (1 << 32) - 1)) if key else 0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A sealed segment with everything known about it."""

    header: SegmentHeader
    file: bytes
    keys: tuple[bytes, ...]
    digests: tuple[RunDigest, ...]

    def run_bytes(self, run: int) -> bytes:
        """Return a run exactly as it stands in the file."""
        digest = self.digests[run]
        return self.file[digest.offset : digest.offset + digest.length]


units = st.tuples(st.sampled_from([0, 1]), st.booleans(), i64, i64, st.binary(max_size=40))


@st.composite
def segments(draw: st.DrawFn) -> Sealed:
    """Draw a sealed segment of 1 to 4 runs with 1 to 4 units each."""
    header = draw(headers)
    sealer = SegmentSealer(header, LeafWalker(ROOT).leaf)
    parts, keys, digests = [encode_header(header)], [], []
    leaf = draw(st.integers(0, 1000))
    for run in range(draw(st.integers(1, 4))):
        key = run == 0 or draw(st.booleans())
        leaf += draw(st.integers(0, 2))
        parts.append(sealer.begin_run(leaf, draw(u64), b"configuration" if key else None))
        keys.append(sealer.run_key)
        for unit in draw(st.lists(units, min_size=1, max_size=4)):
            parts.extend(sealer.seal_unit(*unit))
        digests.append(sealer.end_run())
    return Sealed(header=header, file=b"".join(parts), keys=tuple(keys), digests=tuple(digests))
