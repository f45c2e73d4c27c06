"""Recorded segments with an index, a scan and retention around them."""

from pathlib import Path

from handfast.media.feed import RunEnded, SegmentClosed, SegmentOpened
from handfast.media.recording import SegmentPolicy
from handfast.media.units import StreamKey
from handfast.model.media import Stream
from handfast.node.indexed import ended_run, opened_segment
from handfast.storage.files import read_or_create_key
from handfast.storage.holds import Holds
from handfast.storage.retention import Retention
from handfast.storage.segment_files import SegmentFiles
from handfast.storage.segment_index import SegmentIndex
from handfast.storage.segments import IndexedSegment, Recording
from handfast.storage.sqlite_periods import SqlitePeriods
from handfast.storage.startup_scan import StartupScan
from tests.fakes.steady import CountingIds, HandClock
from tests.unit.media_recording.rig import GATE, Rig

SHORT = SegmentPolicy(segment_s=1)
GATE_RECORDING = Recording(camera=GATE.camera, stream=Stream.MAIN)


class Shelf:
    """What a node has around its segments; `record` tells the index as a node would."""

    def __init__(self, root: Path, *, policy: SegmentPolicy = SHORT) -> None:
        """Build everything over `root`, which may hold what another shelf left there."""
        self.clock = HandClock()
        self.volume = root / "volume"
        self.volume.mkdir(exist_ok=True)
        self._policy = policy
        ids = CountingIds(after=len(list(root.rglob("*"))) * 1000)
        read_or_create_key(root / "key", ids)
        self.periods = SqlitePeriods(root / "periods.db", key_file=root / "key", ids=ids)
        self.index = SegmentIndex(root / "segments.db")
        self.files = SegmentFiles([self.volume])
        self.scan = StartupScan(files=self.files, index=self.index, periods=self.periods)
        self.holds = Holds(self.index)
        self.retention = Retention(index=self.index, files=self.files, periods=self.periods)
        self.rig = self._rig(ids)
        self._told = 0

    def record(self, *, pictures: int, stream: StreamKey = GATE, close: bool = True) -> None:
        """Record as a fresh ingest process would, and tell the index."""
        self.rig = self._rig(self.rig.ids)
        self._told = 0
        self.rig.add(stream)
        self.rig.play(stream, pictures=pictures, size=400)
        if close:
            self.rig.recorder.close()
        self.tell()

    def _rig(self, ids: CountingIds) -> Rig:
        return Rig(
            self.volume, policy=self._policy, clock=self.clock, periods=self.periods, ids=ids
        )

    def tell(self) -> None:
        """Hand the events since the last call to the index."""
        for event in self.rig.feed.events[self._told :]:
            match event:
                case SegmentOpened():
                    self.index.opened(opened_segment(event))
                case RunEnded():
                    self.index.run_ended(event.segment, ended_run(event))
                case SegmentClosed():
                    finished = self.index.finish(
                        event.segment,
                        end_us=event.end_us,
                        size=event.bytes,
                        lost_units=event.lost_units,
                        recovered=event.recovered,
                    )
                    self.index.closed([finished])
                case _:
                    pass
        self._told = len(self.rig.feed.events)

    def everything(self) -> tuple[IndexedSegment, ...]:
        """Return all readable segments of the gate."""
        return self.index.overlapping(GATE_RECORDING, since_us=0, until_us=1 << 62)

    def path(self, number: int) -> Path:
        """Return the file of the n-th segment."""
        return self.volume / self.everything()[number].path
