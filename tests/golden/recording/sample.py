"""The recording of the golden bytes: a camera with sound that changes its parameter sets.

Three groups of pictures: a second ends inside the first, pictures are in decoding order with a
B-picture, sound lies between them, and the third group brings new parameter sets, so that a
second segment begins there. Clock, ids, keys and units are fixed; recorder, disk, index and
manifests are the real ones.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from handfast.media.units import AUDIO, VIDEO, AccessUnit, Codec, TrackConfig
from handfast.node.usecases.record import Record, RecordParts
from handfast.storage.files import read_or_create_key
from handfast.storage.segment_files import SegmentFiles
from handfast.storage.segment_index import SegmentIndex
from handfast.storage.sqlite_periods import SqlitePeriods
from handfast.storage.startup_scan import StartupScan
from tests.fakes.node_media import Rings
from tests.fakes.steady import CountingIds
from tests.golden.segment.sample import fixed
from tests.unit.media_recording.rig import GATE, Rig
from tests.unit.protocol.people import NODE, key

SIGNER: Final = key("golden recording")
STEP_S: Final = 0.2
FIRST_S: Final = 0.5  # of the period, when the first picture comes
SOUND: Final = TrackConfig(
    track=AUDIO,
    codec=Codec.AAC,
    clock_rate=48_000,
    channels=1,
    extradata=bytes.fromhex("1188"),
)
LARGE: Final = TrackConfig(
    track=VIDEO,
    codec=Codec.H264,
    width=1920,
    height=1080,
    extradata=bytes.fromhex("0164001fffe1000467640028010004680ee3cb"),
)
SMALL: Final = TrackConfig(
    track=VIDEO,
    codec=Codec.H264,
    width=1280,
    height=720,
    extradata=bytes.fromhex("0164001fffe100046764001f010004680ee3cb"),
)


def _picture(name: str, pts: int, dts: int, *nal_bytes: int) -> AccessUnit:
    nals = [fixed(f"recording/{name}/{n}", size) for n, size in enumerate(nal_bytes)]
    data = b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)
    return AccessUnit(VIDEO, name.startswith("I"), pts, dts, data)


def _sound(name: str, pts: int) -> AccessUnit:
    return AccessUnit(AUDIO, True, pts, pts, fixed(f"recording/{name}", 48))  # noqa: FBT003 - the hot path's struct is positional


Step = tuple[AccessUnit, ...]
"""Units that come in the same instant."""

BEFORE: Final[tuple[Step, ...]] = (
    (_picture("I0", 18_000, 0, 24, 150), _sound("A0", 18_400)),
    (_picture("P1", 54_000, 18_000, 80),),
    (_picture("b2", 36_000, 36_000, 40), _sound("A1", 54_400)),
    (_picture("P3", 72_000, 54_000, 1),),  # the first of the next second
    (_sound("A2", 90_400), _picture("I4", 90_000, 72_000, 24, 120)),
    (_picture("P5", 108_000, 90_000, 60),),
)
AFTER: Final[tuple[Step, ...]] = (
    (_picture("I6", 126_000, 108_000, 24, 90), _sound("A3", 126_400)),
    (_picture("P7", 144_000, 126_000, 30),),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One segment as it was left behind.

    Attributes:
        path: Of the file, relative to the root of its volume.
        root: Key of its period.
        file: Its bytes.
        manifest: The signed envelope, as the index keeps it.
    """

    path: str
    root: bytes
    file: bytes
    manifest: bytes


async def record_sample(folder: Path) -> list[Recorded]:
    """Record the sample under an empty folder; the same bytes each time, oldest first."""
    disk = folder / "disk"
    disk.mkdir()
    rig = Rig(disk)
    rig.add(GATE, LARGE, SOUND)
    rig.clock.move(FIRST_S)
    _play(rig, BEFORE)
    rig.recorder.configured(GATE, (SMALL, SOUND))
    _play(rig, AFTER)
    rig.recorder.close()
    index = await _index(folder, rig)
    return [
        Recorded(
            path=closed.path,
            root=rig.memory.root(segment.period),
            file=(disk / closed.path).read_bytes(),
            manifest=index.manifest(closed.segment) or b"",
        )
        for closed in rig.closed(GATE)
        if (segment := index.find(closed.segment))
    ]


def _play(rig: Rig, steps: tuple[Step, ...]) -> None:
    for step in steps:
        for unit in step:
            rig.recorder.unit(GATE, unit, rig.clock.now_us())
        rig.clock.move(STEP_S)
        rig.work()


async def _index(folder: Path, rig: Rig) -> SegmentIndex:
    """Let the node hear what the recorder told."""
    index = SegmentIndex(folder / "segments.db")
    read_or_create_key(folder / "key", CountingIds())
    periods = SqlitePeriods(folder / "periods.db", key_file=folder / "key", ids=CountingIds())
    scan = StartupScan(files=SegmentFiles([rig.root]), index=index, periods=periods)
    record = Record(RecordParts(node=NODE, key=SIGNER, index=index, scan=scan, bell=Rings()))
    for event in rig.feed.events:
        await record.hear(event)
    return index
