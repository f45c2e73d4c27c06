"""What `handfast bench redact` counts, with a clock that counts its readings."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from handfast.cli.bench_redact_live import measure_live
from handfast.cli.bench_redact_peer import Peer
from handfast.cli.bench_redact_speed import (
    WARM_UP,
    Spent,
    in_the_middle,
    redact_part,
    together,
)
from handfast.cli.main import main
from handfast.kit.errors import InvalidError, UnavailableError
from handfast.media.clip import cut_clip, load_clip
from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.node.redaction.orders import CameraRedaction
from handfast.vision.settings import Settings
from tests.unit.vision.drawn import ScriptedDetector, person

TINY = EncodeSettings(width=128, height=96, bitrate_bps=300_000, bars=False)
PICTURES = 80


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a drawn film."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    encode(drawn_pictures(TINY.width, TINY.height, PICTURES), path, TINY)
    return path


def counting() -> Callable[[], float]:
    """Return a clock that is a second later each time it is asked."""
    ticks = itertools.count()
    return lambda: float(next(ticks))


def test_each_step_of_each_picture_is_counted_once(film: Path, tmp_path: Path) -> None:
    """A clock that is asked after each step gives each step a second."""
    detector = ScriptedDetector([[person(8, 8)]])
    spent = redact_part(
        film,
        tmp_path / "out.mp4",
        Settings(),
        [detector],
        pictures=10,
        cpu_seconds=counting(),
    )
    assert spent == Spent(pictures=10, decode=10, redact=10, encode=10)
    assert spent.ms_per_picture == 3000
    assert detector.calls >= (WARM_UP + 10) / Settings().every


def test_a_film_that_is_too_short_is_refused(film: Path, tmp_path: Path) -> None:
    """A number from fewer pictures would be another number."""
    with pytest.raises(InvalidError, match="has 80 pictures; ask for fewer"):
        redact_part(
            film,
            tmp_path / "out.mp4",
            Settings(),
            [ScriptedDetector()],
            pictures=PICTURES - WARM_UP + 1,
            cpu_seconds=counting(),
        )


def test_the_middle_trial_counts() -> None:
    """Of three the median, of two the slower."""
    trials = [Spent(pictures=1, decode=each, redact=0, encode=0) for each in (3, 1, 2)]
    assert in_the_middle(trials).decode == 2
    assert in_the_middle(trials[:2]).decode == 3
    assert together(trials) == Spent(pictures=3, decode=6, redact=0, encode=0)


def test_live_shows_ten_of_25_pictures_a_second(film: Path) -> None:
    """All are decoded; what is shown is sealed."""
    trial = measure_live(
        film,
        CameraRedaction(),
        [ScriptedDetector([[person(8, 8)]])],
        seconds=1,
        cpu_seconds=counting(),
    )
    assert (trial.decoded, trial.shown, trial.film_s) == (25, 10, 1)
    assert trial.streams_per_core == 1


def test_live_needs_two_seconds_more_than_it_measures(film: Path) -> None:
    """The first two teach the engine."""
    with pytest.raises(InvalidError, match="ask for fewer seconds"):
        measure_live(film, CameraRedaction(), [], seconds=2, cpu_seconds=counting())


def test_a_clip_is_cut_to_its_first_pictures(film: Path, tmp_path: Path) -> None:
    """Byte for byte, so that both programs decode what a camera would have sent."""
    cut = tmp_path / "cut.mp4"
    cut_clip(film, cut, 7)
    assert load_clip(cut).pictures == load_clip(film).pictures[:7]
    with pytest.raises(InvalidError, match="has 80 pictures"):
        cut_clip(film, cut, PICTURES + 1)


def test_a_peer_that_is_not_there_is_told(film: Path, tmp_path: Path) -> None:
    """The message says what to remove."""
    peer = Peer(folder=tmp_path / "nothing")
    with pytest.raises(UnavailableError, match=r"deface failed.*nothing and repeat"):
        peer.cpu_seconds(film, tmp_path / "out.mp4", scale=(64, 48))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--report", "page.md"], "--report writes what --quality measures"),
        (["--repeat", "0"], "--repeat and --pictures must be positive"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is fetched."""
    assert main(["bench", "redact", *options]) != 0
    assert reason in capsys.readouterr().err
