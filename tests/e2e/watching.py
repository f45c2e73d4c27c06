"""Watching without a browser: live frames and recorded ranges, opened and checked."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
import websockets

from handfast.kit.encoding import b64, unb64
from handfast.media.marks import FrameMark, find_mark
from handfast.protocol.signing import verify
from handfast.protocol.statements import Alive, End, Manifest, ManifestRun, Window
from handfast.seal.format import (
    Frame,
    FrameType,
    KeyFrame,
    RunFrame,
    RunRecord,
    SegmentFrame,
    SegmentHeader,
    StatementFrame,
    UnitsFrame,
    decode_frame,
    decode_header,
    encode_run,
    encode_unit,
)
from handfast.seal.identity import Envelope
from handfast.seal.keytree import TreeNode, leaf_of_cover, run_key, stream_label
from handfast.seal.open import OpenedRun, open_run
from tests.e2e.officer import IDS, Answer, KnownSite, Officer, open_proof
from tests.e2e.waiting import CLOCK, eventually
from tests.viewing import run_key_of


@dataclass(kw_only=True)
class Arrived:
    """One live frame and when it came, us."""

    frame: Frame
    at_us: int


@dataclass(kw_only=True)
class Watching:
    """One live view: everything that came, opened as far as keys reach."""

    officer: Officer
    known: KnownSite
    answer: Answer
    arrived: list[Arrived] = field(default_factory=list)
    header: dict[bytes, SegmentHeader] = field(default_factory=dict)
    keys: dict[tuple[bytes, int], bytes] = field(default_factory=dict)
    key_frames: list[KeyFrame] = field(default_factory=list)
    runs: dict[tuple[bytes, int], RunRecord] = field(default_factory=dict)
    marks: list[FrameMark] = field(default_factory=list)
    newest: OpenedRun | None = None
    pictures: int = 0
    windows: list[Window] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    alive: list[Alive] = field(default_factory=list)
    closed: str | None = None
    _bodies: dict[tuple[bytes, int], bytes] = field(default_factory=dict)

    def take(self, data: bytes) -> None:
        """Take a frame, in the order of arrival."""
        frame = decode_frame(data)
        self.arrived.append(Arrived(frame=frame, at_us=CLOCK.now_us()))
        match frame:
            case SegmentFrame():
                self.header[frame.header.segment] = frame.header
            case KeyFrame():
                self._take_key(frame)
            case RunFrame():
                place = (frame.segment, frame.record.run)
                self.runs[place] = frame.record
                self._bodies[place] = encode_run(frame.record) + frame.sealed_config
            case UnitsFrame():
                self._take_units(frame)
            case StatementFrame():
                self._take_statement(frame)

    def _take_key(self, frame: KeyFrame) -> None:
        self.key_frames.append(frame)
        live_key = unb64(self.answer.keys["live_key"])
        self.keys[frame.segment, frame.run] = run_key_of(live_key, frame)

    def _take_units(self, frame: UnitsFrame) -> None:
        """Open the run as far as it has come; the newest units' marks are what was seen.

        Ciphertext is shared: what no key came for stays closed here, too.
        """
        place = (frame.segment, frame.run)
        body, key = self._bodies.get(place), self.keys.get(place)
        if body is None or key is None:
            return
        body += b"".join(encode_unit(record) + sealed for record, sealed in frame.units)
        self._bodies[place] = body
        opened = open_run(self.header[frame.segment], body, key)
        self.newest = opened
        self.pictures += len(frame.units)
        marks = (find_mark(unit.data) for unit in opened.units[-len(frame.units) :])
        self.marks += [mark for mark in marks if mark is not None]

    def opened(self) -> list[OpenedRun]:
        """Open every run that a key came for, as far as it has come, in order."""
        return [
            open_run(self.header[place[0]], body, self.keys[place])
            for place, body in self._bodies.items()
            if place in self.keys
        ]

    def _take_statement(self, frame: StatementFrame) -> None:
        envelope = msgspec.json.decode(frame.envelope, type=Envelope)
        trusted = self.known.node_keys
        match frame.type:
            case FrameType.WINDOW:
                window = verify(envelope, Window, trusted=trusted)
                open_proof(self.known, window.log)
                self.windows.append(window)
            case FrameType.END:
                self.ends.append(verify(envelope, End, trusted=trusted))
            case _:
                self.alive.append(verify(envelope, Alive, trusted=trusted))

    async def sees(self, pictures: int, *, within_s: float = 20) -> None:
        """Wait until so many more pictures were opened."""
        wanted = len(self.marks) + pictures
        await self.until(lambda: len(self.marks) >= wanted, within_s, f"{pictures} pictures")

    async def until(self, condition: Callable[[], bool], within_s: float, what: str) -> None:
        """Wait until something is true of what came."""

        async def _true() -> bool:
            return condition()

        await eventually(_true, within_s=within_s, what=lambda: f"{what} ({self.told()})")

    def told(self) -> str:
        """Say in a word how far it came, for a test that fails."""
        return f"{len(self.marks)} pictures, {len(self.arrived)} frames, closed: {self.closed}"

    def last_media_us(self) -> int:
        """Return when the last ciphertext came."""
        media = (SegmentFrame, RunFrame, UnitsFrame, KeyFrame)
        return max(each.at_us for each in self.arrived if isinstance(each.frame, media))


@asynccontextmanager
async def watching(
    officer: Officer, known: KnownSite, answer: Answer
) -> AsyncIterator[Watching]:
    """Attach to a live grant, send a nonce each second, take what comes."""
    url = officer.city.hub_url.replace("http", "ws", 1)
    view = Watching(officer=officer, known=known, answer=answer)
    path = f"{url}/api/v1/grants/{answer.grant.id}/live"
    async with websockets.connect(path, max_size=8 << 20) as socket:
        await socket.send(msgspec.json.encode({"token": officer.hub_token}).decode())
        tasks = [
            asyncio.create_task(_hear(socket, view)),
            asyncio.create_task(_ask_alive(socket)),
        ]
        try:
            yield view
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception) and not isinstance(
            result, websockets.ConnectionClosed
        ):
            raise result


async def _hear(socket: websockets.ClientConnection, view: Watching) -> None:
    try:
        async for message in socket:
            assert isinstance(message, bytes)
            view.take(message)
        view.closed = f"{socket.close_code} {socket.close_reason}"
    except websockets.ConnectionClosed:
        view.closed = "lost"
    except Exception as error:
        view.closed = repr(error)
        raise


async def _ask_alive(socket: websockets.ClientConnection) -> None:
    pause = asyncio.Event()
    while True:
        nonce = b64(IDS.secret(16))
        await socket.send(msgspec.json.encode({"type": "alive", "nonce": nonce}).decode())
        try:
            async with asyncio.timeout(1):
                await pause.wait()
        except TimeoutError:
            continue


@dataclass(frozen=True, kw_only=True)
class RecordedRun:
    """A run of a recorded range, opened and compared with its hash."""

    start_us: int
    marks: list[FrameMark]
    opened: OpenedRun


async def look_back(
    officer: Officer, known: KnownSite, answer: Answer, *, since_us: int, until_us: int
) -> list[RecordedRun]:
    """Fetch a recorded range, check manifests and hashes, open every run that keys reach."""
    grant = answer.grant

    async def _made() -> dict[str, Any] | None:
        listed = await officer.recordings(grant.id, since_us, until_us)
        return None if listed["making"] else listed

    found = await eventually(_made, within_s=60, what="the whole range")
    listed: list[tuple[str, list[ManifestRun]]] = []
    for envelope in found["manifests"]:
        manifest = verify(
            msgspec.convert(envelope, Envelope), Manifest, trusted=known.node_keys
        )
        listed.append((manifest.segment, manifest.runs))
    listed.extend(
        (each["segment"], msgspec.convert(each["runs"], list[ManifestRun]))
        for each in found["open"]
    )
    opened: list[RecordedRun] = []
    for segment, runs in listed:
        wanted = [run for run in runs if run.start_us < until_us and since_us < run.end_us]
        opened += [await _open(officer, answer, segment, run) for run in wanted]
    return opened


async def _open(
    officer: Officer, answer: Answer, segment: str, run: ManifestRun
) -> RecordedRun:
    grant = answer.grant
    header = decode_header(await officer.segment_bytes(grant.id, segment, 0, 104))
    body = await officer.segment_bytes(grant.id, segment, run.offset, run.length)
    assert hashlib.sha256(body).digest() == unb64(run.sha256)
    key = recorded_key(answer.keys, header, run, camera=UUID(grant.camera))
    assert key is not None, f"no key for run {run.run} of {segment}"
    opened_run = open_run(header, body, key, sha256=unb64(run.sha256))
    marks = [mark for unit in opened_run.units if (mark := find_mark(unit.data)) is not None]
    return RecordedRun(start_us=run.start_us, marks=marks, opened=opened_run)


def recorded_key(
    keys: dict[str, Any], header: SegmentHeader, run: ManifestRun, *, camera: UUID
) -> bytes | None:
    """Derive a run's key from a release; `None` when it does not reach the run."""
    for segment, number, key in keys["runs"]:
        if (unb64(segment), number) == (header.segment, run.run):
            return unb64(key)
    for cover in keys["covers"]:
        if unb64(cover["period"]) != header.period:
            continue
        nodes = [
            TreeNode(depth=depth, index=index, key=unb64(key))
            for depth, index, key in cover["nodes"]
        ]
        leaf = leaf_of_cover(nodes, run.leaf)
        if leaf is not None:
            label = stream_label(camera, header.stream.code, header.rendition.code)
            return run_key(leaf, label, header.segment, run.run)
    return None
