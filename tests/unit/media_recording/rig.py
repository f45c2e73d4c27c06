"""A recorder with a clock, a disk and periods that a test moves by hand."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from handfast.media.feed import Event, SegmentClosed
from handfast.media.periods import PeriodMint
from handfast.media.recorder import Recorder
from handfast.media.recording import RecorderParts, SegmentPolicy
from handfast.media.units import AUDIO, VIDEO, AccessUnit, Codec, StreamKey, TrackConfig
from handfast.media.writer import Volume, WritePolicy
from handfast.seal.format import SegmentHeader, decode_header, scan
from handfast.seal.keytree import LeafWalker, run_key, stream_label
from handfast.seal.open import OpenedRun, open_run
from handfast.storage.sqlite_periods import SqlitePeriods
from tests.fakes.recording import CollectedFeed, MemoryPeriods
from tests.fakes.steady import CountingIds, HandClock

OWNER = UUID("0194f3a0-0000-7000-8000-000000000001")
GATE = StreamKey(UUID("0194f3a0-0000-7000-8000-00000000000a"), "main")
YARD = StreamKey(UUID("0194f3a0-0000-7000-8000-00000000000b"), "main")
PICTURES = 25
TICKS = 3600
VIDEO_TRACK = TrackConfig(
    track=VIDEO, codec=Codec.H264, extradata=b"avcC", width=1920, height=1080
)
AUDIO_TRACK = TrackConfig(track=AUDIO, codec=Codec.PCMU, clock_rate=8000, channels=1)

_E = TypeVar("_E", bound=Event)


class Rig:
    """One volume, any number of streams; nothing happens unless the test says so."""

    def __init__(  # noqa: PLR0913 - each is a thing that some test replaces
        self,
        root: Path,
        *,
        policy: SegmentPolicy | None = None,
        write: WritePolicy | None = None,
        clock: HandClock | None = None,
        periods: MemoryPeriods | SqlitePeriods | None = None,
        ids: CountingIds | None = None,
        other: Path | None = None,
    ) -> None:
        """Build the recorder over `root`, and over the root of another volume."""
        self.root = root
        self.clock = clock or HandClock()
        self.ids = ids or CountingIds()
        self.memory = MemoryPeriods(self.ids)
        self.periods = self.memory if periods is None else periods
        self.mint = PeriodMint(self.periods, clock=self.clock)
        self.feed = CollectedFeed()
        self.volume = Volume(root, clock=self.clock, policy=write)
        self.asked: list[StreamKey] = []
        self._numbers: dict[StreamKey, int] = {}
        parts = RecorderParts(
            owner=OWNER,
            clock=self.clock,
            ids=self.ids,
            mint=self.mint,
            feed=self.feed,
            policy=policy or SegmentPolicy(),
            ask_keyframe=self.asked.append,
        )
        self.other_volume = Volume(other, clock=self.clock, policy=write) if other else None
        volumes = {volume.root: volume for volume in (self.volume, self.other_volume) if volume}
        self.recorder = Recorder(parts, volumes=volumes)

    def add(self, stream: StreamKey, *tracks: TrackConfig, root: Path | None = None) -> None:
        """Record a stream; its key period is there at once."""
        self.recorder.add(stream, root=root or self.root)
        self.mint.step()
        self.recorder.configured(stream, tracks or (VIDEO_TRACK,))

    def picture(self, stream: StreamKey, *, key: bool, size: int = 100) -> AccessUnit:
        """Deliver one picture now, without moving the clock."""
        number = self._numbers[stream] = self._numbers.get(stream, -1) + 1
        pts = number * TICKS
        data = b"%d:" % number + bytes(size)
        unit = AccessUnit(VIDEO, key, pts, pts, data)
        self.recorder.unit(stream, unit, self.clock.now_us())
        return unit

    def play(
        self, *streams: StreamKey, pictures: int, group: int = PICTURES, size: int = 100
    ) -> list[AccessUnit]:
        """Deliver pictures at 25 a second, the first a keyframe; the disk keeps up."""
        units = []
        for number in range(pictures):
            units += [self.picture(s, key=number % group == 0, size=size) for s in streams]
            self.clock.move(1 / PICTURES)
            self.work()
        return units

    def work(self) -> None:
        """Let disk and recorder do a round each."""
        self.volume.step()
        self.recorder.tick()

    def told(self, kind: type[_E]) -> list[_E]:
        """Return the events of one kind."""
        return [event for event in self.feed.events if isinstance(event, kind)]

    def closed(self, stream: StreamKey) -> list[SegmentClosed]:
        """Return what was told of closed segments of a stream."""
        return [event for event in self.told(SegmentClosed) if event.stream == stream]

    def files(self) -> list[Path]:
        """Return all segment files."""
        return sorted(self.root.rglob("*.hfs"))

    def opened(self, path: Path) -> tuple[SegmentHeader, list[OpenedRun]]:
        """Open a whole file as a viewer with every key would."""
        return open_file(path, self.periods.root)


def open_file(
    path: Path, root_of: Callable[[bytes], bytes]
) -> tuple[SegmentHeader, list[OpenedRun]]:
    """Open every run of a segment file; it must end with a whole unit."""
    data = path.read_bytes()
    assert scan(data).torn is None
    header = decode_header(data)
    return header, list(_runs(data, header, root_of(header.period)))


def _runs(data: bytes, header: SegmentHeader, root: bytes) -> Iterator[OpenedRun]:
    walker = LeafWalker(root)
    label = stream_label(header.camera, header.stream.code, header.rendition.code)
    for run in scan(data).runs:
        key = run_key(walker.leaf(run.record.leaf), label, header.segment, run.record.run)
        yield open_run(header, data[run.offset : run.offset + run.length], key)
