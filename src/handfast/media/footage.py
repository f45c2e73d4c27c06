"""Scenes of real streets as 1080p25 clips, cut out of two public films.

Nothing here was filmed at this size. `vtest.avi` (pedestrians, 768 x 576, 10 pictures a second)
and `bikes.mp4` (a street, 640 x 272, 25 a second) are cropped, some mirrored, enlarged to
1920 x 1080, brought to 25 pictures a second by repetition, and given a little noise as a sensor
would.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.filter import Graph

from handfast.kit.clock import Clock
from handfast.kit.errors import UnavailableError
from handfast.media.encode import FPS, EncodeSettings, Planes, drawn_pictures, encode
from handfast.media.footage_progress import Progress
from handfast.media.footage_sources import (
    BIKES,
    VTEST,
    FootageSource,
    Say,
    film_key,
    obtain,
)
from handfast.media.units import Codec

_RECIPE: Final = 1  # raise it when clips must be prepared anew
_LOOP_S: Final = 20
_LOOP_H265_S: Final = 10
_H265_FACTOR: Final = 5  # what x265 needs of a processor for what x264 does
_SIDE_BY_SIDE: Final = 2
_DRAWN_PICTURES: Final = 250

MAIN: Final = EncodeSettings()
SUB: Final = EncodeSettings(width=640, height=360, bitrate_bps=500_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One view: a window of a film, from one moment on.

    Attributes:
        name: Part of the clip's file name.
        source: The film.
        crop: Width, height, left, top of the window, px, even.
        since_s: Where it begins in the film, s; it lasts 20 s or to the film's end.
        mirrored: Left and right exchanged, so that it does not look like its sibling.
    """

    name: str
    source: FootageSource
    crop: tuple[int, int, int, int]
    since_s: int = 0
    mirrored: bool = False


SCENES: Final[tuple[Scene, ...]] = (
    Scene(name="forecourt", source=VTEST, crop=(768, 432, 0, 100)),
    Scene(name="street", source=BIKES, crop=(480, 270, 0, 0)),
    Scene(name="path", source=VTEST, crop=(512, 288, 256, 130), since_s=20),
    Scene(name="lawn", source=VTEST, crop=(512, 288, 0, 130), since_s=40, mirrored=True),
    Scene(name="yard", source=VTEST, crop=(640, 360, 128, 20), since_s=10, mirrored=True),
    Scene(name="street-east", source=BIKES, crop=(480, 270, 160, 0), mirrored=True),
    Scene(name="crossing", source=VTEST, crop=(448, 252, 300, 150), since_s=55),
    Scene(name="gate", source=VTEST, crop=(768, 432, 0, 144), since_s=30, mirrored=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenePaths:
    """The prepared clips of one scene."""

    main: Path
    sub: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Where clips are made and kept, and who is told about it.

    Attributes:
        cache: Folder for films and clips, outside any clone.
        say: Told what is fetched, how far the work is and how long it will still take.
        clock: For the time left.
    """

    cache: Path
    say: Say
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A clip that has to be made."""

    clip: Path
    settings: EncodeSettings
    pictures: Callable[[], Iterator[Planes]]


def prepare(
    wanted: Sequence[tuple[int, Codec]],
    workshop: Workshop,
    *,
    bars: bool = True,
    b_frames: int = 0,
    main: EncodeSettings = MAIN,
    sub: EncodeSettings = SUB,
) -> list[ScenePaths]:
    """Return clips of the scenes wanted; what is in the cache is not made again.

    The sub-stream is always H.264, because every browser plays it. Main streams in H.265 last
    10 s and not 20: they cost the encoder five times as much.

    Args:
        wanted: Number of a scene, counted around, and the codec of its main stream.
        workshop: Where they are made.
        bars: With the bar code in the pixels; both kinds are kept side by side.
        b_frames: Most B pictures in a row in the main streams.
        main: Size and rate of the main streams.
        sub: Size and rate of the sub-streams.

    Raises:
        UnavailableError: No film can be had.
    """
    scenes = _obtainable(1 + max(number for number, _ in wanted), workshop)
    jobs: dict[Path, _Job] = {}
    paths: list[ScenePaths] = []
    for number, codec in wanted:
        scene, film = scenes[number % len(scenes)]
        kinds = (replace(main, codec=codec, b_frames=b_frames), sub)
        pair = [_scene_job(scene, film, replace(s, bars=bars), workshop) for s in kinds]
        jobs.update((job.clip, job) for job in pair)
        paths.append(ScenePaths(main=pair[0].clip, sub=pair[1].clip))
    _make([job for job in jobs.values() if not job.clip.exists()], workshop)
    return paths


def prepare_drawn(codec: Codec, workshop: Workshop, *, bars: bool = True) -> ScenePaths:
    """Return one drawn test pattern as clips, for machines that may fetch nothing."""
    jobs = [
        _drawn_job(replace(settings, bars=bars), workshop)
        for settings in (replace(MAIN, codec=codec), SUB)
    ]
    _make([job for job in jobs if not job.clip.exists()], workshop)
    return ScenePaths(main=jobs[0].clip, sub=jobs[1].clip)


def clips_in(directory: Path) -> list[ScenePaths]:
    """Return a person's own clips: each `X.mp4`, with `X.sub.mp4` as its sub-stream if there.

    Raises:
        UnavailableError: There are none.
    """
    mains = sorted(
        path for path in directory.glob("*.mp4") if not path.name.endswith(".sub.mp4")
    )
    if not mains:
        raise UnavailableError(f"no .mp4 files in {directory}; name another directory")
    subs = [main.with_suffix(".sub.mp4") for main in mains]
    return [
        ScenePaths(main=main, sub=sub if sub.exists() else main)
        for main, sub in zip(mains, subs, strict=True)
    ]


def _obtainable(most: int, workshop: Workshop) -> list[tuple[Scene, Path]]:
    """Return up to `most` scenes whose film can be had, fetching films at need."""
    films: dict[str, Path | None] = {}
    chosen: list[tuple[Scene, Path]] = []
    for scene in SCENES[:most]:
        if scene.source.name not in films:
            films[scene.source.name] = obtain(scene.source, workshop.cache, workshop.say)
        film = films[scene.source.name]
        if film is not None:
            chosen.append((scene, film))
    if not chosen:
        commands = " or ".join(source.command for source in (BIKES, VTEST))
        raise UnavailableError(f"no footage; make one of these work and try again: {commands}")
    return chosen


def _scene_job(scene: Scene, film: Path, settings: EncodeSettings, workshop: Workshop) -> _Job:
    return _Job(
        clip=_clip(workshop.cache, f"{scene.name}-{film_key(film)}", settings),
        settings=settings,
        pictures=lambda: _pictures(scene, film, settings),
    )


def _drawn_job(settings: EncodeSettings, workshop: Workshop) -> _Job:
    return _Job(
        clip=_clip(workshop.cache, "drawn", settings),
        settings=settings,
        pictures=lambda: drawn_pictures(settings.width, settings.height, _DRAWN_PICTURES),
    )


def _clip(cache: Path, subject: str, settings: EncodeSettings) -> Path:
    b_frames = f"-b{settings.b_frames}" if settings.b_frames else ""
    plain = "" if settings.bars else "-plain"
    size = f"{settings.width}x{settings.height}"
    name = f"{subject}-{settings.codec}-{size}{b_frames}{plain}-v{_RECIPE}.mp4"
    return cache / "clips" / name


def _make(jobs: Sequence[_Job], workshop: Workshop) -> None:
    """Encode clips, two side by side, the long ones first."""
    if not jobs:
        return
    folder = jobs[0].clip.parent
    folder.mkdir(parents=True, exist_ok=True)
    workshop.say(f"preparing {len(jobs)} clips, once; they are kept in {folder}")
    total = sum(_cost(job.settings) * _most_pictures(job.settings) for job in jobs)
    progress = Progress(total, say=workshop.say, clock=workshop.clock)
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        ordered = sorted(jobs, key=lambda job: _cost(job.settings), reverse=True)
        made = [pool.submit(_make_one, job, progress) for job in ordered]
        try:
            for each in made:
                each.result()
        except BaseException:
            progress.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    workshop.say("footage is ready")


def _make_one(job: _Job, progress: Progress) -> None:
    def _counted() -> Iterator[Planes]:
        for planes in job.pictures():
            yield planes
            progress.step(_cost(job.settings))

    encode(_counted(), job.clip, job.settings)


def _cost(settings: EncodeSettings) -> float:
    """Return what a picture costs the encoder, in pixels of H.264."""
    factor = _H265_FACTOR if settings.codec is Codec.H265 else 1
    return settings.width * settings.height * factor


def _most_pictures(settings: EncodeSettings) -> int:
    return (_LOOP_H265_S if settings.codec is Codec.H265 else _LOOP_S) * FPS


def _pictures(scene: Scene, film: Path, settings: EncodeSettings) -> Iterator[Planes]:
    """Decode, cut, enlarge: yields the loop's length at most, 25 pictures a second."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        graph = Graph()
        steps = [graph.add_buffer(template=stream)]
        for name, options in _filters(scene, settings):
            steps.append(graph.add(name, options))
            steps[-2].link_to(steps[-1])
        graph.configure()
        left = _most_pictures(settings)
        for frame in container.decode(stream):
            graph.push(frame)
            for planes in _pull(graph):
                yield planes
                left -= 1
                if left == 0:
                    return


def _filters(scene: Scene, settings: EncodeSettings) -> Sequence[tuple[str, str]]:
    width, height, x, y = scene.crop
    mirror = [("hflip", "")] if scene.mirrored else []
    return [
        ("trim", f"start={scene.since_s}"),
        ("crop", f"{width}:{height}:{x}:{y}"),
        *mirror,
        ("fps", "25"),
        ("scale", f"{settings.width}:{settings.height}:flags=bicubic"),
        ("noise", "alls=5:allf=t"),
        ("format", "yuv420p"),
        ("buffersink", ""),
    ]


def _pull(graph: Graph) -> Iterator[Planes]:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        if isinstance(frame, av.VideoFrame):
            yield np.asarray(frame.to_ndarray(), np.uint8)
