"""Segments that are being written: in memory only, a start-up scan finds them after a crash."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from handfast.kit.errors import NotFoundError
from handfast.storage.segments import BegunRun, IndexedRun, IndexedSegment, Recording


@dataclass(slots=True)
class _Open:
    segment: IndexedSegment
    runs: list[IndexedRun] = field(default_factory=list)  # can be read
    begun: list[BegunRun] = field(default_factory=list)  # cannot be read yet

    def snapshot(self) -> IndexedSegment:
        """Return the segment with the runs that can be read; the lock is held."""
        if not self.runs:
            return self.segment
        last = self.runs[-1]
        size = last.offset + last.length
        return replace(self.segment, end_us=last.end_us, bytes=size, runs=tuple(self.runs))


class OpenSegments:
    """What is known of segments until they are closed. Safe from any thread."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._open: dict[bytes, _Open] = {}

    def opened(self, segment: IndexedSegment) -> None:
        """Take note of a segment that begins."""
        with self._lock:
            self._open[segment.id] = _Open(replace(segment, open=True, runs=()))

    def run_begun(self, run: BegunRun) -> None:
        """Take note of a run that begins; of unknown segments it is ignored."""
        with self._lock:
            if found := self._open.get(run.segment):
                found.begun.append(run)

    def run_ended(self, segment: bytes, run: IndexedRun) -> None:
        """Take note of a run that can be read; of unknown segments it is ignored."""
        with self._lock:
            if found := self._open.get(segment):
                found.runs.append(run)
                found.begun = [each for each in found.begun if each.run > run.run]

    def forget(self, segment: bytes) -> None:
        """Drop a segment."""
        with self._lock:
            self._open.pop(segment, None)

    def finish(
        self, segment: bytes, *, end_us: int, size: int, lost_units: int, recovered: bool
    ) -> IndexedSegment:
        """Return a segment as it will be stored; runs beyond `size` are left out.

        Raises:
            NotFoundError: It is not open.
        """
        with self._lock:
            found = self._open.get(segment)
            runs = () if found is None else tuple(found.runs)
        if found is None:
            raise NotFoundError(
                f"segment {segment.hex()} is not open; it may be closed already"
            )
        kept = tuple(run for run in runs if run.offset + run.length <= size)
        return replace(
            found.segment,
            end_us=kept[-1].end_us if kept and len(kept) < len(runs) else end_us,
            bytes=size,
            lost_units=lost_units,
            recovered=recovered,
            open=False,
            runs=kept,
        )

    def find(self, segment: bytes) -> IndexedSegment | None:
        """Return a segment with the runs it has; `None` when it is not open."""
        with self._lock:
            found = self._open.get(segment)
            return None if found is None else found.snapshot()

    def all(self, *, but: Callable[[bytes], bool]) -> list[IndexedSegment]:
        """Return the segments with the runs they have, except those named by `but`."""
        with self._lock:
            return [each.snapshot() for id_, each in self._open.items() if not but(id_)]

    def begun(self, recording: Recording) -> tuple[BegunRun, ...]:
        """Return the runs of a recording that cannot be read yet, oldest first."""
        with self._lock:
            found = [
                run
                for each in self._open.values()
                if each.segment.recording == recording
                for run in each.begun
            ]
        return tuple(sorted(found, key=lambda run: run.start_us))
