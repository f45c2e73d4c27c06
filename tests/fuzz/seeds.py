"""Valid inputs to begin from: a fuzzer that starts inside the grammar gets further."""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import msgspec

from handfast.audit.leaf import Opening, leaf_data
from handfast.audit.note import Checkpoint, sign_checkpoint
from handfast.audit.proof import make_proof
from handfast.audit.tree import leaf_hash
from handfast.media.packetize import fragments
from handfast.media.rtp import interleave
from handfast.media.units import Codec
from handfast.protocol.signing import sign, statement_bytes
from handfast.protocol.wire import Attach
from handfast.seal.frames import (
    FrameType,
    KeyFrame,
    encode_key_frame,
    encode_run_frame,
    encode_segment_frame,
    encode_statement_frame,
)
from handfast.seal.records import HEADER_BYTES, RUN_BYTES, decode_header, decode_run
from tests.fuzz.targets import KEY, LOG, MESSAGES, STATEMENTS
from tests.golden.protocol.samples import SAMPLES
from tests.unit.media.rig import aggregate

SEGMENT = Path(__file__).parents[1] / "golden" / "segment" / "two-groups.hfsg"
H264_SPS = bytes.fromhex("67640028acd940780227e5c05a808080a0000003002000000651e30632c0")
H265_SPS = bytes.fromhex(
    "420101016000000300900000030000030078a003c08010e5965bb929308104000003000400000300640800"
)
SDP = b"""v=0\r
o=- 0 0 IN IP4 127.0.0.1\r
s=camera\r
t=0 0\r
a=control:*\r
m=video 0 RTP/AVP 96\r
a=rtpmap:96 H264/90000\r
a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z2QAKKzZQHgCJ+XAWoCAgKA=,aOvjyyLA\r
a=control:track1\r
m=audio 0 RTP/AVP 97\r
a=rtpmap:97 MPEG4-GENERIC/48000/2\r
a=fmtp:97 streamtype=5;mode=AAC-hbr;config=1190;sizelength=13;indexlength=3\r
a=control:track2\r
"""
ANSWER = b"""RTSP/1.0 401 Unauthorized\r
CSeq: 2\r
WWW-Authenticate: Digest realm="camera", nonce="abc", qop="auth", algorithm=MD5\r
WWW-Authenticate: Basic realm="camera"\r
Content-Length: 3\r
\r
sdp"""


def rtp(payload: bytes, *, number: int, marker: bool = False, channel: int = 0) -> bytes:
    """Return an interleaved RTP packet, as the second picture of a camera."""
    head = bytes((0x80, 96 | marker << 7)) + number.to_bytes(2, "big")
    return interleave(channel, head + (3600).to_bytes(4, "big") + b"ssrc" + payload)


def picture(codec: Codec) -> bytes:
    """Return parameter sets and a fragmented key picture, as packets of one camera."""
    sps, pps = (H264_SPS, b"\x68\xeb\xe3") if codec is Codec.H264 else (H265_SPS, b"\x44\x01")
    key = (b"\x65" if codec is Codec.H264 else b"\x26\x01") + bytes(range(1, 100))
    payloads = [aggregate(codec, [sps, pps]), *fragments(codec, key, most=40)]
    packets = [
        rtp(payload, number=number, marker=number == len(payloads) - 1)
        for number, payload in enumerate(payloads)
    ]
    return b"".join(packets) + rtp(b"\xff" * 160, number=0, channel=2)


def sender_report() -> bytes:
    """Return an RTCP sender report."""
    return bytes((0x80, 200, 0, 6)) + b"ssrc" + bytes(20)


def live_frames() -> list[bytes]:
    """Return a frame of each type that can be made without sealing."""
    file = SEGMENT.read_bytes()
    run = file[HEADER_BYTES:]
    config_length = decode_run(run).config_length
    key = KeyFrame(
        grant=UUID(int=7), segment=b"s" * 16, run=3, leaf=4, counter=5, wrapped=b"w" * 48
    )
    return [
        encode_segment_frame(decode_header(file)),
        encode_run_frame(b"s" * 16, run[:RUN_BYTES]) + bytes(config_length),
        encode_statement_frame(FrameType.WINDOW, b"{}"),
        encode_key_frame(key),
    ]


def log_proof() -> bytes:
    """Return a proof of the only entry of a log."""
    salt, entry = b"s" * 32, b"{}"
    root = leaf_hash(leaf_data(salt, entry))
    checkpoint = sign_checkpoint(Checkpoint(origin=LOG.name, size=1, root=root), KEY)
    opening = Opening(index=0, salt=salt, entry=entry)
    return msgspec.json.encode(make_proof(opening, checkpoint, ()))


def note() -> bytes:
    """Return a verifier key with a checkpoint that it verifies."""
    checkpoint = Checkpoint(origin=LOG.name, size=42, root=b"r" * 32)
    return f"{LOG.vkey}\n{sign_checkpoint(checkpoint, KEY)}".encode()


def seeds() -> Mapping[str, list[bytes]]:
    """Return valid inputs for each target that has any."""
    return {
        "rtsp_answer": [ANSWER, b"OPTIONS rtsp://a/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"],
        "session_description": [SDP],
        "parameter_sets": [H264_SPS, H265_SPS],
        "rtp_packet": [sender_report(), b"\x80\x60" + bytes(30)],
        "aac_packet": [b"\x00\x10" + (4 << 3).to_bytes(2, "big") + b"aac!"],
        "h264_camera": [picture(Codec.H264)],
        "h265_camera": [picture(Codec.H265)],
        "segment": [SEGMENT.read_bytes()],
        "records": [SEGMENT.read_bytes()[:300]],
        "live_frame": live_frames(),
        "statement": [
            bytes((STATEMENTS.index(type(each)),)) + statement_bytes(each)
            for each in SAMPLES
            if type(each) in STATEMENTS
        ],
        "envelope": [msgspec.json.encode(sign(each, KEY)) for each in SAMPLES[:3]],
        "agreement": [statement_bytes(SAMPLES[-1])],
        "message": [
            bytes((MESSAGES.index(Attach),)) + b'{"grant":"g"}',
            *(bytes((number,)) + b"{}" for number in range(len(MESSAGES))),
        ],
        "signed_note": [note()],
        "log_proof": [log_proof()],
        "base64url": [b"QUJD"],
    }
