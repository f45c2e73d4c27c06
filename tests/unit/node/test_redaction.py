"""Renditions are made while somebody looks, by processes that are replaced when they break."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import anyio
import pytest

from handfast.kit.clock import SystemClock
from handfast.media.feed import Event, RenditionState, UnitCopied
from handfast.media.picture_copy import PictureCopy
from handfast.media.units import AUDIO, VIDEO, AccessUnit, Codec, StreamKey, TrackConfig
from handfast.model.media import Rendition
from handfast.node.redaction.orders import Begin, CameraRedaction, Making, Prepare
from handfast.node.redaction.renditions import Renditions
from handfast.node.redaction.standby import Standby, StandbySetup
from handfast.node.redaction.studio import FAILED, Studio, StudioSetup
from tests.fakes.node_media import FakeRecorder
from tests.fakes.recording import CollectedFeed
from tests.fakes.steady import HandClock

CLEAR = StreamKey(UUID(int=5))
REDACTED = StreamKey(UUID(int=5), "main", Rendition.REDACTED)
CONFIG = TrackConfig(track=VIDEO, codec=Codec.H264, extradata=b"avcC", width=8, height=8)
# A program that reads what it is told, and one that ends at once.
READS = (
    "import socket, sys; s = socket.socket(fileno=int(sys.argv[1]))\nwhile s.recv(65536): pass"
)
ENDS = "raise SystemExit(3)"


def copied(number: int, *, key: bool) -> UnitCopied:
    """Return a picture in the clear."""
    return UnitCopied(
        stream=CLEAR,
        config=CONFIG if key else None,
        key=key,
        pts=number * 3600,
        dts=number * 3600,
        data=b"picture",
        received_us=number,
    )


class Pretended:
    """A studio that only notes; `Renditions` is what is tested."""

    def __init__(self) -> None:
        """Begin with nothing made."""
        self.making: frozenset[StreamKey] = frozenset()
        self.fed: list[UnitCopied] = []
        self.keyframes: list[StreamKey] = []

    async def events(self) -> AsyncIterator[Event]:
        """Yield nothing."""
        nothing: tuple[Event, ...] = ()
        for event in nothing:
            yield event

    def attach(self, stream: StreamKey) -> None:
        """Make it."""
        self.making |= {stream}

    def detach(self, stream: StreamKey) -> None:
        """Make it no longer."""
        self.making -= {stream}

    def request_keyframe(self, stream: StreamKey) -> None:
        """Note the wish."""
        self.keyframes.append(stream)

    def feed(self, unit: UnitCopied) -> None:
        """Note the picture."""
        self.fed.append(unit)


async def test_pictures_are_copied_while_a_rendition_is_made_and_go_no_further() -> None:
    """They reach the studio, never whoever hears the recorder's events."""
    ingest, studio = FakeRecorder(), Pretended()
    renditions = Renditions(ingest, studio)
    renditions.attach(REDACTED)
    renditions.attach(REDACTED)
    assert (ingest.copied, ingest.attached) == ([CLEAR], [])
    state = RenditionState(stream=CLEAR, state="normal", reason="")
    for event in (copied(1, key=True), state, copied(2, key=False)):
        ingest.put(event)
    ingest.stop()
    assert [event async for event in renditions.events()] == [state]
    assert [unit.pts for unit in studio.fed] == [3600, 7200]


async def test_the_copy_ends_with_the_last_rendition_made_of_it() -> None:
    """A picture that nobody takes any more ends it."""
    ingest, studio = FakeRecorder(), Pretended()
    renditions = Renditions(ingest, studio)
    renditions.attach(REDACTED)
    renditions.detach(REDACTED)
    assert ingest.copied == [CLEAR]  # the studio may linger
    ingest.put(copied(1, key=True))
    ingest.stop()
    assert [event async for event in renditions.events()] == []
    assert (ingest.copied, studio.fed) == ([], [])


def test_clear_streams_go_to_ingest() -> None:
    """As if there were no other renditions; each keyframe is asked of its own maker."""
    ingest, studio = FakeRecorder(), Pretended()
    renditions = Renditions(ingest, studio)
    renditions.attach(CLEAR)
    assert (ingest.attached, studio.making) == ([CLEAR], frozenset())
    renditions.request_keyframe(CLEAR)
    renditions.request_keyframe(REDACTED)
    assert (ingest.keyframes, studio.keyframes) == ([CLEAR], [REDACTED])
    renditions.detach(CLEAR)
    assert ingest.attached == []


@asynccontextmanager
async def at_work(program: str, clock: HandClock | SystemClock) -> AsyncIterator[Studio]:
    """Run a studio whose processes run a small program."""
    begin = Begin(
        making=Making(stream=REDACTED, owner=UUID(int=1), how=CameraRedaction()), scratch="/"
    )
    command = (sys.executable, "-c", program)
    setup = StandbySetup(command=command, prepare=Prepare(covers=frozenset()))
    standby = Standby(setup, clock=clock)
    studio = Studio(StudioSetup(standby=standby, begin=lambda _: begin), clock=clock)
    async with anyio.create_task_group() as group:
        group.start_soon(studio.run)
        yield studio
        group.cancel_scope.cancel()


@pytest.mark.timeout(60)
async def test_a_process_that_breaks_is_told_and_replaced() -> None:
    """The tile learns that the whole picture is covered, and each attempt tells it again."""
    async with at_work(ENDS, SystemClock()) as studio:
        studio.attach(REDACTED)
        events = studio.events()
        for _ in range(2):
            told = await anext(events)
            assert isinstance(told, RenditionState)
            assert (told.state, told.reason) == ("whole", FAILED)


@pytest.mark.timeout(60)
async def test_a_rendition_ends_a_while_after_its_last_viewer() -> None:
    """Whoever comes back in time finds it; later its process has gone."""
    clock = HandClock()
    async with at_work(READS, clock) as studio:
        studio.attach(REDACTED)
        studio.feed(copied(1, key=True))
        studio.detach(REDACTED)
        clock.move(10)
        studio.attach(REDACTED)
        clock.move(100)
        assert studio.making == {REDACTED}
        studio.detach(REDACTED)
        clock.move(20)
        await eventually(lambda: not studio.making)


async def eventually(condition: Callable[[], bool]) -> None:
    """Let other tasks run until something is true."""
    with anyio.fail_after(30):
        while not condition():
            await anyio.wait_all_tasks_blocked()


def test_a_copy_begins_at_a_keyframe_and_again_after_a_gap() -> None:
    """A decoder can always begin; sound is not copied."""
    feed = CollectedFeed()
    copy = PictureCopy(CLEAR, feed)
    copy.configured((CONFIG,))
    copy.wanted = True
    for number, key in enumerate([False, True, False]):
        unit = AccessUnit(track=VIDEO, key=key, pts=number, dts=number, data=b"v")
        copy.unit(unit, received_us=number)
    copy.unit(AccessUnit(track=AUDIO, key=True, pts=9, dts=9, data=b"a"), received_us=9)
    copy.configured((CONFIG,))  # after a reconnection a keyframe has to come first
    copy.unit(AccessUnit(track=VIDEO, key=False, pts=10, dts=10, data=b"v"), received_us=10)
    copy.unit(AccessUnit(track=VIDEO, key=True, pts=11, dts=11, data=b"v"), received_us=11)
    told = [event for event in feed.events if isinstance(event, UnitCopied)]
    assert [(event.pts, event.config is not None) for event in told] == [
        (1, True),
        (2, False),
        (11, True),
    ]
