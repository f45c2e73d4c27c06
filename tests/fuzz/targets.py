"""What is fuzzed: each target reads bytes and either works or raises a `HandfastError`."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from handfast.audit.note import NoteKey, open_note, parse_checkpoint, parse_vkey
from handfast.audit.proof import Proof, verify_proof
from handfast.kit.encoding import read_json, unb64
from handfast.kit.errors import HandfastError
from handfast.media.audio import AudioFormat
from handfast.media.counters import Counters
from handfast.media.demux import Demux
from handfast.media.h264 import parse_sps as parse_h264_sps
from handfast.media.h265 import parse_sps as parse_h265_sps
from handfast.media.rtp import payload_range, sender_report
from handfast.media.rtsp import parse_message
from handfast.media.rtsp_auth import Authenticator, Credentials
from handfast.media.rtsp_session import OfferedTrack
from handfast.media.sdp import MediaLine, parse_sdp
from handfast.protocol import statements, wire
from handfast.protocol.agreement_document import unverified_agreement
from handfast.protocol.signing import parse, statement_bytes, verify
from handfast.protocol.statements import Statement
from handfast.seal.config import decode_config
from handfast.seal.frames import decode_frame
from handfast.seal.identity import Envelope, SigningKey
from handfast.seal.records import decode_header, decode_run, decode_unit
from handfast.seal.scan import digest_runs, scan

Target: TypeAlias = Callable[[bytes], None]

KEY = SigningKey.from_bytes(b"k" * 32)
LOG = NoteKey(name="log.example", public=KEY.public)

STATEMENTS = [
    each
    for each in vars(statements).values()
    if isinstance(each, type) and issubclass(each, Statement) and each is not Statement
]
MESSAGES = [
    each
    for each in vars(wire).values()
    if isinstance(each, type) and issubclass(each, msgspec.Struct)
]


def ignore(*_: object) -> None:
    """Take what a reader delivers."""


def demultiplex(data: bytes, *, encoding: str) -> None:
    """Feed the bytes of a playing camera, in one piece and then cut in the middle."""
    video = MediaLine(kind="video", payload_type=96, encoding=encoding, clock_rate=90_000)
    audio = MediaLine(kind="audio", payload_type=0, encoding="PCMU", clock_rate=8000)
    for pieces in ((data,), (data[: len(data) // 2], data[len(data) // 2 :])):
        demux = Demux(Counters(), message=ignore, configure=ignore, deliver=ignore)
        demux.expect(
            [
                OfferedTrack(media=video, channel=0, url="a"),
                OfferedTrack(media=audio, channel=2, url="b"),
            ]
        )
        rest = b""
        for piece in pieces:
            buffer = bytearray(rest + piece)
            used = demux.feed(buffer, memoryview(buffer), len(buffer))
            rest = bytes(buffer[used:])


def h264_camera(data: bytes) -> None:
    """Read a playing H.264 camera."""
    demultiplex(data, encoding="H264")


def h265_camera(data: bytes) -> None:
    """Read a playing H.265 camera."""
    demultiplex(data, encoding="H265")


def rtsp_answer(data: bytes) -> None:
    """Read an RTSP message, and answer its challenge if it has one."""
    parsed = parse_message(data)
    if parsed is not None:
        user = Credentials(user="u", password="p")
        login = Authenticator(user, client_nonce="0123")
        login.challenge(parsed[0].headers.get("www-authenticate", ()))
        login.header("DESCRIBE", "rtsp://camera.example/")


def session_description(data: bytes) -> None:
    """Read an SDP body, and the audio formats it offers."""
    for line in parse_sdp(data).media:
        if line.kind == "audio":
            AudioFormat(line)


def aac_packet(data: bytes) -> None:
    """Split an AAC payload."""
    widths = {"sizelength": "13", "indexlength": "3", "indexdeltalength": "3"}
    fmtp = {"mode": "AAC-hbr", "config": "1190", **widths}
    line = MediaLine(
        kind="audio", payload_type=97, encoding="MPEG4-GENERIC", clock_rate=48_000, fmtp=fmtp
    )
    AudioFormat(line).frames(data)


def parameter_sets(data: bytes) -> None:
    """Read sequence parameter sets of both codecs."""
    for parse_sps in (parse_h264_sps, parse_h265_sps):
        try:
            parse_sps(data)
        except HandfastError:
            continue


def rtp_packet(data: bytes) -> None:
    """Read RTCP, then the header of an RTP packet."""
    sender_report(data)
    payload_range(memoryview(data))


def segment(data: bytes) -> None:
    """Scan a segment file as after a crash; what is found must lie inside."""
    found = scan(data)
    digest_runs(data, found.runs)


def records(data: bytes) -> None:
    """Read the records of a segment where they do not belong."""
    for decode in (decode_header, decode_run, decode_unit, decode_config):
        try:
            decode(data)
        except HandfastError:
            continue


def live_frame(data: bytes) -> None:
    """Read a frame of the live relay."""
    decode_frame(data)


def statement(data: bytes) -> None:
    """Read a statement; what is accepted has exactly one form."""
    if data:
        read = parse(data[1:], STATEMENTS[data[0] % len(STATEMENTS)])
        assert statement_bytes(read) == data[1:]


def envelope(data: bytes) -> None:
    """Verify an envelope from anybody against one trusted key."""
    verify(read_json(data, Envelope), statements.Login, trusted={KEY.fingerprint: KEY.public})


def agreement(data: bytes) -> None:
    """Read an agreement's document."""
    unverified_agreement(data)


def message(data: bytes) -> None:
    """Decode a message between node and hub."""
    if data:
        read_json(data[1:], MESSAGES[data[0] % len(MESSAGES)])


def signed_note(data: bytes) -> None:
    """Read a verifier key, a note and a checkpoint."""
    text = data.decode("utf-8", "replace")
    vkey, _, note = text.partition("\n")
    lines = note.split("\n")
    if len(lines) > len(("origin", "size", "root")):
        parse_checkpoint(lines)
    open_note(note, [parse_vkey(vkey)])


def log_proof(data: bytes) -> None:
    """Verify a proof from anybody."""
    verify_proof(read_json(data, Proof), LOG.vkey)


def base64url(data: bytes) -> None:
    """Decode text."""
    unb64(data.decode("utf-8", "replace"))


TARGETS: Mapping[str, Target] = {
    each.__name__: each
    for each in (
        *(rtsp_answer, session_description, parameter_sets, rtp_packet, aac_packet),
        *(h264_camera, h265_camera, segment, records, live_frame),
        *(statement, envelope, agreement, message, signed_note, log_proof, base64url),
    )
}


def survives(target: Target, data: bytes) -> bool:
    """Run a target; return whether it took the input. Only a `HandfastError` is a refusal."""
    try:
        target(data)
    except HandfastError:
        return False
    return True
