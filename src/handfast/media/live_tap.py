"""Lets viewers in on a stream: the group of pictures so far, then every unit, without a gap."""

from dataclasses import dataclass, field

import msgspec

from handfast.media.feed import Feed, RunStarted, SegmentOpened, UnitsSealed
from handfast.media.units import StreamKey


@dataclass(slots=True)
class _SealedRun:
    """A run of the present group of pictures, as much of it as there is."""

    started: RunStarted
    chunks: list[bytes] = field(default_factory=list)
    units: int = 0
    last_pts: int = 0
    received_us: int = 0


class LiveTap:
    """What is told of a stream while it is sealed. Ingest thread only.

    Segments and runs are told always, units only while attached. The sealed bytes of the
    present group of pictures are kept (they are shared with the disk's queue) up to a
    limit; beyond it a viewer begins with the next keyframe.
    """

    def __init__(self, stream: StreamKey, feed: Feed, *, group_bytes: int) -> None:
        """Take the feed and the most that is kept of a group of pictures, bytes."""
        self.stream = stream
        self._feed = feed
        self._group_bytes = group_bytes
        self._opened: SegmentOpened | None = None
        self._group: list[_SealedRun] = []
        self._kept_bytes = 0
        self._whole = False  # `_group` begins with its keyframe and lacks nothing
        self._attached = False
        self._flowing = False
        self.groups_dropped = 0

    @property
    def attached(self) -> bool:
        """Whether somebody watches."""
        return self._attached

    def segment_opened(self, event: SegmentOpened) -> None:
        """Tell of a new segment."""
        self._opened = event
        self._group = []
        self._whole = False
        self._feed.emit(event)

    def run_started(self, event: RunStarted) -> None:
        """Tell of a new run; at a keyframe a group begins, and viewers join again."""
        if event.key:
            self._group = []
            self._kept_bytes = 0
            self._whole = True
            self._flowing = self._attached and not self._feed.congested
            self.groups_dropped += self._attached and not self._flowing
        elif not self._whole:
            self._group = []
        self._group.append(_SealedRun(event))
        self._feed.emit(event)

    def unit(self, record: bytes, sealed: bytes, size: int, pts: int, received_us: int) -> None:
        """Take one sealed unit of the run started last; `size` is that of both parts."""
        run = self._group[-1]
        run.units += 1
        run.last_pts = pts
        run.received_us = received_us
        self._kept_bytes += size
        if self._kept_bytes <= self._group_bytes:
            run.chunks += (record, sealed)
        elif self._whole:
            self._forget_group()
        if self._flowing:
            self._pass_on(run, record + sealed)

    def attach(self) -> bool:
        """Begin to tell units; what there is of the present group is told first.

        May be called again for each further viewer: the group is repeated, marked
        `catch_up`, and live units go on for all.

        Returns:
            Whether the group could be told. If not, viewers begin with the next keyframe,
            so ask the camera for one.
        """
        joins = self._opened is not None and self._whole and not self._feed.congested
        if self._opened is not None and joins:
            self._feed.emit(msgspec.structs.replace(self._opened, catch_up=True))
            for run in self._group:
                self._repeat(run)
        # A viewer that was attached before keeps what it has; a gap ends at a keyframe only.
        self._flowing = self._flowing or joins
        self._attached = True
        return joins

    def detach(self) -> None:
        """Tell no more units."""
        self._attached = self._flowing = False

    def _forget_group(self) -> None:
        self._whole = False
        for run in self._group:
            run.chunks = []

    def _pass_on(self, run: _SealedRun, records: bytes) -> None:
        if self._feed.congested:
            self._flowing = False
            self.groups_dropped += 1
            return
        self._feed.emit(
            UnitsSealed(
                stream=self.stream,
                segment=run.started.segment,
                run=run.started.run,
                first_unit=run.units,
                records=records,
                last_pts=run.last_pts,
                received_us=run.received_us,
            )
        )

    def _repeat(self, run: _SealedRun) -> None:
        self._feed.emit(msgspec.structs.replace(run.started, catch_up=True))
        if not run.units:
            return
        self._feed.emit(
            UnitsSealed(
                stream=self.stream,
                segment=run.started.segment,
                run=run.started.run,
                first_unit=1,
                records=b"".join(run.chunks),
                last_pts=run.last_pts,
                received_us=run.received_us,
                catch_up=True,
            )
        )
