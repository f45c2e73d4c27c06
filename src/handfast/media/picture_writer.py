"""Pictures into a video file, with the sound copied as it is."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

import av

from handfast.kit.errors import InvalidError, UnavailableError
from handfast.media.picture_reader import Sound
from handfast.media.pictures import MICROSECOND, DecodedPicture, fit

_TIME_BASE: Final = Fraction(1, 90_000)
CONTAINERS: Final[Mapping[str, str]] = MappingProxyType(
    {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
)
"""Kinds of file that can be written, by how their names end."""

_KEY_EVERY: Final = 50  # pictures
QUANTIZER: Final = 24
"""H.264 quantizer of redacted pictures: about what a camera's own coding lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a redacted file is to be.

    Attributes:
        width: px, even.
        height: px, even.
        rate: Pictures per second, for players; each picture keeps its own time.
        container: Kind of file, one of the values of `CONTAINERS`.
        aspect: Shape of a pixel, width over height.
        metadata: Kept from the source; empty strips it.
    """

    width: int
    height: int
    rate: Fraction
    container: str = "mp4"
    aspect: Fraction = Fraction(1)
    metadata: dict[str, str] = field(default_factory=dict)


def encoder_options(quantizer: int = QUANTIZER) -> dict[str, str]:
    """Return x264's options for little CPU.

    A fixed quantizer instead of a rate: x264 then needs no look at the picture beforehand,
    worth a third of its time, and covered areas cost next to nothing at any quantizer. One
    thread, because what several make depends on how many there are.
    """
    key = f"keyint={_KEY_EVERY}:min-keyint={_KEY_EVERY}:scenecut=0"
    return {
        "preset": "ultrafast",
        "qp": str(quantizer),
        "threads": "1",
        "x264-params": f"{key}:bframes=0:rc-lookahead=0:sync-lookahead=0:sliced-threads=0",
    }


class PictureWriter:
    """Writes one file. Belongs to one thread; use it in a `with`, and call `finish`.

    The file is of no use before `finish` returns; give it a name of its own until then
    (`handfast.kit.cache.whole_file`).
    """

    def __init__(
        self,
        path: Path,
        output: Output,
        *,
        audio: Sequence[av.AudioStream] = (),
        name: Path | None = None,
    ) -> None:
        """Begin a file.

        Args:
            path: Where it is written.
            output: What it is to be.
            audio: Streams whose packets will be copied.
            name: What messages call the file; `path` by default.

        Raises:
            InvalidError: This kind of file cannot hold the sound.
            UnavailableError: The place cannot be written to.
        """
        self._path = path
        self._name = name or path
        self._output = output
        self._count = 0
        self._sound: dict[int, av.AudioStream] = {}
        try:
            self._container = av.open(
                str(path), "w", format=output.container, options={"fflags": "+bitexact"}
            )
        except (av.FFmpegError, OSError) as error:
            raise _unwritable(self._name, error) from error
        try:
            self._stream = self._add_video()
            for stream in audio:
                self._sound[stream.index] = self._container.add_stream_from_template(stream)
        except (av.FFmpegError, ValueError) as error:
            raise InvalidError(
                f"a {output.container} file cannot hold the source's sound; "
                "use .mkv, or leave the sound out"
            ) from error

    def __enter__(self) -> Self:
        """Return the writer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def write(self, picture: DecodedPicture) -> None:
        """Encode a picture; its time must be later than that of the one before.

        Raises:
            UnavailableError: The disk is full, or failed.
        """
        frame = fit(picture, self._output.width, self._output.height)
        frame.pts, frame.time_base = picture.at_us, MICROSECOND
        try:
            self._container.mux(self._stream.encode(frame))
        except (av.FFmpegError, OSError) as error:
            raise _unwritable(self._name, error) from error
        self._count += 1

    def write_sound(self, sound: Sound) -> None:
        """Copy a packet of sound as it is.

        Raises:
            UnavailableError: The disk is full, or failed.
        """
        packet = sound.packet
        packet.stream = self._sound[packet.stream.index]
        try:
            self._container.mux(packet)
        except (av.FFmpegError, OSError) as error:
            raise _unwritable(self._name, error) from error

    def finish(self) -> None:
        """Complete the file and read back that every picture is in it.

        Raises:
            UnavailableError: The disk is full, or failed.
        """
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
            found = _count_pictures(self._path)
        except (av.FFmpegError, OSError) as error:
            raise _unwritable(self._name, error) from error
        if found != self._count:
            # A full disk is not always told to whoever writes.
            raise UnavailableError(
                f"{self._name} holds {found} of {self._count} pictures; free the disk, repeat"
            )

    def close(self) -> None:
        """Close the file; without `finish` before it is of no use."""
        with contextlib.suppress(av.FFmpegError, OSError):
            self._container.close()

    def _add_video(self) -> av.VideoStream:
        output = self._output
        stream = self._container.add_stream(
            "libx264", rate=output.rate, options=encoder_options()
        )
        assert isinstance(stream, av.VideoStream)  # noqa: S101 - narrows the type
        stream.width, stream.height, stream.pix_fmt = output.width, output.height, "yuv420p"
        stream.codec_context.time_base = _TIME_BASE
        stream.codec_context.sample_aspect_ratio = output.aspect
        self._container.metadata.update(output.metadata)
        return stream


def _count_pictures(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)


def _unwritable(path: Path, error: Exception) -> UnavailableError:
    why = getattr(error, "strerror", None) or error
    return UnavailableError(f"{path} cannot be written ({why}); free the disk and repeat")
