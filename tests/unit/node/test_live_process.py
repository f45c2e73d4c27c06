"""A redaction process does what the node says of each stream, and tells whom it follows."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from handfast.media.feed import Event, RenditionState, TracksFollowed, UnitsSealed
from handfast.media.units import KeptTrack, StreamKey
from handfast.media.worker_link import Attach, Detach, Frames, NodeLink, Stop, frame
from handfast.model.media import Rendition, TrackKind
from handfast.node.redaction.live_process import LiveProcess
from handfast.node.redaction.orders import (
    Begin,
    CameraRedaction,
    Covers,
    Making,
    Order,
    decode_order,
)
from tests.fakes.recording import MemoryPeriods
from tests.fakes.steady import CountingIds, HandClock
from tests.unit.node.filmed import Camera
from tests.unit.vision.drawn import SeeingDetector, person

CLEAR = StreamKey(UUID(int=5))
HOW = CameraRedaction(covers=frozenset({Covers.PERSONS}), fixed=False)
MOST_PICTURES = 600  # a minute of the story: its key periods come from another thread


def kept(track: int, camera: int = 5) -> StreamKey:
    """Name a stream in which one track is clear."""
    who = KeptTrack("grant", track, None, b"s" * 16)
    return StreamKey(UUID(int=camera), "main", Rendition.UNMASKED, who)


class AtWork:
    """The node's end of a process, with the camera that it feeds.

    Attributes:
        told: Everything that the process has told, oldest first.
    """

    def __init__(self, ours: socket.socket, camera: Camera) -> None:
        """Take the connection and the camera."""
        self.told: list[Event] = []
        self.camera = camera
        self._ours = ours
        self._read = 0
        self._frames = Frames()
        self._decode = msgspec.msgpack.Decoder(Event).decode

    def say(self, order: Order) -> None:
        """Send an order."""
        self._ours.sendall(frame(msgspec.msgpack.encode(order)))

    def films(self, until: Callable[[Event], bool]) -> Event:
        """Film until the process tells something that was not looked at before."""
        for _ in range(MOST_PICTURES):
            while self._read < len(self.told):
                self._read += 1
                if until(self.told[self._read - 1]):
                    return self.told[self._read - 1]
            self.say(self.camera.picture())
            self.told += self._heard()
        message = "the process has not told it"
        raise AssertionError(message)

    def with_a_state(self) -> set[StreamKey]:
        """Return the streams of which the process has told how they are."""
        return {each.stream for each in self.told if isinstance(each, RenditionState)}

    def _heard(self) -> list[Event]:
        """Return what arrives within a moment."""
        try:
            data = self._ours.recv(1 << 18)
        except TimeoutError:
            return []
        return [self._decode(message) for message in self._frames.feed(data)]


@contextmanager
def at_work(scratch: Path) -> Iterator[AtWork]:
    """Run a process that makes a covered picture, in a thread."""
    ours, theirs = socket.socketpair()
    ours.settimeout(0.1)
    clock, ids = HandClock(), CountingIds()
    camera = Camera(CLEAR, clock)
    process = LiveProcess(
        NodeLink(theirs, decode_order),
        Begin(
            making=Making(stream=CLEAR.redacted, owner=UUID(int=1), how=HOW),
            scratch=str(scratch),
        ),
        [SeeingDetector(lambda: camera.people)],
        store=MemoryPeriods(ids),
        clock=clock,
        ids=ids,
    )
    thread = threading.Thread(target=process.run)
    thread.start()
    node = AtWork(ours, camera)
    try:
        node.say(Attach(stream=CLEAR.redacted))
        yield node
    finally:
        node.say(Stop())
        ours.settimeout(10)
        while ours.recv(1 << 18):
            pass
        thread.join()
        ours.close()


def sealed(stream: StreamKey) -> Callable[[Event], bool]:
    """Tell whether an event has pictures of a stream."""
    return lambda event: isinstance(event, UnitsSealed) and event.stream == stream


@pytest.mark.timeout(120)
def test_it_tells_whom_it_follows_and_makes_a_picture_for_one_grant_too(
    tmp_path: Path,
) -> None:
    """Beside that of all, until it is told to stop; each with a state of its own."""
    with at_work(tmp_path) as node:
        node.camera.people = [person(60, 100), person(220, 100)]
        followed = node.films(lambda event: isinstance(event, TracksFollowed))
        assert isinstance(followed, TracksFollowed)
        assert followed.tracks == {1: TrackKind.PERSON, 2: TrackKind.PERSON}
        assert followed.stream == CLEAR.redacted
        node.say(Attach(stream=kept(1)))
        node.films(sealed(kept(1)))
        both = {CLEAR.redacted, kept(1)}
        node.films(lambda _: node.with_a_state() >= both)  # told before a picture, or after
        assert node.with_a_state() == both
        node.say(Detach(stream=kept(1)))
        node.say(Attach(stream=kept(2)))
        node.films(sealed(kept(2)))
        told = len(node.told)
        for _ in range(3):
            node.films(sealed(kept(2)))
        assert not any(sealed(kept(1))(event) for event in node.told[told:])


@pytest.mark.timeout(120)
def test_it_makes_nothing_for_another_camera(tmp_path: Path) -> None:
    """Whose numbers mean somebody else."""
    with at_work(tmp_path) as node:
        node.camera.people = [person(60, 100)]
        node.films(sealed(CLEAR.redacted))
        node.say(Attach(stream=kept(1, camera=6)))
        for _ in range(20):
            node.films(sealed(CLEAR.redacted))
        streams = {each.stream for each in node.told if isinstance(each, UnitsSealed)}
        assert streams == {CLEAR.redacted}
