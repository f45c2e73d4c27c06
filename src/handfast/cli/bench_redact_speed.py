"""What redacting a file takes: the three steps of `handfast redact`, picture after picture."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Final, TypeAlias

from handfast.kit.errors import InvalidError
from handfast.media.picture_reader import PictureReader
from handfast.media.picture_writer import Output, PictureWriter
from handfast.media.pictures import DecodedPicture
from handfast.vision.detector import Detector
from handfast.vision.picture import Picture
from handfast.vision.redactor import Redactor
from handfast.vision.settings import Settings

WARM_UP: Final = 25
"""Pictures before those that are measured: by then encoder and background have settled."""

_STEPS: Final = 3

CpuSeconds: TypeAlias = Callable[[], float]
"""CPU time of all threads of this process so far, such as `time.process_time`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """CPU time for some pictures, all threads together, s.

    Attributes:
        pictures: How many.
        decode: Demultiplexing, decoding, a copy that may be written to.
        redact: Background model, detection in each k-th picture, tracking, covering.
        encode: Encoding and writing.
    """

    pictures: int
    decode: float
    redact: float
    encode: float

    @property
    def ms_per_picture(self) -> float:
        """All of it for one picture, ms."""
        return (self.decode + self.redact + self.encode) / self.pictures * 1000

    @property
    def fps_per_core(self) -> float:
        """Pictures that one core redacts a second."""
        return 1000 / self.ms_per_picture


def redact_part(
    film: Path,
    target: Path,
    settings: Settings,
    detectors: Sequence[Detector],
    *,
    pictures: int,
    cpu_seconds: CpuSeconds,
) -> Spent:
    """Redact the beginning of a film; the first `WARM_UP` pictures are not counted.

    Args:
        film: Read with one thread.
        target: Written with one thread, as `handfast redact` writes it.
        settings: Of the engine.
        detectors: Opened and prepared for the film's size.
        pictures: To be measured.
        cpu_seconds: What is measured with.

    Raises:
        InvalidError: The film is shorter than that.
    """
    redactor = Redactor(settings, detectors)
    with PictureReader(film) as reader:
        found = _pictures(reader)
        first = next(found)
        output = Output(width=first.frame.width, height=first.frame.height, rate=reader.rate)
        with PictureWriter(target, output) as writer:
            ends: list[float] = []
            for picture in islice(chain([first], found), WARM_UP + pictures):
                ends.append(cpu_seconds())
                planes = Picture(y=picture.y, u=picture.u, v=picture.v)
                redactor.redact(planes, picture.at_us)
                ends.append(cpu_seconds())
                writer.write(picture)
                ends.append(cpu_seconds())
    if len(ends) < _STEPS * (WARM_UP + pictures):
        raise InvalidError(f"{film} has {len(ends) // _STEPS} pictures; ask for fewer")
    steps = [after - before for before, after in pairwise(ends[_STEPS * WARM_UP - 1 :])]
    decode, redact, encode = (sum(steps[step::_STEPS]) for step in range(_STEPS))
    return Spent(pictures=pictures, decode=decode, redact=redact, encode=encode)


def together(parts: Sequence[Spent]) -> Spent:
    """Return the sum over several films."""
    return Spent(
        pictures=sum(each.pictures for each in parts),
        decode=sum(each.decode for each in parts),
        redact=sum(each.redact for each in parts),
        encode=sum(each.encode for each in parts),
    )


def in_the_middle(trials: Sequence[Spent]) -> Spent:
    """Return the trial with the median time; of an even number the slower of the two."""
    return sorted(trials, key=lambda each: each.ms_per_picture)[len(trials) // 2]


def _pictures(reader: PictureReader) -> Iterator[DecodedPicture]:
    return (each for each in reader.read() if isinstance(each, DecodedPicture))
