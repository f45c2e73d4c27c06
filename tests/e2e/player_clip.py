"""A sealed clip for the player: H.264 with its picture numbers in sight, as a node keeps it."""

import io
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

import av
import msgspec
import numpy as np

from handfast.kit.encoding import Json, b64
from handfast.media.h264 import PPS, SPS, avcc
from handfast.model.media import Rendition, Stream
from handfast.protocol.signing import statement_bytes
from handfast.protocol.statements import Manifest, ManifestRun
from handfast.seal.close import SegmentSealer, encode_config
from handfast.seal.format import Codec, RunDigest, SegmentHeader, TrackConfig, encode_header
from handfast.seal.identity import SigningKey, sign_statement
from handfast.seal.keytree import LeafWalker, cover

RATE = 25
TICKS = 90_000 // RATE
PICTURE_US = 1_000_000 // RATE
BITS = 16
BAR_HEIGHT = 64  # px
START_US = 1_790_000_000_000_000
FIRST_LEAF = 100

OWNER = UUID("01900000-0000-7000-8000-000000000001")
NODE = UUID("01900000-0000-7000-8000-000000000003")
CAMERA = UUID("01900000-0000-7000-8000-000000000004")
GRANT = UUID("01900000-0000-7000-8000-000000000007")
PERIOD, SEGMENT, ROOT = bytes([1]) * 16, bytes([2]) * 16, bytes(range(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One access unit: NAL units with 4-byte lengths; times in ticks of 90 kHz."""

    key: bool
    pts: int
    dts: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedClip:
    """A segment file, and what the page is told of it."""

    file: bytes
    described: dict[str, Json]


def _picture(number: int, texture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Draw picture `number`: a moving texture, its number in bars above it."""
    picture = np.roll(texture, (number * 2, number * 5), axis=(0, 1)).copy()
    bits = [number >> (BITS - 1 - bit) & 1 for bit in range(BITS)] + [1, 0]
    bar = width // len(bits)
    for index, bit in enumerate(bits):
        picture[:BAR_HEIGHT, index * bar : (index + 1) * bar] = 235 if bit else 20
    return picture[:height, :width]


def encode(
    pictures: int, *, width: int, height: int, group: int, b_pictures: int = 2
) -> tuple[bytes, list[Unit]]:
    """Encode numbered pictures; return the avcC record and the units in decoding order."""
    soft = np.random.default_rng(1).integers(
        0, 255, (height // 8, width // 8, 3), dtype=np.uint8
    )
    texture = np.kron(soft, np.ones((8, 8, 1), dtype=np.uint8))
    container = av.open(io.BytesIO(), "w", format="null")
    stream = container.add_stream("libx264", rate=RATE)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.bit_rate = 2 * width * height
    context = stream.codec_context
    context.gop_size, context.time_base = group, Fraction(1, 90_000)
    context.options = {
        "preset": "veryfast",
        "bf": str(b_pictures),
        "sc_threshold": "0",
        "threads": "2",
    }
    units: list[Unit] = []
    sets: dict[int, bytes] = {}
    for number in range(pictures + 1):
        frame = None
        if number < pictures:
            image = _picture(number, texture, width, height)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number * TICKS, Fraction(1, 90_000)
        for packet in context.encode(frame):
            nals = _split(bytes(packet))
            sets |= {nal[0] & 31: nal for nal in nals if nal[0] & 31 in (SPS, PPS)}
            data = b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)
            pts, dts = packet.pts or 0, packet.dts or 0
            units.append(Unit(key=packet.is_keyframe, pts=pts, dts=dts, data=data))
    return avcc([sets[SPS]], [sets[PPS]]), units


def _split(annex_b: bytes) -> list[bytes]:
    """Split at start codes (ITU-T H.264 annex B)."""
    parts = annex_b.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return [part for part in parts if part]


def seal(
    record: bytes, units: list[Unit], *, width: int, height: int, key: SigningKey
) -> SealedClip:
    """Seal units the way a node does: a run per group and second, a signed manifest."""
    header = SegmentHeader(
        stream=Stream.MAIN,
        rendition=Rendition.CLEAR,
        owner=OWNER,
        camera=CAMERA,
        period=PERIOD,
        segment=SEGMENT,
        period_start_us=START_US - FIRST_LEAF * 1_000_000,
        start_us=START_US,
    )
    track = TrackConfig(
        track=0,
        codec=Codec.H264,
        clock_rate=90_000,
        width=width,
        height=height,
        extradata=record,
    )
    sealer = SegmentSealer(header, LeafWalker(ROOT).leaf)
    out, digests = [encode_header(header)], []
    leaf_now = -1
    for index, unit in enumerate(units):
        leaf = FIRST_LEAF + index // RATE
        if unit.key or leaf != leaf_now:
            digests += [sealer.end_run()] if index else []
            config = encode_config([track]) if unit.key else None
            # The wall clock follows the pictures' own times, as with a camera without jitter.
            out.append(sealer.begin_run(leaf, START_US + unit.pts * 100 // 9, config))
            leaf_now = leaf
        out.extend(sealer.seal_unit(0, unit.key, unit.pts, unit.dts, unit.data))
    digests.append(sealer.end_run())
    file = b"".join(out)
    return SealedClip(
        file=file, described=_describe(digests, len(units), len(file), record, key)
    )


def _describe(
    digests: list[RunDigest], pictures: int, length: int, record: bytes, key: SigningKey
) -> dict[str, Json]:
    """Write what the page reads: manifest, covers, grant."""
    until_us = START_US + pictures * PICTURE_US
    starts = [digest.start_us for digest in digests[1:]] + [until_us]
    runs = [
        ManifestRun(
            run=digest.run,
            key=digest.key,
            leaf=digest.leaf,
            start_us=digest.start_us,
            end_us=max(end_us, digest.start_us + 1),
            offset=digest.offset,
            length=digest.length,
            units=digest.units,
            first_pts=digest.first_pts,
            sha256=b64(digest.sha256),
        )
        for digest, end_us in zip(digests, starts, strict=True)
    ]
    manifest = Manifest(
        suite=1,
        owner=str(OWNER),
        node=str(NODE),
        camera=str(CAMERA),
        stream=Stream.MAIN,
        rendition=Rendition.CLEAR,
        period=b64(PERIOD),
        period_start_us=START_US - FIRST_LEAF * 1_000_000,
        segment=b64(SEGMENT),
        predecessor=None,
        start_us=START_US,
        end_us=until_us,
        bytes=length,
        recovered=False,
        lost_units=0,
        runs=runs,
    )
    envelope = sign_statement("manifest", statement_bytes(manifest), key)
    nodes = cover(ROOT, FIRST_LEAF, digests[-1].leaf + 1)
    return {
        "nodeKey": b64(key.public),
        "grant": _grant(until_us),
        "covers": [
            {"period": b64(PERIOD), "nodes": [[n.depth, n.index, b64(n.key)] for n in nodes]}
        ],
        "recordings": {"manifests": [msgspec.to_builtins(envelope)], "open": []},
        "startUs": START_US,
        "pictures": pictures,
        "avcC": b64(record),
    }


def _grant(until_us: int) -> dict[str, Json]:
    return {
        "id": str(GRANT),
        "camera": str(CAMERA),
        "stream": "main",
        "view": "recorded",
        "rendition": "clear",
        "since_us": START_US,
        "until_us": until_us + 3_600_000_000,
        "from_us": START_US,
        "range_until_us": until_us,
    }
