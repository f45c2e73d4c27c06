"""The reader against simulated cameras: what comes out is what was sent, whatever the way."""

import hashlib
import ssl
from pathlib import Path

import pytest

from handfast.media.rtsp_auth import Credentials
from handfast.media.sim_login import Scheme, SimLogin
from handfast.media.simulate import SimSettings
from handfast.media.source import CameraSource, TlsTrust
from handfast.media.units import CameraState
from tests.unit.media.rig import (
    GATE,
    YARD,
    Notes,
    marks_of,
    reading,
    run_until,
    simulated,
    source,
    two_cameras,
)

CERTIFICATE = Path(__file__).parent / "certificates" / "camera.pem"
SECRET = Credentials(user="gate", password='p"ss w\\rd:1')
PICTURES = 28


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the small clips of this run are kept."""
    return tmp_path_factory.mktemp("clips")


@pytest.mark.parametrize("scheme", ["MD5", "SHA-256", "basic"])
def test_it_logs_in(clips: Path, scheme: Scheme) -> None:
    """Digest with both hashes and Basic, with characters that need care."""
    notes = Notes()
    login = SimLogin(credentials=SECRET, scheme=scheme, nonce="af0394b1")
    one = two_cameras(clips)
    with simulated(SimSettings(count=1, main=one.main, sub=one.sub, login=login)) as port:
        camera = CameraSource(key=GATE, url=f"rtsp://127.0.0.1:{port}/cam0", credentials=SECRET)
        with reading([camera], notes) as loop:
            run_until(loop, lambda: notes.of(GATE))


@pytest.mark.parametrize("password", ["wrong", None])
def test_a_wrong_password_is_named_and_never_shown(clips: Path, password: str | None) -> None:
    """The reason says what to check, not what was tried."""
    notes = Notes()
    login = SimLogin(credentials=SECRET, nonce="af0394b1")
    one = two_cameras(clips)
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
    one = two_cameras(clips)
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
    with simulated(two_cameras(clips)) as port, reading([source(port)], notes) as loop:
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
    with simulated(two_cameras(clips)) as port, reading([source(port)], notes) as loop:
        run_until(loop, lambda: len(notes.of(GATE)) > 3)
        loop.request_keyframe(GATE)
        run_until(loop, lambda: len([unit for unit in notes.of(GATE) if unit.key]) > 1)
        assert loop.stats()[GATE].counters.keyframe_requests > 0
    keys = [n for n, unit in enumerate(notes.of(GATE)) if unit.key]
    assert keys[1] < 25


def test_a_camera_that_comes_back_is_read_again(clips: Path) -> None:
    """After a restart the decoders are told anew, and it begins with a key picture."""
    notes = Notes()
    with simulated(two_cameras(clips)) as port:
        camera = source(port)
        with reading([camera], notes) as loop:
            run_until(loop, lambda: notes.of(GATE))
            loop.add(camera)
            run_until(loop, lambda: len(notes.configs) == 2)
            run_until(loop, lambda: len(notes.of(GATE)) > 30)
    states = [state for _, state, _ in notes.states]
    assert states.count(CameraState.CONNECTING) == 2
