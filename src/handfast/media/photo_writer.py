"""One picture into a photo file, with nothing of what a camera writes beside it."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Final

import av
import numpy as np

from handfast.kit.errors import InvalidError, UnavailableError
from handfast.media.picture_reader import Sound
from handfast.media.pictures import DecodedPicture, planes_of

_FORMATS: Final[Mapping[str, str]] = MappingProxyType({"mjpeg": "yuvj420p", "png": "rgb24"})
_FINE: Final = {"qmin": "2", "qmax": "2"}  # mjpeg: hardly to be told from the source
_FULL_RANGE: Final = 2  # of values, as FFmpeg counts it


class PhotoWriter:
    """Writes one photo; for whoever else writes films with a `PictureWriter`.

    A camera's notes (place, time, owner) and its small copy of the uncovered picture are not
    taken along: what is written is made of the picture alone.
    """

    def __init__(self, path: Path, codec: str, *, name: Path) -> None:
        """Begin; nothing is written yet.

        Args:
            path: Where it will be written.
            codec: One of the values of `handfast.media.pictures.PHOTOS`.
            name: What messages call the file.
        """
        self._path = path
        self._codec = codec
        self._name = name
        self._content = b""

    def write(self, picture: DecodedPicture) -> None:
        """Encode the picture.

        Raises:
            InvalidError: It is the second one.
        """
        if self._content:
            raise InvalidError(f"{self._name}: a photo holds one picture; end the name in .mp4")
        height, width = picture.y.shape
        frame = picture.frame
        pixels = frame.reformat(
            format=_FORMATS[self._codec],
            src_color_range=frame.color_range or None,
            dst_color_range=_FULL_RANGE,
        )
        if (width, height) != (frame.width, frame.height):
            pixels = _cropped(pixels, width, height)
        context = av.CodecContext.create(self._codec, "w")
        assert isinstance(context, av.VideoCodecContext)  # noqa: S101 - narrows the type
        context.width, context.height = width, height
        context.pix_fmt, context.time_base = pixels.format.name, Fraction(1, 25)
        context.options = _FINE if self._codec == "mjpeg" else {}
        pixels.pts = 0
        packets = [*context.encode(pixels), *context.encode(None)]
        self._content = b"".join(bytes(each) for each in packets)

    def write_sound(self, sound: Sound) -> None:
        """Leave it out: photos have none."""

    def finish(self) -> None:
        """Write the file.

        Raises:
            UnavailableError: The disk is full, or failed.
        """
        try:
            self._path.write_bytes(self._content)
        except OSError as error:
            why = error.strerror or error
            raise UnavailableError(
                f"{self._name} cannot be written ({why}); free the disk and repeat"
            ) from error

    def close(self) -> None:
        """Do nothing: nothing is open."""


def _cropped(frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
    """Return a frame without the column and row that made its size even."""
    if frame.format.name == _FORMATS["png"]:
        pixels = np.ascontiguousarray(frame.to_ndarray()[:height, :width], np.uint8)
        return av.VideoFrame.from_ndarray(pixels, frame.format.name)
    cropped = av.VideoFrame(width, height, frame.format.name)
    for part, plane in zip(planes_of(cropped), planes_of(frame), strict=True):
        np.copyto(part, plane[: part.shape[0], : part.shape[1]])
    return cropped
