"""The connection between node and ingest process: framing, jams, and ends that go away."""

import socket
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.media.feed import Event, StateChanged, UnitsSealed
from handfast.media.ingest_processes import default_count
from handfast.media.rtsp_auth import Credentials
from handfast.media.source import CameraSource
from handfast.media.units import CameraState
from handfast.media.worker_link import (
    LIVE_LIMIT,
    AddStream,
    Attach,
    Command,
    Frames,
    NodeLink,
    Stop,
    decode_command,
    frame,
)
from tests.unit.media_recording.rig import GATE

UNITS = UnitsSealed(
    stream=GATE,
    segment=bytes(16),
    run=0,
    first_unit=1,
    records=bytes(100_000),
    last_pts=0,
    received_us=0,
)


@pytest.fixture
def ends() -> Iterator[tuple[NodeLink[Command], socket.socket]]:
    """Return the ingest process's end and the node's."""
    ours, theirs = socket.socketpair()
    link = NodeLink(theirs, decode_command)
    yield link, ours
    ours.close()
    link.close()


@given(st.lists(st.binary(max_size=300)), st.integers(1, 50))
def test_messages_survive_however_they_are_cut(messages: list[bytes], size: int) -> None:
    """A socket delivers any pieces."""
    whole = b"".join(map(frame, messages))
    frames = Frames()
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert [message for piece in pieces for message in frames.feed(piece)] == messages


def test_commands_arrive_as_they_were(ends: tuple[NodeLink[Command], socket.socket]) -> None:
    """Logins included."""
    link, node = ends
    source = CameraSource(
        key=GATE,
        url="rtsp://127.0.0.1/cam0",
        credentials=Credentials(user="reader", password="made-up"),
    )
    commands: list[Command] = [
        AddStream(source=source, root="/disk", predecessor=bytes(16)),
        Attach(stream=GATE),
        Stop(),
    ]
    for command in commands:
        node.sendall(frame(msgspec.msgpack.encode(command)))
    assert link.receive() == commands
    assert link.receive() == []
    assert not link.gone


def test_a_node_that_does_not_read_is_a_jam_and_loses_no_control_event(
    ends: tuple[NodeLink[Command], socket.socket],
) -> None:
    """What was emitted stays queued; the recorder sees the jam and leaves units out."""
    link, node = ends
    sent: list[Event] = []
    while not link.congested:
        sent.append(UNITS)
        link.emit(UNITS)
        link.flush()
    sent.append(StateChanged(stream=GATE, state=CameraState.PLAYING, reason=""))
    link.emit(sent[-1])
    assert link.wants_write
    frames, decode = Frames(), msgspec.msgpack.Decoder(Event).decode
    arrived: list[Event] = []
    while len(arrived) < len(sent):
        link.flush()
        arrived += map(decode, frames.feed(node.recv(1 << 20)))
    assert arrived == sent
    assert len(sent) * len(UNITS.records) > LIVE_LIMIT
    assert not link.congested


def test_a_node_that_has_gone_is_noticed(ends: tuple[NodeLink[Command], socket.socket]) -> None:
    """By reading and by writing; nothing is queued for nobody."""
    link, node = ends
    node.close()
    assert link.receive() == []
    assert link.gone
    link.emit(UNITS)
    link.flush()
    assert not link.wants_write


@pytest.mark.parametrize(
    ("streams", "cores", "count"), [(0, 8, 1), (100, 8, 1), (101, 8, 2), (1000, 4, 4)]
)
def test_streams_are_shared_among_few_processes(streams: int, cores: int, count: int) -> None:
    """One for each hundred, but no more than cores."""
    assert default_count(streams, cores) == count
