"""`handfast bench write`: how fast cameras are sealed to one disk, and what is at risk.

Synthetic units of 20 kB, 25 a second and camera (4 Mbit/s), go through the real recorder, the
real period store and the real writer thread, as fast as these take them. Time is stream time:
the recorder's clock advances by 40 ms with each picture of every camera, however long that
took. `real_time_factor` is stream time by wall time, until the last byte is durable.

`seconds_at_risk` is the highest age, in stream time, that any byte of any camera reached
before an fdatasync made it durable: the seconds of pictures that a power cut would have cost
at the worst moment. The run is faster than real time and the disk is not, so at real-time rate
the age is lower. Whenever it reaches 3.25 s the feeder waits for the disk, which a camera would
not; that costs real-time factor and is told as `waited_s`. Everything is as in the product but
for the time between two rounds of the writer, 50 ms instead of 250 ms, because stream time
runs about five times as fast.
"""

import argparse
import os
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import msgspec

from handfast.cli.bench_report import filesystem, percentile, report
from handfast.cli.command import Commands, add_command
from handfast.kit.clock import Clock, SystemClock
from handfast.kit.errors import InvalidError
from handfast.kit.ids import SystemIds
from handfast.media.feed import Event, Gauges, RunEnded
from handfast.media.lane import Lane
from handfast.media.periods import PeriodMint
from handfast.media.recorder import Recorder
from handfast.media.recording import RecorderParts, SegmentPolicy
from handfast.media.units import VIDEO, AccessUnit, Codec, StreamKey, TrackConfig
from handfast.media.writer import Volume, WritePolicy
from handfast.storage.files import read_or_create_key
from handfast.storage.sqlite_periods import SqlitePeriods

_PICTURES: Final = 25
_UNIT_BYTES: Final = 20_000
_TICKS: Final = 3600
_STEP: Final = 10
_HELD_BACK_AT_S: Final = 3.25
_EACH_SECONDS: Final = 5
_BREATH_S: Final = 0.002
_POLICY: Final = WritePolicy(round_s=0.05)
_SEGMENT_S: Final = 10
_PLAIN_RUN: Final = RunEnded(
    stream=StreamKey(UUID(int=0)),
    segment=b"",
    run=0,
    leaf=0,
    key=True,
    start_us=0,
    end_us=0,
    offset=0,
    length=0,
    units=_PICTURES,
    first_pts=0,
    sha256=b"",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is written: `cameras` streams for `seconds` each."""

    cameras: int
    seconds: int


class StreamClock:
    """Time as the pictures tell it. One thread moves it, any thread reads it."""

    def __init__(self, start_us: int) -> None:
        """Begin at a wall time."""
        self._start_us = start_us
        self._elapsed_us = 0

    def picture(self) -> None:
        """Move on by one picture."""
        self._elapsed_us += 1_000_000 // _PICTURES

    def now_us(self) -> int:
        """Return wall time."""
        return self._start_us + self._elapsed_us

    def monotonic(self) -> float:
        """Return seconds since the start."""
        return self._elapsed_us / 1_000_000


class Writer(Protocol):
    """One way of getting pictures to the disk."""

    def picture(self, number: int) -> None:
        """Write the `number`-th picture of every camera."""
        ...

    def finish(self) -> None:
        """Return once everything is durable."""
        ...


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "write",
        summary="Measure sealed writing of many cameras to one disk.",
        example="handfast bench write --cameras 200 --json",
        run=run,
    )
    parser.add_argument("--cameras", type=int, default=200, help="how many (200)")
    parser.add_argument("--seconds", type=int, default=15, help="of each camera (15)")
    parser.add_argument("--directory", help="on the disk to measure (a temporary one)")
    parser.add_argument("--json", action="store_true", help="JSON, which is the default")


def run(arguments: argparse.Namespace) -> int:
    """Measure all three ways one after the other and print the report."""
    if arguments.cameras < 1 or arguments.seconds < 1:
        raise InvalidError("--cameras and --seconds must be positive")
    load = Load(cameras=arguments.cameras, seconds=arguments.seconds)
    with tempfile.TemporaryDirectory(prefix="handfast-bench-", dir=arguments.directory) as name:
        print(_compare(load, Path(name)))
    return 0


def _compare(load: Load, directory: Path) -> str:
    clock = SystemClock()
    sealed = Sealed(load, directory / "sealed", clock=clock)
    ours = {**_measure(sealed, load, clock), **sealed.figures()}
    appended = Plain(load, directory / "plain", clock=clock)
    plain = {**_measure(appended, load, clock), **appended.figures()}
    short = Load(cameras=load.cameras, seconds=min(load.seconds, _EACH_SECONDS))
    each = _measure(SyncEach(short, directory / "each", clock=clock), short, clock)
    facts = {"cameras": load.cameras, "stream_seconds": load.seconds}
    return report(
        {**facts, **ours, "file_system": filesystem(directory)},
        peers={"plain_append": plain, "fdatasync_every_write": each},
        ratios={
            "sealed_over_plain_append": _ratio(ours, plain),
            "sealed_over_fdatasync_every_write": _ratio(ours, each),
        },
    )


def _ratio(one: dict[str, float], other: dict[str, float]) -> float:
    return round(one["real_time_factor"] / other["real_time_factor"], 3)


def _measure(writer: Writer, load: Load, clock: Clock) -> dict[str, float]:
    """Write everything and return how long it took."""
    steps: list[float] = []
    cpu, began = time.process_time(), clock.monotonic()
    before = began
    for number in range(load.seconds * _PICTURES):
        writer.picture(number)
        if number % _STEP == _STEP - 1:
            before, past = clock.monotonic(), before
            steps.append(before - past)
    writer.finish()
    wall = clock.monotonic() - began
    return {
        "real_time_factor": round(load.seconds / wall, 3),
        "mbytes_per_s": round(
            load.cameras * load.seconds * _PICTURES * _UNIT_BYTES / wall / 1e6, 1
        ),
        "wall_ms_per_10_pictures_p50": round(percentile(steps, 50) * 1000, 1),
        "wall_ms_per_10_pictures_p95": round(percentile(steps, 95) * 1000, 1),
        "cpu_s_per_stream_minute": round(
            (time.process_time() - cpu) / load.cameras / load.seconds * 60, 4
        ),
    }


class Brake:
    """Has the feeder wait whenever too much is at risk, and remembers the worst."""

    def __init__(self, volume: Volume, clock: Clock) -> None:
        """Take the volume, whose clock is stream time, and the real clock."""
        self._volume = volume
        self._clock = clock
        self._pause = threading.Event()
        self._worst_s = 0.0
        self._waited_s = 0.0

    def emit(self, event: Event) -> None:
        """Look at the gauges that the recorder takes by itself."""
        if isinstance(event, Gauges):
            self._worst_s = max(self._worst_s, event.volumes[0].seconds_at_risk)

    @property
    def congested(self) -> bool:
        """Nobody watches."""
        return False

    def hold(self) -> None:
        """Return once the oldest byte that is not durable is young enough."""
        began = self._clock.monotonic()
        while self._at_risk_s() >= _HELD_BACK_AT_S:
            self._pause.wait(_BREATH_S)
        self._waited_s += self._clock.monotonic() - began

    def figures(self) -> dict[str, float]:
        """Return what was at risk, and what the waiting cost."""
        self._at_risk_s()
        return {
            "seconds_at_risk": round(self._worst_s, 3),
            "waited_s": round(self._waited_s, 3),
        }

    def _at_risk_s(self) -> float:
        present_s = self._volume.gauge().seconds_at_risk
        self._worst_s = max(self._worst_s, present_s)
        return present_s


class Sealed:
    """The product's way: recorder, period store, writer thread."""

    def __init__(self, load: Load, directory: Path, *, clock: Clock) -> None:
        """Start recording `load.cameras` streams under `directory`."""
        directory.mkdir()
        ids = SystemIds(clock)
        read_or_create_key(directory / "key", ids)
        store = SqlitePeriods(directory / "periods.db", key_file=directory / "key", ids=ids)
        self._clock = StreamClock(clock.now_us())
        self._volume = Volume(directory, clock=self._clock, policy=_POLICY)
        self._brake = Brake(self._volume, clock)
        mint = PeriodMint(store, clock=self._clock)
        parts = RecorderParts(
            owner=ids.uuid7(),
            clock=self._clock,
            ids=ids,
            mint=mint,
            feed=self._brake,
            policy=SegmentPolicy(),
            ask_keyframe=lambda _: None,
        )
        self._recorder = Recorder(parts, volumes={directory: self._volume})
        self._streams = [StreamKey(ids.uuid7()) for _ in range(load.cameras)]
        for stream in self._streams:
            self._recorder.add(stream, root=directory)
            self._recorder.configured(stream, (TrackConfig(track=VIDEO, codec=Codec.H264),))
        mint.step()
        mint.start()
        self._volume.start()
        self._data = ids.secret(_UNIT_BYTES)

    def picture(self, number: int) -> None:
        """Seal the `number`-th picture of every camera."""
        pts, key = number * _TICKS, number % _PICTURES == 0
        unit = AccessUnit(VIDEO, key, pts, pts, self._data)
        now_us = self._clock.now_us()
        for stream in self._streams:
            self._recorder.unit(stream, unit, now_us)
        self._clock.picture()
        self._recorder.tick()
        self._brake.hold()

    def finish(self) -> None:
        """Close all segments durably."""
        self._recorder.close()

    def figures(self) -> dict[str, float]:
        """Return what was at risk, and that nothing was dropped."""
        lost = sum(gauge.lost_units for gauge in self._recorder.gauges().streams)
        return {**self._brake.figures(), "units_dropped": lost}


class Plain:
    """The same files, queues, thread and syncs, without sealing and without hashes."""

    def __init__(self, load: Load, directory: Path, *, clock: Clock) -> None:
        """Open a queue for each camera."""
        directory.mkdir()
        ids = SystemIds(clock)
        self._clock = StreamClock(clock.now_us())
        self._volume = Volume(directory, clock=self._clock, policy=_POLICY)
        self._brake = Brake(self._volume, clock)
        self._lanes = [self._volume.lane() for _ in range(load.cameras)]
        self._data = ids.secret(_UNIT_BYTES)
        self._volume.start()

    def picture(self, number: int) -> None:
        """Queue a second of every camera with each 25th picture."""
        self._clock.picture()
        second, rest = divmod(number + 1, _PICTURES)
        if rest == 0:
            for camera, lane in enumerate(self._lanes):
                self._second(lane, camera, second - 1)
        self._volume.outcomes()
        self._brake.hold()

    def finish(self) -> None:
        """Close all files durably."""
        for lane in self._lanes:
            lane.finish(b"")
        self._volume.stop(timeout_s=120)

    def figures(self) -> dict[str, float]:
        """Return what was at risk."""
        return self._brake.figures()

    def _second(self, lane: Lane, camera: int, second: int) -> None:
        began = float(second)
        file, place = divmod(second + camera, _SEGMENT_S)
        if place == 0 or second == 0:
            if second:
                lane.finish(b"")
            lane.begin(f"{camera}/main-clear/day/{file}.raw", b"", began)
        ended = msgspec.structs.replace(_PLAIN_RUN, length=_PICTURES * _UNIT_BYTES)
        lane.append([self._data] * _PICTURES, pictures=_PICTURES, since=began, ended=ended)


class SyncEach:
    """A file for each camera, made durable after each write of one second."""

    def __init__(self, load: Load, directory: Path, *, clock: Clock) -> None:
        """Open a file for each camera."""
        directory.mkdir()
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        self._files = [
            os.open(directory / f"{n}.raw", flags, 0o600) for n in range(load.cameras)
        ]
        self._data = SystemIds(clock).secret(_UNIT_BYTES)

    def picture(self, number: int) -> None:
        """Write a second of every camera with each 25th picture."""
        if (number + 1) % _PICTURES == 0:
            for file in self._files:
                os.writev(file, [self._data] * _PICTURES)
                os.fdatasync(file)

    def finish(self) -> None:
        """Close all files."""
        for file in self._files:
            os.close(file)
