"""Retention: nothing goes before its entry is in the log, except to keep recording."""

from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import msgspec

from handfast.model.media import Stream
from handfast.node.metrics import NodeMetrics
from handfast.node.pep import Pep, open_log
from handfast.node.steady import SteadyClock
from handfast.node.usecases.keep_room import KeepRoom, RoomPolicy, keep_days
from handfast.storage.files import read_or_create_key
from handfast.storage.retention import Retention
from handfast.storage.segment_files import SegmentFiles
from handfast.storage.segment_index import SegmentIndex
from handfast.storage.segments import IndexedRun, IndexedSegment, Recording
from handfast.storage.sqlite_periods import SqlitePeriods
from tests.fakes.log_store import FakeLogStore
from tests.fakes.steady import CountingIds, HandClock
from tests.scenario.node.people import key

DAY_US = 86_400_000_000


class Volumes(SegmentFiles):
    """Real files on volumes with as much room as a test says, not as the machine has.

    Attributes:
        free: Bytes.
    """

    free = 1000

    def free_bytes(self) -> int:
        """Return what the test says."""
        return self.free


@dataclass
class Shelf:
    """A node's disk with old and new segments."""

    folder: Path
    clock: HandClock = field(default_factory=HandClock)
    log: FakeLogStore = field(default_factory=FakeLogStore)

    def __post_init__(self) -> None:
        """Open it."""
        read_or_create_key(self.folder / "key", CountingIds())
        self.periods = SqlitePeriods(
            self.folder / "periods.db", key_file=self.folder / "key", ids=CountingIds()
        )
        self.index = SegmentIndex(self.folder / "segments.db")
        self.files = Volumes([self.folder])

    def put(self, name: str, *, age_days: float) -> Path:
        """Put a segment of an age on the shelf."""
        end_us = self.clock.now_us() - keep_days(age_days)
        path = self.folder / name
        path.write_bytes(bytes(1000))
        segment = IndexedSegment(
            id=name.encode().ljust(16, b"."),
            recording=Recording(camera=UUID(int=1), stream=Stream.MAIN),
            period=b"p" * 16,
            header=bytes(104),
            path=name,
            start_us=end_us - 10_000_000,
            end_us=end_us,
            bytes=1000,
            runs=(_run(end_us - 10_000_000, end_us),),
        )
        self.index.closed([segment])
        return path

    def room(self, *, min_free_bytes: int = 0) -> KeepRoom:
        """Return the use case, keeping a week."""
        log = open_log(self.log, key("node"), "log.example", ids=CountingIds())
        metrics = NodeMetrics()
        return KeepRoom(
            retention=Retention(index=self.index, files=self.files, periods=self.periods),
            files=self.files,
            pep=Pep(log=log, metrics=metrics),
            clock=SteadyClock(self.clock),
            metrics=metrics,
            policy=RoomPolicy(keep_us=7 * DAY_US, min_free_bytes=min_free_bytes),
        )

    def logged(self) -> list[dict[str, object]]:
        """Return the entries of the log."""
        openings = self.log.openings(0, self.log.size())
        return [msgspec.json.decode(opening.entry) for opening in openings]


def _run(start_us: int, end_us: int) -> IndexedRun:
    return IndexedRun(
        run=0,
        key=True,
        leaf=0,
        start_us=start_us,
        end_us=end_us,
        offset=104,
        length=896,
        units=1,
        first_pts=0,
        sha256=bytes(32),
    )


async def test_what_is_old_goes_and_stands_in_the_log(tmp_path: Path) -> None:
    """One entry names what went and why; the new stays."""
    shelf = Shelf(tmp_path)
    old, new = shelf.put("old", age_days=8), shelf.put("new", age_days=1)
    assert await shelf.room().tick() == 1000
    assert (old.exists(), new.exists()) == (False, True)
    (entry,) = shelf.logged()
    assert (entry["kind"], entry["bytes"]) == ("retention", 1000)
    assert await shelf.room().tick() == 0
    assert len(shelf.logged()) == 1


async def test_nothing_old_goes_while_the_log_takes_nothing(tmp_path: Path) -> None:
    """Age can wait."""
    shelf = Shelf(tmp_path)
    old = shelf.put("old", age_days=8)
    shelf.log.full = True
    assert await shelf.room().tick() == 0
    assert old.exists()
    shelf.log.full = False
    assert await shelf.room().tick() == 1000


async def test_p12_recording_goes_on_room_is_made_even_when_the_log_is_full(
    tmp_path: Path,
) -> None:
    """A full disk must not stop the recording that everything else is about."""
    shelf = Shelf(tmp_path)
    oldest = shelf.put("oldest", age_days=3)
    shelf.log.full = True
    assert await shelf.room(min_free_bytes=shelf.files.free + 1).tick() == 1000
    assert not oldest.exists()


async def test_nothing_young_goes_while_there_is_room_enough(tmp_path: Path) -> None:
    """Just as much as is to be kept free is free."""
    shelf = Shelf(tmp_path)
    young = shelf.put("young", age_days=3)
    assert await shelf.room(min_free_bytes=shelf.files.free).tick() == 0
    assert young.exists()
    assert shelf.logged() == []
