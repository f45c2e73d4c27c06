"""The sealed segment of the golden vectors: two groups of pictures in three runs.

A second ends inside the first group, so that it has two runs; pictures are in decoding order
with B-pictures; one unit is sound. Everything is made from fixed bytes.
"""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from handfast.model.media import Rendition, Stream
from handfast.seal.close import SegmentSealer, encode_config
from handfast.seal.format import Codec, RunDigest, SegmentHeader, TrackConfig, encode_header
from handfast.seal.keytree import LeafWalker

VIDEO, AUDIO = 0, 1


def fixed(name: str, length: int) -> bytes:
    """Return bytes that anybody can make again: SHAKE-256 of a name."""
    return hashlib.shake_256(name.encode()).digest(length)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleUnit:
    """One access unit before sealing."""

    track: int
    key: bool
    pts: int
    dts: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRun:
    """One run before sealing."""

    leaf: int
    start_us: int
    key: bool
    units: tuple[SampleUnit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSample:
    """The bytes of the segment, and what the sealer said while making it."""

    file: bytes
    keys: tuple[bytes, ...]
    digests: tuple[RunDigest, ...]


def _picture(name: str, *nal_bytes: int) -> bytes:
    nals = [fixed(f"{name}/{index}", size) for index, size in enumerate(nal_bytes)]
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)


def _unit(name: str, track: int, pts: int, dts: int, *sizes: int) -> SampleUnit:
    data = fixed(name, sizes[0]) if track == AUDIO else _picture(name, *sizes)
    return SampleUnit(track=track, key=len(sizes) > 1, pts=pts, dts=dts, data=data)


ROOT = fixed("golden/root", 32)
START_US = 1_767_225_600_000_000  # 2026-01-01
HEADER = SegmentHeader(
    stream=Stream.MAIN,
    rendition=Rendition.CLEAR,
    owner=UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
    camera=UUID("01890a5d-ac96-774b-bcce-b302099a8058"),
    period=fixed("golden/period", 16),
    segment=fixed("golden/segment", 16),
    period_start_us=START_US,
    start_us=START_US + 41_920_000,
    predecessor=fixed("golden/predecessor", 16),
)
CONFIG = encode_config(
    [
        TrackConfig(
            track=VIDEO,
            codec=Codec.H264,
            clock_rate=90_000,
            width=1920,
            height=1080,
            extradata=bytes.fromhex("0164001fffe1000467640028010004680ee3cb"),
        ),
        TrackConfig(
            track=AUDIO,
            codec=Codec.AAC,
            clock_rate=48_000,
            channels=1,
            extradata=bytes.fromhex("1188"),
        ),
    ]
)
RUNS = (
    SampleRun(
        leaf=41,
        start_us=START_US + 41_920_000,
        key=True,
        units=(
            _unit("I0", VIDEO, 7_200, 0, 24, 180),
            _unit("P1", VIDEO, 18_000, 3_600, 90),
        ),
    ),
    SampleRun(
        leaf=42,
        start_us=START_US + 42_000_000,
        key=False,
        units=(
            _unit("b2", VIDEO, 10_800, 7_200, 40),
            _unit("A0", AUDIO, -1_920, -1_920, 64),
            _unit("b3", VIDEO, 14_400, 10_800, 1),
        ),
    ),
    SampleRun(
        leaf=42,
        start_us=START_US + 42_080_000,
        key=True,
        units=(_unit("I4", VIDEO, 21_600, 14_400, 24, 150),),
    ),
)


def seal_sample() -> SealedSample:
    """Seal the sample; the same bytes each time."""
    sealer = SegmentSealer(HEADER, LeafWalker(ROOT).leaf)
    parts = [encode_header(HEADER)]
    keys: list[bytes] = []
    digests: list[RunDigest] = []
    for run in RUNS:
        parts.append(sealer.begin_run(run.leaf, run.start_us, CONFIG if run.key else None))
        keys.append(sealer.run_key)
        for unit in run.units:
            parts.extend(sealer.seal_unit(unit.track, unit.key, unit.pts, unit.dts, unit.data))
        digests.append(sealer.end_run())
    return SealedSample(file=b"".join(parts), keys=tuple(keys), digests=tuple(digests))
