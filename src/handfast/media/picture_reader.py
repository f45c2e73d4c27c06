"""A video file, picture after picture, with the packets of its sound."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Self, TypeAlias, cast

import av
import av.stream
from av.sidedata.sidedata import SideData

from handfast.kit.errors import InvalidError
from handfast.media.exif import is_mirrored
from handfast.media.pictures import PHOTOS, DecodedPicture, take

_DEFAULT_RATE: Final = Fraction(25)
_LEAST_STEP_US: Final = 1000  # containers tell no shorter times apart

_DAMAGE: Final = (av.error.InvalidDataError, av.error.PatchWelcomeError, av.error.EOFError)

_Packet: TypeAlias = "av.Packet[av.stream.Stream]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A packet of sound, coded as the file holds it; only for `PictureWriter.write_sound`."""

    packet: _Packet


def _why(error: av.FFmpegError | OSError) -> str:
    """Say it without the number and the name that the system's own text repeats."""
    if isinstance(error, _DAMAGE):
        return "this is no video, or a damaged one"
    return (error.strerror or str(error)).lower()


class PictureReader:
    """Reads a file once, from its beginning. Belongs to one thread; use it in a `with`.

    Attributes:
        skipped: Packets that gave no picture, so far.
        damaged: Pictures given with `damaged` set, so far.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        """Open a file.

        Raises:
            InvalidError: It is missing, or holds no video that can be decoded.
        """
        try:
            self._container = av.open(str(path), metadata_errors="replace")
        except (av.FFmpegError, OSError) as error:
            raise InvalidError(f"{path}: {_why(error)}; name a video file") from error
        # The best one: the first may be a cover that a player shows beside its sound.
        stream = self._container.streams.best("video")
        if not isinstance(stream, av.VideoStream):
            self._container.close()
            raise InvalidError(f"{path}: holds no video; name a video file")
        self._stream = stream
        self._path = path
        self._stream.codec_context.thread_count = threads
        self._stream.thread_type = "AUTO" if threads > 1 else "NONE"
        self.skipped = 0
        self.damaged = 0
        self._aspect = self._stream.sample_aspect_ratio or Fraction(1)
        self._mirrored: bool | None = None  # nobody knows before the first picture
        self._broken = False
        self._sound_from: int | None = None
        self._last_us = -_LEAST_STEP_US

    def __enter__(self) -> Self:
        """Return the reader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._container.close()

    @property
    def audio(self) -> list[av.AudioStream]:
        """The audio tracks, as templates for a writer."""
        return list(self._container.streams.audio)

    @property
    def rate(self) -> Fraction:
        """Pictures per second, as the file says; 25 when it does not."""
        rate = self._stream.average_rate or self._stream.guessed_rate or _DEFAULT_RATE
        return rate if rate > 0 else _DEFAULT_RATE

    @property
    def duration_us(self) -> int | None:
        """Length of the file; None when it does not say."""
        return self._container.duration

    @property
    def start_us(self) -> int:
        """Time of the film's beginning; streams that were cut out of others begin late."""
        return self._container.start_time or 0

    @property
    def metadata(self) -> dict[str, str]:
        """Title, place, time and so on, as the container holds them."""
        return dict(self._container.metadata)

    def seek(self, at_us: int) -> bool:
        """Go to a key picture at or before a time, so that `read` goes on from there.

        Pictures of a sound film have the same times as in a reading from the beginning.

        Returns:
            Whether the file could; if not, it may stand anywhere: open it anew.
        """
        self._broken, self._sound_from = False, None
        self._last_us = -_LEAST_STEP_US
        try:
            self._container.seek(at_us)
        except av.FFmpegError:
            return False
        return True

    def read(self, *, sound: bool = False) -> Iterator[DecodedPicture | Sound]:
        """Yield every picture that can be decoded, in order of time, and packets of sound.

        After an error, pictures are marked as damaged until the next key picture: what they
        show is partly made up by the decoder.

        Raises:
            InvalidError: The file holds no picture at all.
        """
        streams: list[av.VideoStream | av.AudioStream] = [self._stream]
        streams += self.audio if sound else []
        for packet in self._packets(streams):
            if packet.stream.type == "audio":
                if packet.dts is not None:
                    yield Sound(packet=packet)
                continue
            yield from self._decode(packet)
        if self._last_us < 0:
            raise InvalidError(f"{self._path}: no picture could be decoded; name a video file")

    def _packets(self, streams: list[av.VideoStream | av.AudioStream]) -> Iterator[_Packet]:
        packets = self._container.demux(streams)
        while True:
            try:
                yield next(packets)
            except StopIteration:
                return
            except av.FFmpegError:
                # The rest of the file cannot be read: what is there has been given.
                self.skipped += 1
                return

    def _decode(self, packet: _Packet) -> Iterator[DecodedPicture]:
        if packet.is_corrupt:
            self._broken = True
        elif packet.is_keyframe and self._broken:
            # Pictures come out later than their packets: those before this one are still bad.
            self._broken, self._sound_from = False, packet.pts
        try:
            frames = self._stream.decode(packet if packet.size else None)
        except av.FFmpegError:
            self.skipped += 1
            self._broken = True
            return
        for frame in frames:
            if self._mirrored is None:
                self._mirrored = self._is_mirrored(frame)
            self._broken = self._broken or frame.is_corrupt
            damaged = self._broken or _is_before(frame.pts, self._sound_from)
            self.damaged += damaged
            yield take(
                frame,
                self._time_of(frame),
                damaged=damaged,
                aspect=self._aspect,
                mirrored=self._mirrored,
            )

    def _is_mirrored(self, frame: av.VideoFrame) -> bool:
        """Tell whether it is mirrored, beside being turned: its matrix turns space over."""
        if self._path.suffix.lower() in PHOTOS:
            return is_mirrored(self._path)
        try:
            note = cast("SideData | None", frame.side_data.get("DISPLAYMATRIX"))
        except ValueError:  # it has notes that this version of the library does not know
            return False
        if note is None:
            return False
        across, down, _, along, up = struct.unpack_from("=5i", note)
        return bool(across * up < down * along)

    def _time_of(self, frame: av.VideoFrame) -> int:
        """Return the picture's time, by a millisecond later than that of the one before."""
        guess = self._last_us + round(1_000_000 / self.rate) if self._last_us >= 0 else 0
        base = self._stream.time_base
        at_us = guess if frame.pts is None or not base else round(frame.pts * base * 1_000_000)
        self._last_us = max(at_us, self._last_us + _LEAST_STEP_US)
        return self._last_us


def _is_before(pts: int | None, bound: int | None) -> bool:
    return bound is not None and (pts is None or pts < bound)
