"""The street film as a camera that turns would have seen it: a window that moves over it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from handfast.cli.bench_redact_marks import Half, Marks, Seen
from handfast.cli.bench_redact_metrics import (
    Mask,
    covered_share,
    frames_in_long_stretches,
    is_bare,
    matched,
    needless_share,
)
from handfast.cli.bench_redact_ways import Covered, as_filmed, covered_cells, pictures
from handfast.cli.bench_report import Figures
from handfast.media.footage_sources import Say
from handfast.vision.boxes import Box, Kind
from handfast.vision.caution import State
from handfast.vision.detector import Detector
from handfast.vision.night import Light, Night
from handfast.vision.picture import Picture, Plane
from handfast.vision.redactor import Redactor
from handfast.vision.settings import Settings

WINDOW: Final = (512, 576)
"""Width and height of what the camera sees at a time, px of the film: all of its height."""

_TURNS_S: Final = 1.0  # it turns for so long, and then rests for as long
_EXPOSURE_S: Final = 0.02
_SHOWS: Final = 0.5  # share of somebody that must be in the window to count
_BEFORE: Final = 20  # frames before each half, to have tracks when counting begins
_LOOKED_AT: Final = 3  # each third frame is enough to tell what the detector alone finds


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a camera sees that is not fixed.

    Attributes:
        speed: Widths of the window per second, while it turns; 0 rests.
        jumps: It is there at once instead, as in a film that was cut.
        light: Of the night; by day otherwise.
    """

    speed: float = 0.0
    jumps: bool = False
    light: Light | None = None


SCENES: Final[Mapping[str, Scene]] = MappingProxyType(
    {
        "rests": Scene(),
        "turns_0.25": Scene(speed=0.25),
        "turns_0.5": Scene(speed=0.5),
        "turns_1": Scene(speed=1.0),
        "turns_2": Scene(speed=2.0),
        "cut": Scene(speed=0.8, jumps=True),
        "rests_1_lux": Scene(light=Light(lux=1.0, smoothed=False)),
        "rests_0.3_lux_smoothed": Scene(light=Light(lux=0.3, smoothed=True)),
        "turns_0.25_0.3_lux_smoothed": Scene(speed=0.25, light=Light(lux=0.3, smoothed=True)),
        "rests_0.3_lux": Scene(light=Light(lux=0.3, smoothed=False)),
        "rests_0.1_lux_smoothed": Scene(light=Light(lux=0.1, smoothed=True)),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """Makes the window move; to be used as `bench_redact_ways.Alter`.

    The film goes on, mirrored, at its sides, so that the camera can turn on and on. While it
    turns, everything is blurred by an exposure of a fiftieth of a second.

    Attributes:
        scene: How it moves; its light is not made here.
        fps: Pictures per second of the film.
    """

    scene: Scene
    fps: float

    def __call__(self, picture: Picture, frame: int) -> Picture:
        """Return what the window shows."""
        left = self.left(frame)
        turns = left != self.left(frame - 1) and not self.scene.jumps
        smeared = self.scene.speed * WINDOW[0] * _EXPOSURE_S if turns else 0.0
        return Picture(
            y=_window(picture.y, left, WINDOW[0], smeared),
            u=_window(picture.u, left // 2, WINDOW[0] // 2, smeared / 2),
            v=_window(picture.v, left // 2, WINDOW[0] // 2, smeared / 2),
        )

    def left(self, frame: int) -> int:
        """Return where the window begins, px, even; grows without end."""
        rounds, rest = divmod(frame / self.fps, 2 * _TURNS_S)
        this_s = _TURNS_S if self.scene.jumps else min(rest, _TURNS_S)
        return round(self.scene.speed * WINDOW[0] * (rounds * _TURNS_S + this_s) / 2) * 2

    def seen(self, marks: Marks, frame: int) -> list[Seen]:
        """Return whoever shows in the window, at least by half, in px of the window."""
        left, width = self.left(frame), marks.width
        shown = []
        for tile in range(left // width, (left + WINDOW[0]) // width + 1):
            across = tile * width - left
            for each in marks.seen(frame):
                box = each.box
                if tile % 2:
                    box = box._replace(left=width - box.right, right=width - box.left)
                box = box._replace(left=box.left + across, right=box.right + across)
                if box.shared(Box(0, 0, *WINDOW)) >= box.area * _SHOWS:
                    shown.append(Seen(f"{each.person} {tile}", box, each.hidden))
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """What covering is worth in one scene, in one half of the film.

    Attributes:
        found: Share of the sightings that the detector alone finds.
        covered: Share of a person's box that is covered, averaged over all sightings.
        needless: Share of the picture that is covered where nobody is.
        bare: Share of the sightings in which somebody may be recognised.
        bare_over_200_ms: The same, of stretches longer than 0.2 s only.
        careful: Share of the pictures in which the engine covered more than usual.
        whole: Share of the pictures that were covered altogether.
        looks: Share of the pictures that the detector was asked for.
        sightings: How many there were.
    """

    found: float
    covered: float
    needless: float
    bare: float
    bare_over_200_ms: float
    careful: float
    whole: float
    looks: float
    sightings: int

    def figures(self) -> Figures:
        """Return them as the benchmark prints them."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One frame of a half: who showed in the window, and what was done.

    Attributes:
        frame: Its number in the film.
        seen: Whoever counts; nobody before the half begins.
        covered: Where nothing shows any more.
        looked: The engine asked the detector.
        hits: Of each of `seen`, whether the detector alone finds them; None if not asked.
    """

    frame: int
    seen: Sequence[Seen]
    covered: Covered
    looked: bool
    hits: Sequence[bool] | None


def measure_turning(
    film: Path, marks: Marks, persons: Settings, detector: Detector, say: Say
) -> dict[str, dict[str, Turned]]:
    """Cover the film in every scene, with the settings of a camera that is not fixed."""
    roams = replace(persons, motion=False)
    outcomes: dict[str, dict[str, Turned]] = {name: {} for name in SCENES}
    for half in marks.halves:
        street = _read(film, half)
        for name, scene in SCENES.items():
            say(f"covering the street as a camera that turns: {name}, {half.name}")
            turning = Turning(scene=scene, fps=marks.fps)
            shown = [
                each
                for each in _show(street, turning, marks, roams, detector)
                if each.frame in half.frames
            ]
            outcomes[name][half.name] = judge_turning(shown, fps=marks.fps)
    return outcomes


def judge_turning(frames: Sequence[Shown], *, fps: float) -> Turned:
    """Hold what was covered against who showed."""
    shares: list[float] = []
    needless: list[float] = []
    bare: dict[str, list[bool]] = {}
    for frame in frames:
        mask = _mask(frame.covered)
        needless.append(needless_share(mask, [each.box for each in frame.seen]))
        for each in frame.seen:
            shares.append(covered_share(mask, each.box))
            bare.setdefault(each.person, []).append(is_bare(mask, each.box))
    long = sum(frames_in_long_stretches(flags, fps=fps) for flags in bare.values())
    return Turned(
        found=_mean([hit for frame in frames for hit in frame.hits or ()]),
        covered=_mean(shares),
        needless=_mean(needless),
        bare=_mean([flag for flags in bare.values() for flag in flags]),
        bare_over_200_ms=long / max(len(shares), 1),
        careful=_mean([frame.covered.careful for frame in frames]),
        whole=_mean([bool(frame.covered.cells.all()) for frame in frames]),
        looks=_mean([frame.looked for frame in frames]),
        sightings=len(shares),
    )


def _read(film: Path, half: Half) -> list[tuple[int, Picture, int]]:
    """Return the frames of a half and those shortly before, with number and time."""
    return [
        (frame, Picture(y=each.y.copy(), u=each.u.copy(), v=each.v.copy()), at_us)
        for frame, (each, at_us) in enumerate(pictures(film, half.until))
        if frame >= half.since - _BEFORE
    ]


def _show(
    street: Sequence[tuple[int, Picture, int]],
    turning: Turning,
    marks: Marks,
    settings: Settings,
    detector: Detector,
) -> Iterator[Shown]:
    """Cover one half of the film with an engine of its own."""
    light = turning.scene.light
    night = Night(light) if light else as_filmed
    redactor = Redactor(settings, [detector])
    for frame, whole, at_us in street:
        picture = night(turning(whole, frame), frame)
        counts = any(frame in half.frames for half in marks.halves)
        seen = turning.seen(marks, frame) if counts else []
        asked = bool(seen) and frame % _LOOKED_AT == 0
        hits = _hits(detector, picture, seen, settings) if asked else None
        done = redactor.redact(picture, at_us)
        careful = done.state is not State.NORMAL
        covered = Covered(cells=covered_cells(picture), careful=careful)
        yield Shown(frame=frame, seen=seen, covered=covered, looked=done.detected, hits=hits)


def _hits(
    detector: Detector, picture: Picture, seen: Sequence[Seen], settings: Settings
) -> list[bool]:
    """Return of each who shows whether the detector alone finds them."""
    bar = settings.threshold(Kind.PERSON).faint
    found = [each.box for each in detector.detect(picture) if each.confidence >= bar]
    hits = matched([each.box for each in seen], found)
    return [place in hits for place in range(len(seen))]


def _window(plane: Plane, left: int, width: int, smeared: float) -> Plane:
    world = np.concatenate([plane, plane[:, ::-1]], axis=1)
    columns = left + np.arange(width)
    passed = [world[:, (columns - back) % world.shape[1]] for back in range(round(smeared) + 1)]
    return np.asarray(np.rint(np.mean(passed, axis=0)), np.uint8)


def _mask(covered: Covered) -> Mask:
    side = WINDOW[1] // covered.cells.shape[0]
    return np.repeat(np.repeat(covered.cells, side, axis=0), side, axis=1)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
