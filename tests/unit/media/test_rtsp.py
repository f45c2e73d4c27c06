"""RTSP, SDP and logins as cameras really speak them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.media.audio import AudioFormat
from handfast.media.faults import CameraFaultError, MediaFormatError
from handfast.media.rtp import (
    interleave,
    is_picture_loss,
    payload_range,
    picture_loss,
    sender_report,
)
from handfast.media.rtsp import parse_message, request, track_url
from handfast.media.rtsp_auth import Authenticator, Credentials
from handfast.media.rtsp_session import RtspSession
from handfast.media.sdp import MediaLine, parameter_sets, parse_sdp
from handfast.media.sim_player import sender_report as made_report

AXIS_LIKE = b"""v=0
o=- 1188340656180883 1 IN IP4 192.168.0.90
s=Session streamed with GStreamer
c=IN IP4 0.0.0.0
t=0 0
a=type:broadcast
a=control:rtsp://192.168.0.90/axis-media/media.amp?videocodec=h264
a=range:npt=now-
m=video 0 RTP/AVP 96
b=AS:50000
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z00AKeKQDwBE/LgLcBAQGkHiRFQ=,aO48gA==
a=control:rtsp://192.168.0.90/axis-media/media.amp/stream=0?videocodec=h264
m=audio 0 RTP/AVP 97
a=rtpmap:97 MPEG4-GENERIC/16000/1
a=fmtp:97 mode=AAC-hbr;config=1408;sizeLength=13;indexLength=3;indexDeltaLength=3;
a=control:trackID=2
m=application 0 RTP/AVP 98
a=rtpmap:98 vnd.onvif.metadata/90000
a=control:trackID=3
"""
RFC = Credentials(user="Mufasa", password="Circle of Life")
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CLIENT = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def test_a_real_description_is_understood() -> None:
    """Tracks, codings, parameters that hold `=`, absolute addresses."""
    session = parse_sdp(AXIS_LIKE)
    video, audio, other = session.media
    assert (video.kind, video.encoding, video.payload_type) == ("video", "H264", 96)
    sps, pps = parameter_sets(video.fmtp["sprop-parameter-sets"])
    assert (sps[0], pps[0]) == (0x67, 0x68)
    assert (audio.encoding, audio.clock_rate, audio.channels) == ("MPEG4-GENERIC", 16000, 1)
    assert other.encoding == "VND.ONVIF.METADATA"
    assert AudioFormat(audio).config.extradata == bytes.fromhex("1408")


@pytest.mark.parametrize(
    ("base", "control", "expected"),
    [
        ("rtsp://c/live", "trackID=1", "rtsp://c/live/trackID=1"),
        ("rtsp://c/live/", "trackID=1", "rtsp://c/live/trackID=1"),
        ("rtsp://c/live", "*", "rtsp://c/live"),
        ("rtsp://c/live", "", "rtsp://c/live"),
        ("rtsp://c/live", "rtsp://c/other/1", "rtsp://c/other/1"),
        ("rtsp://c/live?ch=1", "trackID=1", "rtsp://c/live?ch=1/trackID=1"),
        ("rtsp://c/live/", "/abs/1", "rtsp://c/abs/1"),
    ],
)
def test_track_addresses_are_built_as_cameras_expect(
    base: str, control: str, expected: str
) -> None:
    """Appended even when the base has no slash at its end."""
    assert track_url(base, control) == expected


@given(st.integers(0, 90))
def test_a_message_is_complete_or_waited_for(cut: int) -> None:
    """However it is cut, the rest is asked for and the bytes after it are left alone."""
    message = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nwww-authenticate: a\r\nWWW-Authenticate: b\r\n"
    message += b"Content-Length: 4\r\n\r\nbody"
    assert parse_message(message[: min(cut, len(message) - 1)]) is None
    parsed = parse_message(message + b"$\0\0\1x")
    assert parsed is not None
    answer, used = parsed
    assert used == len(message)
    assert (answer.status, answer.header("cseq"), answer.body) == (200, "3", b"body")
    assert answer.headers["www-authenticate"] == ("a", "b")


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_digests_are_those_of_the_standard(algorithm: str, response: str) -> None:
    """The example of RFC 7616 section 3.9.1."""
    login = Authenticator(RFC, client_nonce=CLIENT)
    realm = 'Digest realm="http-auth@example.org", qop="auth, auth-int"'
    challenge = (
        f'{realm}, algorithm={algorithm}, nonce="{NONCE}", opaque="FQhe/qaU925kfnzjCev0"'
    )
    login.challenge([challenge])
    header = login.header("GET", "/dir/index.html")["Authorization"]
    assert f'response="{response}"' in header
    assert 'nc=00000001, cnonce="' in header
    assert "nc=00000002" in login.header("GET", "/dir/index.html")["Authorization"]


def test_the_strongest_login_offered_is_used() -> None:
    """SHA-256 before MD5 before Basic; an old digest without qop works too (RFC 2069)."""
    md5, sha, basic = (
        f'Digest realm="r", nonce="n", algorithm={a}' for a in ("MD5", "SHA-256", "x")
    )
    login = Authenticator(RFC, client_nonce="c")
    login.challenge(['Basic realm="r"', md5, sha])
    assert "algorithm=SHA-256" in login.header("PLAY", "u")["Authorization"]
    login.challenge(['Basic realm="r"', 'Digest realm="r", nonce="n"'])
    assert "qop" not in login.header("PLAY", "u")["Authorization"]
    login.challenge(['Basic realm="r"'])
    assert login.header("PLAY", "u")["Authorization"].startswith("Basic ")
    with pytest.raises(MediaFormatError, match="none is known"):
        login.challenge([basic, "NTLM"])


def test_sender_reports_and_keyframe_requests_travel() -> None:
    """RTCP as both sides write it."""
    framed = made_report(1_700_000_000_500_000, ssrc=5, timestamp=90)
    report = sender_report(framed[4:])
    assert report is not None
    assert (report.ssrc, report.timestamp) == (5, 90)
    assert abs(report.camera_us - 1_700_000_000_500_000) <= 1
    loss = picture_loss(1, 2)
    assert is_picture_loss(loss)
    assert not is_picture_loss(framed[4:])
    assert interleave(3, loss)[:4] == b"$\3\0" + bytes((len(loss),))


def aac() -> AudioFormat:
    """Return the sound of a camera that an SDP described (RFC 3640, 3.3.6)."""
    fmtp = {
        "mode": "AAC-hbr",
        "config": "1408",
        "sizelength": "13",
        "indexlength": "3",
        "indexdeltalength": "3",
    }
    media = MediaLine(
        kind="audio", payload_type=97, encoding="MPEG4-GENERIC", clock_rate=16000, fmtp=fmtp
    )
    return AudioFormat(media)


def test_aac_packets_hold_several_frames() -> None:
    """RFC 3640: header lengths in bits, sizes, then the frames one after the other."""
    audio = aac()
    packet = (
        bytes.fromhex("0020")
        + (3 << 3).to_bytes(2, "big")
        + (2 << 3).to_bytes(2, "big")
        + b"abcde"
    )
    assert audio.frames(packet) == [(0, b"abc"), (1024, b"de")]
    assert audio.frames(packet[:-1]) == [(0, b"abc")]
    with pytest.raises(MediaFormatError):
        audio.frames(b"\xff\xff")


@given(st.binary(max_size=600))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    """Messages, descriptions, reports and audio from a hostile camera."""
    for prefix in (b"", b"RTSP/1.0 200 OK\r\n", b"v=0\r\n"):
        with contextlib.suppress(MediaFormatError):
            parse_message(prefix + data)
        with contextlib.suppress(MediaFormatError):
            parse_sdp(prefix + data)
    with contextlib.suppress(MediaFormatError):
        start, stop = payload_range(memoryview(b"\xbf" + data))
        assert 12 <= start <= stop <= len(data) + 1
    sender_report(data)
    is_picture_loss(data)
    audio = aac()
    with contextlib.suppress(MediaFormatError):
        audio.frames(data)


@given(st.lists(st.binary(max_size=120), max_size=8))
def test_any_answers_lead_on_or_to_a_reason(bodies: list[bytes]) -> None:
    """Whatever a camera answers, the session asks on or names a fault."""
    session = RtspSession("rtsp://camera/live", Authenticator(RFC, client_nonce="c"))
    asked = session.start()
    assert asked.startswith(b"OPTIONS rtsp://camera/live RTSP/1.0\r\nCSeq: 1\r\n")
    with contextlib.suppress(CameraFaultError, MediaFormatError):
        for body in bodies:
            parsed = parse_message(b"RTSP/1.0 200 OK\r\n" + body + b"\r\n\r\n")
            if parsed:
                session.receive(parsed[0])
    assert request("PLAY", "u", {"A": "b"}) == b"PLAY u RTSP/1.0\r\nA: b\r\n\r\n"
