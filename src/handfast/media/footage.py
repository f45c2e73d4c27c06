"""Scenes of real streets as 1080p25 clips, cut out of two public films.

Nothing here was filmed at this size. `vtest.avi` (pedestrians, 768 x 576, 10 pictures a second)
and `bikes.mp4` (a street, 640 x 272, 25 a second) are cropped, some mirrored, enlarged to
1920 x 1080, brought to 25 pictures a second by repetition, and given a little noise as a sensor
would.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.filter import Graph

from handfast.kit.errors import UnavailableError
from handfast.media.encode import EncodeSettings, Planes, drawn_pictures, encode
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


def prepare(
    count: int, cache: Path, say: Say, *, codec: Codec = Codec.H264, b_frames: int = 0
) -> list[ScenePaths]:
    """Return clips of up to `count` scenes; what is in the cache is not made again.

    The sub-stream is always H.264, because every browser plays it.

    Args:
        count: How many different scenes are wanted; at most as many as there are.
        cache: Where films and clips are kept.
        say: Told about every fetch and every clip.
        codec: Of the main streams.
        b_frames: Most B pictures in a row in the main streams.

    Raises:
        UnavailableError: No film can be had.
    """
    films: dict[str, Path | None] = {}
    chosen: list[tuple[Scene, Path]] = []
    for scene in SCENES:
        if scene.source.name not in films:
            films[scene.source.name] = obtain(scene.source, cache, say)
        film = films[scene.source.name]
        if film is not None and len(chosen) < count:
            chosen.append((scene, film))
        if len(chosen) >= count:
            break
    if not chosen:
        commands = " or ".join(source.command for source in (BIKES, VTEST))
        raise UnavailableError(f"no footage; make one of these work and try again: {commands}")
    main = replace(MAIN, codec=codec, b_frames=b_frames)
    return [
        ScenePaths(
            main=_prepare_one(scene, film, cache=cache, settings=main, say=say),
            sub=_prepare_one(scene, film, cache=cache, settings=SUB, say=say),
        )
        for scene, film in chosen
    ]


def prepare_drawn(cache: Path, say: Say, *, codec: Codec = Codec.H264) -> list[ScenePaths]:
    """Return one drawn test pattern as clips, for machines that may fetch nothing."""
    paths = []
    for settings in (replace(MAIN, codec=codec), SUB):
        clip = cache / "clips" / f"drawn-{_recipe(settings)}.mp4"
        if not clip.exists():
            clip.parent.mkdir(parents=True, exist_ok=True)
            say(f"drawing {clip.name}")
            pictures = drawn_pictures(settings.width, settings.height, _DRAWN_PICTURES)
            encode(pictures, clip, settings)
        paths.append(clip)
    return [ScenePaths(main=paths[0], sub=paths[1])]


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


def _prepare_one(
    scene: Scene, film: Path, *, cache: Path, settings: EncodeSettings, say: Say
) -> Path:
    clip = cache / "clips" / f"{scene.name}-{film_key(film)}-{_recipe(settings)}.mp4"
    if clip.exists():
        return clip
    clip.parent.mkdir(parents=True, exist_ok=True)
    say(f"preparing {clip.name}")
    encode(_pictures(scene, film, settings), clip, settings)
    return clip


def _recipe(settings: EncodeSettings) -> str:
    b_frames = f"-b{settings.b_frames}" if settings.b_frames else ""
    size = f"{settings.width}x{settings.height}"
    return f"{settings.codec}-{size}{b_frames}-v{_RECIPE}"


def _pictures(scene: Scene, film: Path, settings: EncodeSettings) -> Iterator[Planes]:
    """Decode, cut, enlarge: yields at most 20 s at 25 pictures a second."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        graph = Graph()
        steps = [graph.add_buffer(template=stream)]
        for name, options in _filters(scene, settings):
            steps.append(graph.add(name, options))
            steps[-2].link_to(steps[-1])
        graph.configure()
        left = _LOOP_S * 25
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
