"""What was made of a recorded range so far: in memory and one folder, until its grant ends."""

import os
import threading
from pathlib import Path

from handfast.kit.clock import Clock
from handfast.kit.errors import NotFoundError
from handfast.media.feed import Event, RunEnded, SegmentOpened, TrackFound
from handfast.model.media import TrackKind
from handfast.node.indexed import ended_run, opened_segment
from handfast.protocol.wire import Unmade
from handfast.storage.open_segments import OpenSegments
from handfast.storage.segments import BegunRun, IndexedSegment, Recording


class Shelf:
    """`handfast.node.ports.Segments` and `SegmentBytes` of one range. Safe from any thread."""

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        """Begin empty.

        Args:
            folder: Where the files appear.
            clock: For waiting.
        """
        self._folder = folder
        self._clock = clock
        self._segments = OpenSegments()
        self._kinds: dict[int, TrackKind] = {}
        self._changed = threading.Condition()
        self._reached_us = 0
        self._done = False
        self._unmade: Unmade | None = None

    def hear(self, event: Event) -> None:
        """Take what the process tells."""
        match event:
            case SegmentOpened(catch_up=False):
                self._segments.opened(opened_segment(event))
            case TrackFound():
                self._kinds[event.track] = event.kind
            case RunEnded():
                self._segments.run_ended(event.segment, ended_run(event))
                with self._changed:
                    self._reached_us = max(self._reached_us, event.end_us)
                    self._changed.notify_all()
            case _:
                pass

    def kind_of(self, track: int) -> TrackKind | None:
        """Return what a track of the range is; `None` when the range has shown none such."""
        return self._kinds.get(track)

    def finish(self, unmade: Unmade | None = None) -> None:
        """Nothing will be added any more; `unmade` tells why that is not all."""
        with self._changed:
            self._done, self._unmade = True, unmade
            self._changed.notify_all()

    @property
    def unmade(self) -> Unmade | None:
        """Why the range will never be whole; `None` while it may become so."""
        return self._unmade

    def wait(self, until_us: int, *, longest_s: float) -> bool:
        """Wait until pictures up to `until_us` can be read, or all is made.

        Returns:
            Whether that is so; `False` when time was up before it.
        """
        ends = self._clock.monotonic() + longest_s
        with self._changed:
            while not self._done and self._reached_us < until_us:
                if (left := ends - self._clock.monotonic()) <= 0:
                    return False
                self._changed.wait(left)
        return True

    def find(self, segment: bytes) -> IndexedSegment | None:
        """Return one segment (`Segments`)."""
        return self._segments.find(segment)

    def overlapping(
        self, recording: Recording, *, since_us: int, until_us: int
    ) -> tuple[IndexedSegment, ...]:
        """Return segments with pictures of a part of the range (`Segments`)."""
        return tuple(
            each
            for each in self._segments.all(but=lambda _: False)
            if each.recording == recording
            and each.runs
            and each.start_us < until_us
            and each.end_us > since_us
        )

    def begun(self, _recording: Recording) -> tuple[BegunRun, ...]:
        """Return nothing: the whole range's keys are released at once (`Segments`)."""
        return ()

    def manifest(self, _segment: bytes) -> bytes | None:
        """Return nothing: what is made for one viewer is vouched for by no one (`Segments`)."""
        return None

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Return bytes of a segment (`SegmentBytes`)."""
        try:
            descriptor = os.open(self._folder / path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise NotFoundError("this redacted range has ended; ask for it again") from error
        try:
            return os.pread(descriptor, length, offset)
        finally:
            os.close(descriptor)
