"""A redaction process that makes a recorded range: clear runs in, sealed redacted ones out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from handfast.kit.clock import Clock
from handfast.kit.ids import Ids
from handfast.media.feed import TrackFound
from handfast.media.periods import PeriodMint
from handfast.media.recorder import Recorder
from handfast.media.recording import RecorderParts, SegmentPolicy
from handfast.media.unit_pictures import PictureSize, PlanarPicture
from handfast.media.worker_link import NodeLink
from handfast.media.writer import Volume, WritePolicy
from handfast.model.media import Rendition, Stream, TrackKind
from handfast.node.redaction.engine import settings_of
from handfast.node.redaction.orders import BeginRange, GivenPeriod, Order
from handfast.node.redaction.rendition import Covering
from handfast.node.redaction.source_pictures import source_pictures
from handfast.vision.boxes import Kind
from handfast.vision.detector import Detector
from handfast.vision.due import Keep
from handfast.vision.redactor import Redacted, Redactor

_SECOND_US: Final = 1_000_000
_WRITE: Final = WritePolicy(round_s=0.02, sync_after_s=60.0, lane_bytes=64 << 20)
"""Nothing here is worth an fdatasync: it can be made again, and it goes with its grant."""

_SEARCH_US: Final = 600_000
"""Before the range, for so long, people are looked for: who stands there is known by then. In
what lies before that the background is learned, which costs next to nothing."""

_FIRST_RUN_US: Final = 300_000
"""Length of the first run, the least that a viewer can fetch: somebody waits for it."""


class PictureClock:
    """Time as the pictures tell it: when the camera took them. One thread moves it."""

    def __init__(self, started_us: int) -> None:
        """Begin where the key period begins."""
        self._started_us = started_us
        self._now_us = started_us

    def move(self, at_us: int) -> None:
        """Go to a picture; never back."""
        self._now_us = max(self._now_us, at_us)

    def now_us(self) -> int:
        """Return wall time."""
        return self._now_us

    def monotonic(self) -> float:
        """Return seconds since the period began."""
        return (self._now_us - self._started_us) / _SECOND_US


class _OnePeriod:
    """A store that gives the one period that the node has made for this range."""

    def __init__(self, period: GivenPeriod) -> None:
        self._period = period

    def new_period(
        self,
        _camera: UUID,
        _stream: Stream,
        _rendition: Rendition,
        *,
        started_us: int,
        monotonic: float,
    ) -> GivenPeriod:
        """Return it, whatever is asked."""
        del started_us, monotonic
        return self._period


class RangeProcess:
    """Makes one range, from its beginning to its end, as fast as it can."""

    def __init__(
        self,
        link: NodeLink[Order],
        begin: BeginRange,
        detectors: Sequence[Detector],
        *,
        clock: Clock,
        ids: Ids,
    ) -> None:
        """Build everything; nothing runs before `run`."""
        self._link = link
        self._begin = begin
        self._stream = begin.making.stream
        self._times = PictureClock(begin.period.started_us)
        self._mint = PeriodMint(_OnePeriod(begin.period), clock=self._times)
        folder = Path(begin.folder)
        self._volume = Volume(folder, clock=clock, policy=_WRITE)
        parts = RecorderParts(
            owner=begin.making.owner,
            clock=self._times,
            ids=ids,
            mint=self._mint,
            feed=link,
            policy=SegmentPolicy(),
            ask_keyframe=lambda _: self._covering.want_key(),
        )
        self._recorder = Recorder(parts, volumes={folder: self._volume})
        self._covering = Covering(
            begin.making,
            Redactor(settings_of(begin.making.how), detectors),
            self._recorder,
            keep=_keep(begin),
        )
        self._recorder.add(self._stream, root=folder)
        self._due_us = 0.0
        self._first_until_us: int | None = None
        self._second = 0  # of the key period, of the latest picture
        self._told: set[int] = set()

    def run(self) -> None:
        """Make the range, tell of each run as it can be read, and return at the end."""
        self._mint.step()
        self._volume.start()
        making = self._begin.making
        size = PictureSize(width=making.width, height=making.height)
        for picture in source_pictures(self._begin.sources, size, is_due=self._is_due):
            if self._link.gone:
                return
            self._show(picture)
        self._recorder.close()
        self._link.close()

    def _is_due(self, _pts: int, at_us: int) -> bool:
        """Tell whether the rate has room for a picture, and the range."""
        if at_us < self._due_us or at_us >= self._begin.until_us:
            return False
        step_us = _SECOND_US / self._begin.making.fps
        self._due_us = max(self._due_us + step_us, at_us + step_us / 2)
        return True

    def _show(self, picture: PlanarPicture) -> None:
        at_us, from_us = picture.received_us, self._begin.from_us
        if at_us < from_us:
            self._covering.look(picture, search=at_us >= from_us - _SEARCH_US)
            return
        self._begin_runs(at_us)
        self._times.move(at_us)
        self._tell(self._covering.show(picture))
        self._recorder.tick()
        self._link.flush()

    def _begin_runs(self, at_us: int) -> None:
        """Begin a run with each second of the period, and one soon after the first."""
        second = (at_us - self._begin.period.started_us) // _SECOND_US
        if self._first_until_us is None:
            self._first_until_us = at_us + _FIRST_RUN_US
        elif second != self._second or at_us >= self._first_until_us:
            self._first_until_us = self._begin.until_us
            self._covering.want_key()
        self._second = second

    def _tell(self, done: Redacted) -> None:
        """Say what each new track is, before its picture can be fetched."""
        for each in done.tracks:
            if each.track not in self._told:
                self._told.add(each.track)
                kind = TrackKind(each.kind)
                found = TrackFound(stream=self._stream, track=each.track, kind=kind)
                self._link.emit(found)


def _keep(begin: BeginRange) -> Keep | None:
    """Return what stays clear. Where children are, the node opens it to two approvals only."""
    if begin.keep is None:
        return None
    kind = None if begin.keep_kind is None else Kind(begin.keep_kind)
    two_persons = bool(begin.making.how.children)
    return Keep(tracks=frozenset({begin.keep}), two_persons=two_persons, kind=kind)
