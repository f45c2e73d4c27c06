"""The reader against simulated cameras: what comes out is what was sent, whatever the way."""

import hashlib
import itertools
import ssl
from pathlib import Path

import av
import numpy as np
import pytest

from handfast.media.marks import FrameMark, find_mark, read_bar
from handfast.media.rtsp_auth import Credentials
from handfast.media.sim_login import Scheme, SimLogin
from handfast.media.simulate import SimSettings
from handfast.media.source import CameraSource, TlsTrust
from handfast.media.units import AccessUnit, CameraState, Codec, TrackConfig
from tests.unit.media.rig import (
    GATE,
    YARD,
    Notes,
    made_loop,
    reading,
    run_until,
    simulated,
    source,
)

CERTIFICATE = Path(__file__).parent / "certificates" / "camera.pem"
SECRET = Credentials(user="gate", password='p"ss w\\rd:1')
PICTURES = 28


def settings(directory: Path, codec: Codec = Codec.H264, b_frames: int = 0) -> SimSettings:
    """Return one camera with a small clip."""
    loop = made_loop(directory, codec, b_frames=b_frames)
    return SimSettings(count=2, main=[loop], sub=[loop])


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the small clips of this run are kept."""
    return tmp_path_factory.mktemp("clips")


def marks_of(units: list[AccessUnit]) -> list[FrameMark]:
    """Return the mark of every unit; each must have one."""
    marks = [find_mark(unit.data) for unit in units]
    assert None not in marks
    return [mark for mark in marks if mark]


def bars(config: TrackConfig, units: list[AccessUnit]) -> list[int | None]:
    """Decode units with nothing but their configuration; return the bar codes by time."""
    name = "h264" if config.codec is Codec.H264 else "hevc"
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.extradata = config.extradata
    frames = []
    for unit in units:
        packet = av.Packet(unit.data)
        packet.pts, packet.dts = unit.pts, unit.dts
        frames += decoder.decode(packet)
    frames += decoder.decode(None)
    frames.sort(key=lambda frame: frame.pts or 0)
    return [
        read_bar(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)) for frame in frames
    ]


@pytest.mark.parametrize("reader", ["handfast", "pyav"])
@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
def test_every_picture_arrives_and_decodes(
    clips: Path, codec: Codec, b_frames: int, reader: str
) -> None:
    """Numbers without a gap, rising decoding times, pixels that say the same as the marks."""
    notes = Notes()
    with simulated(settings(clips, codec, b_frames)) as port:
        url = f"rtsp://127.0.0.1:{port}/cam0"
        camera = CameraSource(
            key=GATE, url=url, reader="pyav" if reader == "pyav" else "handfast"
        )
        with reading([camera], notes) as loop:
            run_until(loop, lambda: len(notes.of(GATE)) >= PICTURES)
    units = notes.of(GATE)
    marks = marks_of(units)
    assert [mark.number for mark in marks] == list(
        range(marks[0].number, marks[0].number + len(marks))
    )
    assert all(a.dts < b.dts for a, b in itertools.pairwise(units))
    assert all(unit.dts <= unit.pts for unit in units)
    assert (max(unit.pts - unit.dts for unit in units) > 0) == (b_frames > 0)
    assert units[0].key
    ((_, (config,)),) = notes.configs
    assert (config.codec, config.width, config.height) == (codec, 320, 180)
    by_time = [
        mark.index
        for _, mark in sorted(zip(units, marks, strict=True), key=lambda pair: pair[0].pts)
    ]
    whole = len(by_time) - 8  # the last pictures may wait for others that did not come
    assert bars(config, units)[:whole] == by_time[:whole]
    assert [state for _, state, _ in notes.states] == [
        CameraState.CONNECTING,
        CameraState.PLAYING,
        CameraState.STOPPED,
    ]


@pytest.mark.parametrize("scheme", ["MD5", "SHA-256", "basic"])
def test_it_logs_in(clips: Path, scheme: Scheme) -> None:
    """Digest with both hashes and Basic, with characters that need care."""
    notes = Notes()
    login = SimLogin(credentials=SECRET, scheme=scheme, nonce="af0394b1")
    one = settings(clips)
    with simulated(SimSettings(count=1, main=one.main, sub=one.sub, login=login)) as port:
        camera = CameraSource(key=GATE, url=f"rtsp://127.0.0.1:{port}/cam0", credentials=SECRET)
        with reading([camera], notes) as loop:
            run_until(loop, lambda: notes.of(GATE))


@pytest.mark.parametrize("password", ["wrong", None])
def test_a_wrong_password_is_named_and_never_shown(clips: Path, password: str | None) -> None:
    """The reason says what to check, not what was tried."""
    notes = Notes()
    login = SimLogin(credentials=SECRET, nonce="af0394b1")
    one = settings(clips)
    guess = Credentials(user="gate", password=password) if password else None
    with simulated(SimSettings(count=1, main=one.main, sub=one.sub, login=login)) as port:
        camera = CameraSource(key=GATE, url=f"rtsp://127.0.0.1:{port}/cam0", credentials=guess)
        with reading([camera], notes) as loop:
            run_until(loop, lambda: notes.reasons(GATE))
            stats = loop.stats()[GATE]
    (reason, *_) = notes.reasons(GATE)
    assert reason.startswith("credentials-refused: ")
    assert "gate" not in reason
    assert "wrong" not in repr(camera)
    assert stats.counters.faults["credentials-refused"] == 1
    assert notes.units == []


def trusts() -> list[tuple[str, TlsTrust, str]]:
    """Return ways to trust a certificate, and what each leads to."""
    der = ssl.PEM_cert_to_DER_cert(CERTIFICATE.read_text("ascii"))
    return [
        ("its own CA", TlsTrust(ca_file=str(CERTIFICATE)), ""),
        ("its fingerprint", TlsTrust(sha256=hashlib.sha256(der).digest()), ""),
        ("nobody, on purpose", TlsTrust(unverified=True), ""),
        ("the system", TlsTrust(), "certificate not believed"),
        ("another fingerprint", TlsTrust(sha256=bytes(32)), "fingerprint"),
        ("a CA that is not there", TlsTrust(ca_file="/nowhere.pem"), "cannot be read"),
    ]


@pytest.mark.parametrize(
    ("name", "trust", "refused"), trusts(), ids=lambda value: str(value)[:20]
)
def test_an_encrypted_camera_is_read_when_it_is_trusted(
    clips: Path, name: str, trust: TlsTrust, refused: str
) -> None:
    """RTSPS with a certificate made for this camera."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_suffix(".key"))
    notes = Notes()
    one = settings(clips)
    with simulated(SimSettings(count=1, main=one.main, sub=one.sub, tls=context)) as port:
        camera = CameraSource(key=GATE, url=f"rtsps://127.0.0.1:{port}/cam0", trust=trust)
        with reading([camera], notes) as loop:
            run_until(loop, lambda: len(notes.of(GATE)) > 30 or notes.reasons(GATE))
    if refused:
        assert notes.reasons(GATE)[0].startswith("tls-refused: "), name
        assert refused in notes.reasons(GATE)[0]
    else:
        assert notes.reasons(GATE) == []
        numbers = [mark.number for mark in marks_of(notes.of(GATE))]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_cameras_come_and_go_while_others_play(clips: Path) -> None:
    """Adding and removing one stream leaves no gap in another."""
    notes = Notes()
    with simulated(settings(clips)) as port, reading([source(port)], notes) as loop:
        run_until(loop, lambda: notes.of(GATE))
        loop.add(source(port, "cam1/sub", YARD))
        run_until(loop, lambda: len(notes.of(YARD)) > 5)
        loop.remove(YARD)
        run_until(loop, lambda: notes.states[-1] == (YARD, CameraState.STOPPED, ""))
        seen, before = len(notes.of(YARD)), len(notes.of(GATE))
        run_until(loop, lambda: len(notes.of(GATE)) > before + 10)
        assert len(notes.of(YARD)) == seen
        assert set(loop.stats()) == {GATE}
    numbers = [mark.number for mark in marks_of(notes.of(GATE))]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_keyframe_comes_when_it_is_asked_for(clips: Path) -> None:
    """The simulated camera goes on with its next key picture, as real ones do."""
    notes = Notes()
    with simulated(settings(clips)) as port, reading([source(port)], notes) as loop:
        run_until(loop, lambda: len(notes.of(GATE)) > 3)
        loop.request_keyframe(GATE)
        run_until(loop, lambda: len([unit for unit in notes.of(GATE) if unit.key]) > 1)
        assert loop.stats()[GATE].counters.keyframe_requests > 0
    keys = [n for n, unit in enumerate(notes.of(GATE)) if unit.key]
    assert keys[1] < 25


def test_a_camera_that_comes_back_is_read_again(clips: Path) -> None:
    """After a restart the decoders are told anew, and it begins with a key picture."""
    notes = Notes()
    with simulated(settings(clips)) as port:
        camera = source(port)
        with reading([camera], notes) as loop:
            run_until(loop, lambda: notes.of(GATE))
            loop.add(camera)
            run_until(loop, lambda: len(notes.configs) == 2)
            run_until(loop, lambda: len(notes.of(GATE)) > 30)
    states = [state for _, state, _ in notes.states]
    assert states.count(CameraState.CONNECTING) == 2
