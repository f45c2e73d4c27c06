"""Cameras for tests: small clips, streams of RTP made by hand, good and bad servers."""

import asyncio
import hashlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from handfast.kit.clock import Clock, SystemClock
from handfast.media import h264, h265
from handfast.media.clip import load_clip
from handfast.media.counters import Counters
from handfast.media.demux import Demux
from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.media.ingest import IngestLoop
from handfast.media.marks import FrameMark, find_mark
from handfast.media.packetize import payloads
from handfast.media.rtp import interleave
from handfast.media.rtsp import Message
from handfast.media.rtsp_session import OfferedTrack
from handfast.media.sdp import MediaLine
from handfast.media.sim_packets import PacketLoop, packet_loop
from handfast.media.simulate import SimSettings, Simulator
from handfast.media.source import CameraSource
from handfast.media.units import AccessUnit, CameraState, Codec, StreamKey, TrackConfig
from tests.fakes.steady import CountingIds

GATE = StreamKey(UUID(int=10))
YARD = StreamKey(UUID(int=11))
PATIENCE_S = 20.0
BREATH = threading.Event()  # never set: waiting on it lets other threads run

# Made by x264 and x265 at 25 pictures a second.
SPS = bytes.fromhex("6742c00cda05067e7840000003004000000c83c50aa8")  # 320 x 180, no B pictures
PPS = bytes.fromhex("68ce3c80")
LARGE_SPS = bytes.fromhex("6742c01eda0280bfe584000003000400000300c83c58ba80")  # 640 x 360
B_SPS = bytes.fromhex(
    "674d400ceca0a0cfcf080000030008000003019078a14cb0"
)  # 2 B pictures in a row
H265_SETS = (
    bytes.fromhex("40010c01ffff01600000030090000003000003003cba0240"),
    bytes.fromhex(
        "42010101600000030090000003000003003ca00a080c1f3e5ba4a4c2e68080000003008000000c84"
    ),
    bytes.fromhex("4401c073c189"),
)  # 320 x 180, no B pictures
H265_B_SPS = bytes.fromhex(
    "42010101600000030090000003000003003ca00a080c1f3e595912930b9a020000030002000003003210"
)


class Notes:
    """A sink that writes everything down."""

    def __init__(self) -> None:
        """Begin with empty pages."""
        self.configs: list[tuple[StreamKey, tuple[TrackConfig, ...]]] = []
        self.units: list[tuple[StreamKey, AccessUnit, int]] = []
        self.states: list[tuple[StreamKey, CameraState, str]] = []
        self.pages: list[str] = []  # what was written, in order

    def configured(self, stream: StreamKey, tracks: tuple[TrackConfig, ...]) -> None:
        """Write down a configuration."""
        self.configs.append((stream, tracks))
        self.pages.append("configured")

    def unit(self, stream: StreamKey, unit: AccessUnit, received_us: int) -> None:
        """Write down a unit."""
        self.units.append((stream, unit, received_us))
        self.pages.append("unit")

    def state(self, stream: StreamKey, state: CameraState, reason: str) -> None:
        """Write down a state."""
        self.states.append((stream, state, reason))

    def of(self, stream: StreamKey, track: int = 0) -> list[AccessUnit]:
        """Return the units of one track of a stream."""
        return [unit for key, unit, _ in self.units if key == stream and unit.track == track]

    def reasons(self, stream: StreamKey) -> list[str]:
        """Return why a stream has waited, oldest first."""
        return [why for key, state, why in self.states if key == stream and why and state]


class Bench:
    """A demultiplexer with everything it calls back written down."""

    def __init__(self, codec: Codec = Codec.H264, fmtp: dict[str, str] | None = None) -> None:
        """Expect one video track on channel 0, payload type 96."""
        self.counters = Counters()
        self.units: list[AccessUnit] = []
        self.configs: list[tuple[TrackConfig, ...]] = []
        self.messages: list[Message] = []
        self.demux = Demux(
            self.counters,
            message=self.messages.append,
            configure=self.configs.append,
            deliver=self.units.append,
        )
        self.demux.expect([offered(codec, fmtp)])
        self._buffer = bytearray(1 << 20)
        self._view = memoryview(self._buffer)
        self._rest = b""

    @property
    def waiting(self) -> int:
        """Bytes that are kept for the next batch."""
        return len(self._rest)

    def feed(self, data: bytes, chunks: Sequence[int] = ()) -> None:
        """Feed bytes as a reader would, in chunks of the given sizes, then the rest."""
        position = 0
        for size in (*chunks, len(data)):
            part = self._rest + data[position : position + size]
            position += size
            self._buffer[: len(part)] = part
            used = self.demux.feed(self._buffer, self._view, len(part))
            self._rest = bytes(self._view[used : len(part)])
            self._buffer[: len(part)] = bytes(len(part))  # what is kept must be a copy


def marks_of(units: list[AccessUnit]) -> list[FrameMark]:
    """Return the mark of every unit; each must have one."""
    marks = [find_mark(unit.data) for unit in units]
    assert None not in marks
    return [mark for mark in marks if mark]


def offered(codec: Codec, fmtp: dict[str, str] | None = None) -> OfferedTrack:
    """Return a video track as an SDP would offer it."""
    media = MediaLine(
        kind="video",
        payload_type=96,
        encoding=codec.value.upper(),
        clock_rate=90000,
        fmtp=fmtp or {},
    )
    return OfferedTrack(media=media, channel=0, url="rtsp://camera/track")


class Packets:
    """Numbers RTP packets of one source."""

    def __init__(self, ssrc: int = 7, sequence: int = 65_500) -> None:
        """Begin shortly before the numbers wrap."""
        self.ssrc = ssrc
        self.sequence = sequence

    def packet(
        self, payload: bytes, timestamp: int, *, marker: bool, first: int = 0x80
    ) -> bytes:
        """Return one interleaved RTP packet."""
        head = bytes((first, 96 | (0x80 if marker else 0)))
        head += (self.sequence & 0xFFFF).to_bytes(2, "big")
        head += (timestamp & 0xFFFFFFFF).to_bytes(4, "big") + self.ssrc.to_bytes(4, "big")
        self.sequence += 1
        return interleave(0, head + payload)

    def picture(
        self, nals: Sequence[bytes], timestamp: int, codec: Codec = Codec.H264, most: int = 300
    ) -> list[bytes]:
        """Return one picture's packets, the marker on the last one."""
        parts = list(payloads(codec, nals, most=most))
        return [
            self.packet(part, timestamp, marker=place == len(parts) - 1)
            for place, part in enumerate(parts)
        ]


def aggregate(codec: Codec, nals: Iterable[bytes]) -> bytes:
    """Put NAL units into one STAP-A (H.264) or AP (H.265) payload, as some cameras do."""
    head = bytes((h264.STAP_A,)) if codec is Codec.H264 else bytes((h265.AP << 1, 1))
    return head + b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)


def noise(seed: int, length: int) -> bytes:
    """Return bytes that look random and are the same in every run."""
    return hashlib.shake_128(seed.to_bytes(8, "big")).digest(length)


def key_nals(number: int, size: int = 900) -> list[bytes]:
    """Return the NAL units of a made-up H.264 key picture."""
    return [SPS, PPS, b"\x65\x88" + noise(number, size)]


def delta_nals(number: int, size: int = 700) -> list[bytes]:
    """Return the NAL unit of a made-up H.264 picture that needs others."""
    return [b"\x41\x9a" + noise(number, size)]


def joined(nals: Sequence[bytes]) -> bytes:
    """Return NAL units behind 4-byte lengths, as units hold them."""
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)


def made_loop(
    directory: Path, codec: Codec, *, b_frames: int = 0, marks: bool = True
) -> PacketLoop:
    """Encode a clip of two seconds, 320 x 180 px, once per directory."""
    path = directory / f"{codec}-{b_frames}.mp4"
    if not path.exists():
        settings = EncodeSettings(
            codec=codec, width=320, height=180, bitrate_bps=300_000, b_frames=b_frames
        )
        encode(drawn_pictures(320, 180, 50), path, settings)
    return packet_loop(load_clip(path), marks=marks)


def two_cameras(
    directory: Path, codec: Codec = Codec.H264, *, b_frames: int = 0
) -> SimSettings:
    """Return two simulated cameras that play a small clip."""
    loop = made_loop(directory, codec, b_frames=b_frames)
    return SimSettings(count=2, main=[loop], sub=[loop])


@contextmanager
def simulated(settings: SimSettings, clock: Clock | None = None) -> Iterator[int]:
    """Serve simulated cameras from another thread; yields the port."""
    started: list[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def serve() -> None:
        simulator = Simulator(settings, clock or SystemClock())
        port = await simulator.start()
        over = asyncio.Event()
        started.append((port, asyncio.get_running_loop(), over))
        ready.set()
        await over.wait()
        await simulator.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(PATIENCE_S)
    port, loop, over = started[0]
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


@contextmanager
def scripted(script: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve connections by a script, one after the other; yields the port."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(PATIENCE_S)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = server.accept()
                connection.settimeout(PATIENCE_S)
                with connection:
                    script(connection)
            except OSError:
                continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        over.set()
        with socket.socket() as last:
            last.connect_ex(server.getsockname())
        thread.join()
        server.close()


def source(port: int, path: str = "cam0", key: StreamKey = GATE) -> CameraSource:
    """Return a camera on this machine."""
    return CameraSource(key=key, url=f"rtsp://127.0.0.1:{port}/{path}")


@contextmanager
def reading(
    cameras: Sequence[CameraSource], notes: Notes, clock: Clock | None = None
) -> Iterator[IngestLoop]:
    """Build a loop over cameras and close it at the end."""
    loop = IngestLoop(cameras, notes, clock=clock or SystemClock(), ids=CountingIds())
    try:
        yield loop
    finally:
        loop.close()


def run_until(
    loop: IngestLoop,
    condition: Callable[[], object],
    *,
    step: Callable[[], None] = lambda: None,
) -> None:
    """Turn a loop until something is true; fails after `PATIENCE_S`."""
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE_S
    while not condition():
        assert clock.monotonic() < deadline, "it never came true"
        loop.run_once()
        step()
        BREATH.wait(0.002)
