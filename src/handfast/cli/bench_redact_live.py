"""What one live redacted rendition takes: the node's own class, without its process."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from handfast.kit.clock import Clock
from handfast.kit.errors import InvalidError, UnavailableError
from handfast.kit.ids import Ids, SystemIds
from handfast.media.clip import Clip, load_clip
from handfast.media.encode import FPS
from handfast.media.feed import Event, UnitCopied, UnitsSealed
from handfast.media.parameter_sets import H264Sets
from handfast.media.periods import PeriodMint
from handfast.media.recorder import Recorder
from handfast.media.recording import RecorderParts, SegmentPolicy
from handfast.media.units import TICKS_PER_SECOND, StreamKey, TrackConfig
from handfast.media.writer import Volume, WritePolicy
from handfast.model.media import Rendition, Stream
from handfast.node.redaction.engine import settings_of
from handfast.node.redaction.live_rendition import LiveRendition
from handfast.node.redaction.orders import CameraRedaction, GivenPeriod, Making
from handfast.node.redaction.range_process import PictureClock
from handfast.vision.detector import Detector
from handfast.vision.redactor import Redactor

_PICTURE_US: Final = 1_000_000 // FPS
_ID_BYTES: Final = 16
_ROOT_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTrial:
    """One stretch of a camera's film, redacted live.

    Attributes:
        cpu_s: Taken by all threads of this process.
        film_s: Length of the stretch.
        decoded: Pictures of the camera that were decoded.
        shown: Pictures that were redacted, encoded and sealed.
    """

    cpu_s: float
    film_s: float
    decoded: int
    shown: int

    @property
    def streams_per_core(self) -> float:
        """How many such cameras one core keeps up with."""
        return self.film_s / self.cpu_s


def measure_live(
    film: Path,
    how: CameraRedaction,
    detectors: Sequence[Detector],
    *,
    seconds: float,
    cpu_seconds: Callable[[], float],
) -> LiveTrial:
    """Redact a film as the node does live: decode every picture, show ten a second at 960x540.

    Time is the film's, so that nothing is late and nothing left out, however slow the machine.

    Args:
        film: A clip of `handfast.media.footage`, H.264, 25 pictures a second.
        how: What is covered.
        detectors: Opened and prepared.
        seconds: Measured, after two seconds that are not.
        cpu_seconds: CPU time of this process so far, such as `time.process_time`.

    Raises:
        InvalidError: The film is shorter than that.
        UnavailableError: It cannot be decoded here, or nothing came out sealed.
    """
    clip = load_clip(film)
    count, before = round(seconds * FPS), 2 * FPS
    if len(clip.pictures) < count + before:
        raise InvalidError(f"{film} has {len(clip.pictures)} pictures; ask for fewer seconds")
    clock = PictureClock(0)
    with tempfile.TemporaryDirectory(prefix="handfast-bench-") as name:
        sealed = _Sealed()
        rendition = _rendition(how, detectors, sealed, clock=clock, scratch=Path(name))
        began, shown = cpu_seconds(), 0
        for number, unit in enumerate(_units(clip, before + count)):
            if number == before:
                began, shown, sealed.units = cpu_seconds(), 0, 0
            clock.move(unit.received_us)
            shown += rendition.take(unit) is not None
        cpu_s = cpu_seconds() - began
    if sealed.units != shown:
        raise UnavailableError(f"{shown} pictures were shown, but {sealed.units} sealed")
    return LiveTrial(cpu_s=cpu_s, film_s=count / FPS, decoded=count, shown=shown)


@dataclass(slots=True)
class _Sealed:
    """Takes what the recorder tells, as the node's link does; counts sealed pictures."""

    units: int = 0
    congested: bool = field(default=False)

    def emit(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, UnitsSealed):
            self.units += 1


class _Periods:
    """A store of key periods that keeps none."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def new_period(
        self,
        _camera: UUID,
        _stream: Stream,
        _rendition: Rendition,
        *,
        started_us: int,
        monotonic: float,
    ) -> GivenPeriod:
        """Make a period with a fresh root."""
        return GivenPeriod(
            id=self._ids.secret(_ID_BYTES),
            root=self._ids.secret(_ROOT_BYTES),
            started_us=started_us,
            monotonic=monotonic,
        )


def _rendition(
    how: CameraRedaction,
    detectors: Sequence[Detector],
    sealed: _Sealed,
    *,
    clock: Clock,
    scratch: Path,
) -> LiveRendition:
    ids = SystemIds(clock)
    stream = StreamKey(ids.uuid7(), rendition=Rendition.REDACTED)
    making = Making(stream=stream, owner=ids.uuid7(), how=how)
    mint = PeriodMint(_Periods(ids), clock=clock)
    parts = RecorderParts(
        owner=making.owner,
        clock=clock,
        ids=ids,
        mint=mint,
        feed=sealed,
        policy=SegmentPolicy(),
        ask_keyframe=lambda _: None,
    )
    volume = Volume(scratch, clock=clock, policy=WritePolicy(lane_bytes=0))
    recorder = Recorder(parts, volumes={scratch: volume})
    recorder.add(stream, root=scratch)
    recorder.attach(stream)
    mint.step()
    redactor = Redactor(settings_of(how, live=True), detectors)
    return LiveRendition(making, redactor, recorder, clock=clock)


def _units(clip: Clip, count: int) -> Iterator[UnitCopied]:
    """Yield the first pictures of a clip without B pictures as the camera's units."""
    config, stream = _config_of(clip), StreamKey(UUID(int=0))
    ticks = TICKS_PER_SECOND // FPS
    for number, picture in enumerate(clip.pictures[:count]):
        pts = picture.index * ticks
        yield UnitCopied(
            stream=stream,
            config=config if picture.key else None,
            key=picture.key,
            pts=pts,
            dts=pts,
            data=b"".join(len(nal).to_bytes(4, "big") + nal for nal in picture.nals),
            received_us=number * _PICTURE_US,
        )


def _config_of(clip: Clip) -> TrackConfig | None:
    sets = H264Sets()
    for nal in clip.parameter_sets:
        sets.offer(nal)
    return sets.config()
