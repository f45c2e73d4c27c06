"""P12 recording-goes-on: real ingest processes that are killed, orphaned and stopped."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import anyio
import msgspec
import psutil

from handfast.kit.clock import SystemClock
from handfast.kit.ids import SystemIds
from handfast.media.clip import load_clip
from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.media.feed import (
    Event,
    RunEnded,
    RunStarted,
    SegmentClosed,
    SegmentOpened,
    UnitsSealed,
    WorkerLost,
)
from handfast.media.ingest_processes import IngestProcesses, IngestSetup
from handfast.media.sim_packets import packet_loop
from handfast.media.simulate import SimSettings, Simulator
from handfast.media.source import CameraSource
from handfast.media.units import StreamKey
from handfast.media.worker_link import AddStream, Configure, Frames, frame
from handfast.model.media import Stream
from handfast.node.ingest_process import ingest_command
from handfast.seal.format import decode_header, iterate_units
from handfast.storage.files import read_or_create_key
from handfast.storage.segment_files import SegmentFiles
from handfast.storage.segment_index import SegmentIndex
from handfast.storage.segments import Recording
from handfast.storage.sqlite_periods import SqlitePeriods
from handfast.storage.startup_scan import StartupScan
from tests.unit.media_recording.rig import open_file

CAMERAS = [StreamKey(UUID(int=100 + n)) for n in range(2)]
RUNS = 4


class Site:
    """A node's disk with ingest processes that read simulated cameras."""

    def __init__(self, root: Path, port: int) -> None:
        """Prepare everything; nothing runs yet."""
        self.volume = root / "volume"
        self.volume.mkdir()
        clock = SystemClock()
        ids = SystemIds(clock)
        key, periods = root / "key", root / "periods.db"
        read_or_create_key(key, ids)
        self.periods = SqlitePeriods(periods, key_file=key, ids=ids)
        self.index = SegmentIndex(root / "segments.db")
        self.files = SegmentFiles([self.volume])
        self.command = ingest_command(periods, key)
        self.configure = Configure(owner=UUID(int=1), roots=(str(self.volume),))
        setup = IngestSetup(
            command=self.command,
            configure=self.configure,
            count=1,
            predecessor=self.predecessor,
        )
        self.processes = IngestProcesses(setup, clock=clock)
        self.sources = [
            CameraSource(key=camera, url=f"rtsp://127.0.0.1:{port}/cam{number}")
            for number, camera in enumerate(CAMERAS)
        ]
        for source in self.sources:
            self.processes.add(source, self.volume)
        self.events: list[Event] = []

    def predecessor(self, stream: StreamKey) -> bytes:
        """Return what the index knows as the newest segment."""
        newest = self.index.newest(recording(stream))
        return newest.id if newest else bytes(16)

    async def until(self, count: int) -> None:
        """Read events until each camera has told of `count` more runs on the disk."""
        wanted = dict.fromkeys(CAMERAS, count)
        async for event in self.processes.events():
            self.events.append(event)
            if isinstance(event, WorkerLost):
                return
            if isinstance(event, RunEnded):
                wanted[event.stream] -= 1
            if all(missing <= 0 for missing in wanted.values()):
                return

    async def rest(self) -> None:
        """Read events until there are no more."""
        async for event in self.processes.events():
            self.events.append(event)

    def child(self) -> psutil.Process:
        """Return the ingest process."""
        (child,) = ingest_processes()
        return child


def ingest_processes() -> list[psutil.Process]:
    """Return the ingest processes that are running; the test program has other children."""
    children = psutil.Process().children()
    return [each for each in children if "handfast.node.ingest_process" in each.cmdline()]


def recording(stream: StreamKey) -> Recording:
    """Return whose segments a stream makes."""
    return Recording(camera=stream.camera, stream=Stream(stream.stream))


@asynccontextmanager
async def cameras(tmp_path: Path) -> AsyncIterator[int]:
    """Run two cameras until the block ends; yields their port."""
    clip = tmp_path / "clip.mp4"
    settings = EncodeSettings(width=160, height=90, bitrate_bps=100_000, gop=5)
    encode(drawn_pictures(160, 90, 50), clip, settings)
    loop = packet_loop(load_clip(clip), marks=False)
    simulator = Simulator(SimSettings(count=2, main=[loop], sub=[]), SystemClock())
    try:
        yield await simulator.start()
    finally:
        await simulator.stop()


@asynccontextmanager
async def running(tmp_path: Path) -> AsyncIterator[Site]:
    """Run two cameras and a site until the block ends."""
    async with cameras(tmp_path) as port, anyio.create_task_group() as group:
        site = Site(tmp_path, port)
        group.start_soon(site.processes.run)
        yield site
        site.processes.stop()
        await site.rest()


def told_runs(site: Site) -> list[RunEnded]:
    """Return every run that was told to be on the disk."""
    return [event for event in site.events if isinstance(event, RunEnded)]


def assert_on_disk(site: Site, runs: list[RunEnded]) -> None:
    """Every one of them is in the index, under its hash, and its file opens."""
    for run in runs:
        segment = site.index.find(run.segment)
        assert segment is not None
        assert run.sha256 in {each.sha256 for each in segment.runs}
        open_file(site.volume / segment.path, site.periods.root)


async def test_p12_recording_goes_on_after_its_process_was_killed(tmp_path: Path) -> None:
    """Everything acknowledged is there and opens, and a new process takes over."""
    async with running(tmp_path) as site:
        await site.until(RUNS)
        site.child().send_signal(signal.SIGKILL)
        await site.until(1 << 30)
        assert isinstance(site.events[-1], WorkerLost)
        assert set(site.events[-1].streams) == set(CAMERAS)
        acknowledged = told_runs(site)
        scan = StartupScan(files=site.files, index=site.index, periods=site.periods)
        report = scan.recover(map(recording, CAMERAS))
        assert_on_disk(site, acknowledged)
        assert {segment.recording.camera for segment in report.recovered} == {
            camera.camera for camera in CAMERAS
        }
        await site.until(RUNS)
    resumed = [e for e in site.events if isinstance(e, SegmentOpened)][-1]
    header = decode_header(resumed.header)
    assert header.predecessor in {segment.id for segment in report.recovered}
    assert header.period not in {segment.period for segment in report.recovered}


async def test_p12_recording_goes_on_to_a_clean_end_when_the_node_stops_it(
    tmp_path: Path,
) -> None:
    """Every segment is closed, and what was told is what lies on the disk."""
    async with running(tmp_path) as site:
        await site.until(RUNS)
    closed = [event for event in site.events if isinstance(event, SegmentClosed)]
    assert {event.stream for event in closed} == set(CAMERAS)
    for event in closed:
        assert (site.volume / event.path).stat().st_size == event.bytes
        open_file(site.volume / event.path, site.periods.root)
    assert ingest_processes() == []


async def test_p12_recording_goes_on_to_a_clean_end_when_the_node_dies(tmp_path: Path) -> None:
    """An orphan finishes its files and exits."""
    async with cameras(tmp_path) as port:
        site = Site(tmp_path, port)
        ours, theirs = socket.socketpair()
        orphan = await asyncio.create_subprocess_exec(
            *site.command, str(theirs.fileno()), pass_fds=(theirs.fileno(),)
        )
        theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours)
        writer.write(frame(msgspec.msgpack.encode(site.configure)))
        for source in site.sources:
            order = AddStream(source=source, root=str(site.volume), predecessor=bytes(16))
            writer.write(frame(msgspec.msgpack.encode(order)))
        frames, decode = Frames(), msgspec.msgpack.Decoder(Event).decode
        while len(told_runs(site)) < RUNS:
            site.events += map(decode, frames.feed(await reader.read(1 << 16)))
        writer.close()
        async with asyncio.timeout(20):
            assert await orphan.wait() == 0
    files = list(site.volume.rglob("*.hfs"))
    assert len(files) == len(CAMERAS)
    for path in files:
        open_file(path, site.periods.root)


async def test_a_viewer_of_a_real_camera_gets_the_group_and_then_every_unit(
    tmp_path: Path,
) -> None:
    """Through the process, in order, without a gap."""
    async with running(tmp_path) as site:
        await site.until(2)
        site.processes.attach(CAMERAS[0])
        await site.until(RUNS)
        site.processes.detach(CAMERAS[0])
        site.processes.request_keyframe(CAMERAS[1])
    units = [event for event in site.events if isinstance(event, UnitsSealed)]
    assert units[0].catch_up
    assert {event.stream for event in units} == {CAMERAS[0]}
    started = {
        (event.segment, event.run) for event in site.events if isinstance(event, RunStarted)
    }
    following: dict[tuple[bytes, int], int] = {}
    for event in units:
        place = event.segment, event.run
        assert place in started
        assert event.first_unit == following.get(place, 1)
        following[place] = event.first_unit + len(list(iterate_units(event.records)))
