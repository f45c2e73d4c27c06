"""Cameras that misbehave: a reason for each, counted, at nobody else's cost."""

import itertools
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from handfast.kit.errors import InvalidError
from handfast.media.rtp import interleave
from handfast.media.rtsp import parse_message
from handfast.media.rtsp_auth import Credentials
from handfast.media.simulate import SimSettings
from handfast.media.source import CameraSource
from handfast.media.units import AccessUnit, CameraState, Codec, StreamKey
from tests.fakes.steady import HandClock
from tests.unit.media.rig import (
    GATE,
    LARGE_SPS,
    PPS,
    YARD,
    Notes,
    Packets,
    delta_nals,
    joined,
    key_nals,
    made_loop,
    noise,
    reading,
    run_until,
    scripted,
    simulated,
    source,
)

Script = Callable[[socket.socket], None]

SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=0\r\n"
)
WITH_SOUND = SDP + "m=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\n"


def wait_for_end(camera: socket.socket) -> None:
    """Hold the connection until the reader hangs up."""
    while camera.recv(65536):
        pass


def answering(sdp: str, then: Script = wait_for_end, *, status: str = "200 OK") -> Script:
    """Return a camera that speaks RTSP up to PLAY, offers `sdp`, and goes on as told."""

    def script(camera: socket.socket) -> None:
        waiting = b""
        while data := camera.recv(65536):
            waiting += data
            while waiting and (parsed := parse_message(waiting)):
                message, used = parsed
                waiting = waiting[used:]
                head = f"RTSP/1.0 {status}\r\nCSeq: {message.header('cseq')}\r\n"
                body = sdp if message.method == "DESCRIBE" else ""
                if message.method == "SETUP":
                    head += (
                        f"Transport: {message.header('transport')}\r\nSession: 7;timeout=4\r\n"
                    )
                camera.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
                if message.method == "PLAY":
                    then(camera)
                    return

    return script


def sending(data: bytes, then: Script = wait_for_end) -> Script:
    """Return a camera that sends bytes and goes on as told."""

    def script(camera: socket.socket) -> None:
        camera.sendall(data)
        then(camera)

    return script


def hang_up(camera: socket.socket) -> None:
    """End the connection."""
    camera.close()


def first_reason(script: Script, *, wait_s: float = 0.0, after: int = 0) -> str:
    """Read a camera until it fails; let `wait_s` pass once `after` units have come."""
    notes, clock = Notes(), HandClock()
    moved: list[float] = []

    def move() -> None:
        asked = loop.stats()[GATE].counters
        if wait_s and not moved and asked.bytes >= after and notes.states:
            moved.append(wait_s)
            clock.move(wait_s)
        else:
            clock.move(0.002)

    with scripted(script) as port, reading([source(port)], notes, clock) as loop:
        run_until(loop, lambda: notes.reasons(GATE), step=move)
    return notes.reasons(GATE)[0]


H265_LIKE = SDP.replace("H264", "JPEG")
FLOOD = b"".join(interleave(0, noise(n, 80)) for n in range(10_000))

BAD: list[tuple[str, Script, str]] = [
    ("garbage", sending(noise(1, 4000)), "not-rtsp: "),
    ("a web server", sending(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "not-rtsp: "),
    (
        "a header without end",
        sending(b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 9000),
        "not-rtsp: ",
    ),
    (
        "a body beyond measure",
        sending(b"RTSP/1.0 200 OK\r\nContent-Length: 9999999\r\n\r\n"),
        "not-rtsp: ",
    ),
    ("half an SDP", answering(SDP[:60]), "sdp-malformed: "),
    ("an SDP cut in a line", answering(SDP[:-20] + "\r\na"), "sdp-malformed: "),
    ("no SDP", answering(""), "sdp-malformed: "),
    ("the wrong codec", answering(H265_LIKE), "codec-unsupported: camera offers JPEG"),
    (
        "sound alone",
        answering("v=0\r\nm=audio 0 RTP/AVP 0\r\n"),
        "codec-unsupported: camera offers no video",
    ),
    (
        "refusal",
        answering(SDP, status="453 Not Enough Bandwidth"),
        "request-refused: camera answers 453",
    ),
    ("10,000 packets of noise", answering(SDP, sending(FLOOD)), "noise: "),
    ("noise without frames", answering(SDP, sending(noise(2, 3_000_000))), "noise: "),
    ("an early end", hang_up, "closed: "),
    ("an end while playing", answering(SDP, hang_up), "closed: "),
]


@pytest.mark.parametrize(("name", "script", "reason"), BAD, ids=[name for name, _, _ in BAD])
def test_a_camera_that_misbehaves_is_named(name: str, script: Script, reason: str) -> None:
    """A reason that says what happened and what to do."""
    told = first_reason(script)
    assert told.startswith(reason), name
    assert told.count("; ") >= 1


SLOW: list[tuple[str, Script, float, int, str]] = [
    ("nothing at all", wait_for_end, 6.0, 0, "no-answer: "),
    ("silence after PLAY", answering(SDP), 11.0, 375, "silent: "),
    (
        "no keyframe ever",
        answering(SDP, sending(b"".join(Packets().picture(delta_nals(1), 0)))),
        11.0,
        900,
        "no-keyframe: ",
    ),
]


@pytest.mark.parametrize(
    ("name", "script", "wait_s", "after", "reason"), SLOW, ids=[s[0] for s in SLOW]
)
def test_a_camera_that_keeps_us_waiting_is_given_up(
    name: str, script: Script, wait_s: float, after: int, reason: str
) -> None:
    """Five seconds for an answer, ten for a picture."""
    assert first_reason(script, wait_s=wait_s, after=after).startswith(reason), name


def test_nobody_listening_is_unreachable() -> None:
    """A closed port is told at once."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    notes = Notes()
    with reading([source(port)], notes) as loop:
        run_until(loop, lambda: notes.reasons(GATE))
    assert notes.reasons(GATE)[0].startswith("unreachable: 127.0.0.1:")


def test_attempts_are_spaced_further_and_further() -> None:
    """Half a second at first, never more than half a minute, never exactly the same."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    notes, clock = Notes(), HandClock()
    began: list[float] = []

    def move() -> None:
        tries = [state for _, state, _ in notes.states].count(CameraState.CONNECTING)
        if tries > len(began):
            began.append(clock.monotonic())
        clock.move(0.25)

    with reading([source(port)], notes, clock) as loop:
        run_until(loop, lambda: len(began) >= 10, step=move)
        assert loop.stats()[GATE].counters.faults == {"unreachable": pytest.approx(9, abs=1)}
    gaps = [b - a for a, b in itertools.pairwise(began)]
    assert gaps[0] <= 1.5
    assert 15 <= gaps[-1] <= 31
    assert len(set(gaps[-3:])) > 1


def test_a_bad_camera_costs_others_nothing(tmp_path: Path) -> None:
    """A flood, a mute and a dead camera beside a good one: no picture is missing."""
    notes = Notes()
    clip = made_loop(tmp_path, Codec.H264)
    others = [StreamKey(YARD.camera, "sub"), YARD, StreamKey(GATE.camera, "sub")]
    with (
        simulated(SimSettings(count=1, main=[clip], sub=[clip])) as port,
        scripted(answering(SDP, sending(FLOOD))) as flooding,
        scripted(wait_for_end) as mute,
        socket.create_server(("127.0.0.1", 0), backlog=1) as deaf,
    ):
        cameras = [source(port)]
        for key, bad in zip(others, (flooding, mute, deaf.getsockname()[1]), strict=True):
            cameras.append(source(bad, key=key))
        with reading(cameras, notes) as loop:
            run_until(loop, lambda: len(notes.of(GATE)) > 40)
            stats = loop.stats()
    assert stats[GATE].counters.losses == stats[GATE].counters.lost_packets == 0
    assert stats[others[0]].counters.faults["noise"] >= 1


@pytest.mark.parametrize(
    ("sdp", "heard"),
    [(WITH_SOUND, 1), (WITH_SOUND.replace("AVP 0\r\na=control:trackID=1", "AVP 99"), 0)],
    ids=["G.711", "unknown"],
)
def test_unknown_sound_is_left_out_and_known_sound_recorded(sdp: str, heard: int) -> None:
    """Audio never decides whether a camera is recorded."""
    packets, sound = Packets(), Packets(ssrc=8)
    frame = sound.packet(b"\xff" * 160, 4000, marker=True)
    frame = interleave(2, bytes((0x80, 0x80)) + frame[6:])
    data = b"".join(packets.picture(key_nals(0), 900)) + frame
    data += b"".join(packets.picture(delta_nals(1), 4500)) + frame
    notes = Notes()
    with (
        scripted(answering(sdp, sending(data))) as port,
        reading([source(port)], notes) as loop,
    ):
        run_until(loop, lambda: len(notes.of(GATE)) == 2)
        run_until(loop, lambda: len(notes.of(GATE, 1)) >= heard)
    (_, tracks) = notes.configs[0]
    assert [track.codec for track in tracks] == [Codec.H264, Codec.PCMU][: 1 + heard]
    assert [unit.data for unit in notes.of(GATE, 1)] == [b"\xff" * 160] * heard


def test_a_camera_that_changes_its_size_is_told_before_the_picture() -> None:
    """The new configuration comes between the last old and the first new picture."""
    packets = Packets()
    other = [LARGE_SPS, PPS, b"\x65\x88" + noise(9, 700)]
    data = b"".join(packets.picture(key_nals(0), 0) + packets.picture(delta_nals(1), 3600))
    data += b"".join(packets.picture(other, 7200))
    notes = Notes()
    with (
        scripted(answering(SDP, sending(data))) as port,
        reading([source(port)], notes) as loop,
    ):
        run_until(loop, lambda: len(notes.of(GATE)) == 3)
    assert [(track.width, track.height) for _, (track,) in notes.configs] == [
        (320, 180),
        (640, 360),
    ]
    assert notes.pages == ["configured", "unit", "unit", "configured", "unit"]


def test_the_session_is_kept_alive_at_half_its_time() -> None:
    """A camera that forgets after four seconds is asked every two."""
    asked: list[str] = []

    def listen(camera: socket.socket) -> None:
        packets = Packets()
        camera.sendall(b"".join(packets.picture(key_nals(0), 0)))
        waiting = b""
        while data := camera.recv(65536):
            waiting += data
            while waiting and (parsed := parse_message(waiting)):
                asked.append(parsed[0].method)
                waiting = waiting[parsed[1] :]
                camera.sendall(b"RTSP/1.0 200 OK\r\n\r\n")
                camera.sendall(b"".join(packets.picture(key_nals(1), 3600 * len(asked))))

    notes, clock = Notes(), HandClock()
    with (
        scripted(answering(SDP, listen)) as port,
        reading([source(port)], notes, clock) as loop,
    ):
        run_until(loop, lambda: notes.of(GATE), step=lambda: clock.move(0.002))
        run_until(loop, lambda: len(asked) >= 3, step=lambda: clock.move(0.05))
    assert asked[:3] == ["OPTIONS"] * 3


def test_a_sink_that_fails_ends_one_attempt_and_is_counted(tmp_path: Path) -> None:
    """A recorder's defect does not end the loop."""

    class Broken(Notes):
        def unit(self, stream: StreamKey, unit: AccessUnit, received_us: int) -> None:
            if stream == YARD:
                raise ValueError("full")
            super().unit(stream, unit, received_us)

    notes = Broken()
    clip = made_loop(tmp_path, Codec.H264)
    with simulated(SimSettings(count=2, main=[clip], sub=[clip])) as port:
        cameras = [source(port), source(port, "cam1", YARD)]
        with reading(cameras, notes) as loop:
            run_until(loop, lambda: len(notes.of(GATE)) > 20 and notes.reasons(YARD))
            assert loop.stats()[YARD].counters.faults["sink"] >= 1
    assert notes.reasons(YARD)[0].startswith("sink: ValueError while delivering")


@pytest.mark.parametrize("url", ["http://camera/", "rtsp:///path", "rtsp://u:p@camera/"])
def test_an_impossible_address_is_refused(url: str) -> None:
    """A login inside the address would end up in logs."""
    with pytest.raises(InvalidError, match="camera address"):
        CameraSource(key=GATE, url=url)


def test_credentials_never_show() -> None:
    """Neither in a log line nor in a traceback."""
    camera = CameraSource(
        key=GATE, url="rtsp://camera/", credentials=Credentials(user="u53r", password="p455")
    )
    assert "u53r" not in repr(camera) + repr(camera.credentials)
    assert "p455" not in repr(camera) + repr(camera.credentials)
    assert joined([b"a"]) == b"\0\0\0\1a"
