"""What every feed promises: the list in tests and the connection to the node."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec
import pytest

from handfast.media.feed import Event, Feed, StateChanged
from handfast.media.units import CameraState, StreamKey
from handfast.media.worker_link import Frames, NodeLink, decode_command
from tests.fakes.recording import CollectedFeed
from tests.fakes.steady import CountingIds


@dataclass(frozen=True)
class Case:
    """A feed, and how to read what came out at the other end."""

    feed: Feed
    read: Callable[[], list[Event]]


def collected() -> Iterator[Case]:
    """Make the fake."""
    feed = CollectedFeed()
    yield Case(feed, lambda: feed.events)


def connected() -> Iterator[Case]:
    """Make the real one, with a node that reads."""
    ours, theirs = socket.socketpair()
    link, frames = NodeLink(theirs, decode_command), Frames()
    decode = msgspec.msgpack.Decoder(Event).decode

    def read() -> list[Event]:
        link.flush()
        return [decode(message) for message in frames.feed(ours.recv(1 << 20))]

    yield Case(link, read)
    ours.close()
    link.close()


@pytest.fixture(params=[collected, connected])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    """Return a feed with its other end."""
    yield from request.param()


def test_events_arrive_as_they_were_and_in_order(case: Case) -> None:
    """Every field, every type."""
    stream = StreamKey(CountingIds().uuid7(), "sub")
    events = [
        StateChanged(stream=stream, state=state, reason=f"{state}: said")
        for state in CameraState
    ]
    for event in events:
        case.feed.emit(event)
    assert case.read() == events


def test_a_feed_that_is_read_is_not_congested(case: Case) -> None:
    """Live units flow."""
    assert not case.feed.congested
