"""Live pictures with one track clear come from the process that gave it its number."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import anyio
import msgspec
import pytest

from handfast.media.feed import RenditionState
from handfast.media.units import KeptTrack, StreamKey
from handfast.model.media import Rendition, Stream, TrackKind
from handfast.node.redaction.orders import Begin, CameraRedaction, Making, Prepare
from handfast.node.redaction.renditions import Renditions
from handfast.node.redaction.standby import Standby, StandbySetup
from handfast.node.redaction.studio import FAILED, Studio, StudioSetup
from handfast.seal.format import SegmentHeader, encode_header
from tests.fakes.node_media import FakeRecorder
from tests.fakes.steady import HandClock

CLEAR = StreamKey(UUID(int=5))
COVERED = CLEAR.redacted
SEGMENT = b"a live segment!!"
HEADER = SegmentHeader(
    stream=Stream.MAIN,
    rendition=Rendition.REDACTED,
    owner=UUID(int=1),
    camera=CLEAR.camera,
    period=b"p" * 16,
    segment=SEGMENT,
    period_start_us=0,
    start_us=0,
)
# Tells of a segment and of person 12, then answers each order about a stream with its name;
# on a wish for a keyframe it breaks.
FOLLOWS = """
import socket, sys, msgspec
from handfast.media.feed import RenditionState, SegmentOpened, TracksFollowed
from handfast.media.worker_link import Attach, Detach, Frames, RequestKeyframe, frame
from handfast.model.media import TrackKind
from handfast.node.redaction.orders import Begin, decode_order
connection = socket.socket(fileno=int(sys.argv[2]))
def tell(event):
    connection.sendall(frame(msgspec.msgpack.encode(event)))
frames = Frames()
while data := connection.recv(65536):
    for message in frames.feed(data):
        match decode_order(message):
            case Begin(making=making):
                header = bytes.fromhex(sys.argv[1])
                tell(SegmentOpened(stream=making.stream, header=header, path=""))
                people = {12: TrackKind.PERSON}
                tell(TracksFollowed(stream=making.stream, tracks=people))
            case (Attach() | Detach()) as order:
                what = type(order).__name__
                tell(RenditionState(stream=order.stream, state="more", reason=what))
            case RequestKeyframe():
                sys.exit(3)
"""


def kept(track: int = 12, seen_in: bytes = SEGMENT) -> StreamKey:
    """Name a stream in which one track is clear."""
    who = KeptTrack("grant", track, TrackKind.PERSON, seen_in)
    return StreamKey(CLEAR.camera, "main", Rendition.UNMASKED, who)


class Told:
    """What a studio has told so far."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.of: list[tuple[StreamKey, str]] = []

    async def hear(self, studio: Studio) -> None:
        """Keep the reasons of renditions' states, by stream."""
        async for event in studio.events():
            if isinstance(event, RenditionState):
                self.of.append((event.stream, event.reason))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let other tasks run until something is true."""
        with anyio.fail_after(30):
            while not condition():
                await anyio.wait_all_tasks_blocked()


@asynccontextmanager
async def at_work(clock: HandClock) -> AsyncIterator[tuple[Studio, Told]]:
    """Run a studio whose covered picture is made, and in which person 12 is followed."""
    making = Making(stream=COVERED, owner=UUID(int=1), how=CameraRedaction())
    command = (sys.executable, "-c", FOLLOWS, encode_header(HEADER).hex())
    standby = Standby(
        StandbySetup(command=command, prepare=Prepare(covers=frozenset())), clock=clock
    )
    begin = Begin(making=making, scratch="/")
    studio = Studio(StudioSetup(standby=standby, begin=lambda _: begin), clock=clock)
    told = Told()
    async with anyio.create_task_group() as group:
        group.start_soon(studio.run)
        group.start_soon(told.hear, studio)
        studio.attach(COVERED)
        await told.until(lambda: studio.kind_of(kept()) is TrackKind.PERSON)
        yield studio, told
        group.cancel_scope.cancel()


@pytest.mark.timeout(60)
async def test_a_drawing_has_another_process_go_on_and_numbers_of_before_mean_nothing() -> None:
    """What the old one had told and nobody had read is never told; another camera's is."""
    async with at_work(HandClock()) as (studio, told):
        studio.attach(kept())
        await told.until(lambda: (kept(), "Attach") in told.of)
        studio.renew(UUID(int=6))
        assert studio.kind_of(kept()) is TrackKind.PERSON
        told.of.clear()
        studio.renew(CLEAR.camera)
        assert studio.kind_of(kept()) is None
        await told.until(lambda: (COVERED, "Attach") in told.of)
        assert FAILED not in {reason for _, reason in told.of}
        assert (kept(), "Attach") not in told.of
        await told.until(lambda: studio.kind_of(kept()) is TrackKind.PERSON)


async def test_what_was_made_before_a_drawing_is_never_told() -> None:
    """It waits in the studio, and is dropped there; other cameras' stays."""
    standby = Standby(
        StandbySetup(command=("true",), prepare=Prepare(covers=frozenset())), clock=HandClock()
    )
    making = Making(stream=COVERED, owner=UUID(int=1), how=CameraRedaction())
    begin = Begin(making=making, scratch="/")
    studio = Studio(StudioSetup(standby=standby, begin=lambda _: begin), clock=HandClock())
    other = StreamKey(UUID(int=6)).redacted
    queue = studio._events  # noqa: SLF001 - what its processes have told
    for stream in (COVERED, other, COVERED):
        queue.put_nowait(RenditionState(stream=stream, state="more", reason="before"))
    studio.renew(CLEAR.camera)
    left = [queue.get_nowait() for _ in range(queue.qsize())]
    assert left == [RenditionState(stream=other, state="more", reason="before")]


@pytest.mark.timeout(60)
async def test_whom_a_process_follows_can_be_kept_and_nobody_else() -> None:
    """Not by another number, and not as another process counted."""
    async with at_work(HandClock()) as (studio, told):
        for stranger in (kept(13), kept(seen_in=b"another segment!")):
            assert studio.kind_of(stranger) is None
            studio.attach(stranger)
        studio.attach(kept())
        await told.until(lambda: (kept(), "Attach") in told.of)
        studio.detach(kept())
        await told.until(lambda: (kept(), "Detach") in told.of)
        assert {stream for stream, _ in told.of} == {COVERED, kept()}


@pytest.mark.timeout(60)
async def test_numbers_mean_nothing_once_their_process_has_broken() -> None:
    """What was kept ends with it; the next process is asked for the covered picture only."""
    async with at_work(HandClock()) as (studio, told):
        studio.attach(kept())
        await told.until(lambda: (kept(), "Attach") in told.of)
        studio.request_keyframe(COVERED)
        await told.until(lambda: (COVERED, FAILED) in told.of)
        assert studio.kind_of(kept()) is None
        del told.of[:]
        await told.until(lambda: (COVERED, "Attach") in told.of)
        assert {stream for stream, _ in told.of} == {COVERED}


@pytest.mark.timeout(60)
async def test_a_process_goes_on_for_whoever_looks_at_one_track() -> None:
    """The covered picture is left meanwhile; without any viewer all of it ends."""
    clock = HandClock()
    async with at_work(clock) as (studio, told):
        studio.attach(kept())
        studio.detach(COVERED)
        clock.move(60)
        await told.until(lambda: (kept(), "Attach") in told.of)
        assert studio.making == {COVERED}
        studio.detach(kept())
        clock.move(60)
        await told.until(lambda: not studio.making)
        assert studio.kind_of(kept()) is None


def test_pictures_in_the_clear_are_not_copied_for_what_is_not_made() -> None:
    """A number that nobody follows costs nothing."""
    ingest = FakeRecorder()
    clock = HandClock()
    standby = Standby(
        StandbySetup(command=(), prepare=Prepare(covers=frozenset())), clock=clock
    )
    making = Making(stream=COVERED, owner=UUID(int=1), how=CameraRedaction())
    begin = Begin(making=making, scratch="/")
    studio = Studio(StudioSetup(standby=standby, begin=lambda _: begin), clock=clock)
    renditions = Renditions(ingest, studio)
    renditions.attach(kept())
    renditions.detach(kept())
    assert (ingest.copied, studio.making) == ([], frozenset())


def test_a_stream_tells_who_is_kept_over_any_wire() -> None:
    """Others need not say that they keep nobody."""
    for stream in (CLEAR, COVERED, kept()):
        message = msgspec.msgpack.encode(stream)
        assert msgspec.msgpack.decode(message, type=StreamKey) == stream
    assert b"kept" not in msgspec.msgpack.encode(COVERED)
