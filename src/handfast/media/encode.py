"""Pictures into a prepared clip: H.264 or H.265 in an MP4 file, through PyAV."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt

from handfast.media.marks import CELLS_PER_WIDTH, draw_bar
from handfast.media.units import Codec

FPS: Final = 25
_GREY: Final = 128

Planes = npt.NDArray[np.uint8]
"""A yuv420p picture as PyAV lays it out: (height * 3 / 2) x width, luma rows first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeSettings:
    """How a clip is coded, as a camera would.

    Attributes:
        codec: H.264 or H.265.
        width: px, even.
        height: px, even.
        bitrate_bps: Average, held within a second's buffer.
        gop: Pictures from one key picture to the next.
        b_frames: Most B pictures in a row; cameras use 0.
        preset: Of the encoder.
        bars: Each picture shows its number as a bar code along its top edge (`marks`), so that
            a test or benchmark can tell which picture it sees.
    """

    codec: Codec = Codec.H264
    width: int = 1920
    height: int = 1080
    bitrate_bps: int = 4_000_000
    gop: int = FPS
    b_frames: int = 0
    preset: str = "ultrafast"
    bars: bool = True


def encode(pictures: Iterable[Planes], path: Path, settings: EncodeSettings) -> int:
    """Encode pictures and return how many there were.

    The file appears complete or not at all. Works mostly without Python's lock, so that two
    threads encode two clips side by side.
    """
    unfinished = path.with_suffix(".part")
    count = 0
    with av.open(str(unfinished), "w", format="mp4") as container:
        name = "libx264" if settings.codec is Codec.H264 else "libx265"
        stream = container.add_stream(name, rate=FPS, options=_options(settings))
        assert isinstance(stream, av.VideoStream)  # noqa: S101 - narrows the type
        stream.width, stream.height = settings.width, settings.height
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = settings.bitrate_bps
        stream.codec_context.gop_size = settings.gop
        stream.codec_context.max_b_frames = settings.b_frames
        for planes in pictures:
            if settings.bars:
                _draw(planes, settings, count)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = count, Fraction(1, FPS)
            container.mux(stream.encode(frame))
            count += 1
        container.mux(stream.encode(None))
    unfinished.replace(path)
    return count


def _draw(planes: Planes, settings: EncodeSettings, index: int) -> None:
    """Draw the bar code, without colour under it: a tint would spoil it in RGB."""
    width, height = settings.width, settings.height
    draw_bar(planes[:height], index)
    bar = width // CELLS_PER_WIDTH
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    chroma[:, : (bar + 1) // 2, :] = _GREY


def drawn_pictures(width: int, height: int, count: int) -> Iterator[Planes]:
    """Yield `count` drawn pictures: a moving gradient with a block that wanders."""
    ramp = np.add.outer(np.arange(height) * 0.2, np.arange(width) * 0.15) % 200 + 20
    base = ramp.astype(np.uint8)
    for number in range(count):
        planes = np.full((height * 3 // 2, width), _GREY, np.uint8)
        planes[:height] = np.roll(base, number * 3, axis=1)
        left = number * 9 % max(1, width - width // 8)
        planes[height // 2 : height * 3 // 4, left : left + width // 8] = 200
        yield planes


def _options(settings: EncodeSettings) -> dict[str, str]:
    kilobits = settings.bitrate_bps // 1000
    rate = f"vbv-maxrate={kilobits}:vbv-bufsize={kilobits}"
    gop = f"keyint={settings.gop}:min-keyint={settings.gop}:scenecut=0"
    key = f"{gop}:bframes={settings.b_frames}"
    if settings.codec is Codec.H264:
        # One slice a picture, as most cameras send it; threads then work on several pictures.
        return {
            "preset": settings.preset,
            "x264-params": f"{key}:{rate}:sliced-threads=0:sync-lookahead=0:rc-lookahead=0",
        }
    return {"preset": settings.preset, "x265-params": f"{key}:{rate}:open-gop=0:log-level=none"}
