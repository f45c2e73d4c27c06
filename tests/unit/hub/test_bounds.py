"""What is bounded in the hub's memory: events, log lines, attempts."""

import asyncio
import logging

import pytest

from handfast.hub.errors import RefusedError, TooManyError
from handfast.hub.event_board import LIMIT, EventBoard
from handfast.hub.journal import Journal
from handfast.hub.limits import RateLimit
from handfast.hub.presence import Presence
from handfast.hub.sessions import Challenges
from handfast.hub.views import ReadyEvent, SignalEvent
from handfast.protocol.wire import Heartbeat
from handfast.seal.identity import Envelope
from tests.fakes.steady import CountingIds, HandClock

BIG = Envelope(payloadType="x", payload="y" * 1_000_000, signatures=())


async def test_a_page_that_does_not_listen_is_let_go() -> None:
    """It must connect anew and is told the present state, instead of filling memory."""
    board = EventBoard()
    deaf, listening = board.join("a"), board.join("b")
    for _ in range(LIMIT // 1_000_000 + 1):
        board.tell(SignalEvent(node="n", signal=BIG))
        assert await asyncio.wait_for(listening.next(), 5) is not None
    assert deaf.fell_behind
    assert await deaf.next() is None
    assert not listening.fell_behind


async def test_an_event_for_one_device_reaches_all_its_pages_and_no_other() -> None:
    """Two tabs of one person are one device."""
    board = EventBoard()
    tabs, other = [board.join("mine"), board.join("mine")], board.join("theirs")
    board.tell(ReadyEvent(at_us=1), device="mine")
    board.tell(ReadyEvent(at_us=2))
    assert [await tab.next() for tab in tabs] == [b'{"type":"ready","at_us":1}'] * 2
    assert await other.next() == b'{"type":"ready","at_us":2}'
    board.leave(other)
    assert len(board) == 2


def test_a_topic_is_logged_once_a_minute_with_what_was_held_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A flood of a million is two lines."""
    clock = HandClock()
    journal = Journal(logging.getLogger("test.journal"), clock)
    for _ in range(1000):
        journal.warn("noise", "a frame was dropped")
    clock.move(61)
    journal.warn("noise", "a frame was dropped")
    journal.warn("other", "something else")
    assert [record.getMessage() for record in caplog.records] == [
        "a frame was dropped",
        "a frame was dropped (999 more since)",
        "something else",
    ]


def test_attempts_refill_and_belong_to_their_address() -> None:
    """One address's flood locks nobody else out."""
    clock = HandClock()
    limit = RateLimit(6, clock=clock)
    for _ in range(6):
        limit.spend("a")
    with pytest.raises(TooManyError) as refused:
        limit.spend("a")
    assert refused.value.retry_after_s == 10
    limit.spend("b")
    clock.move(10)
    limit.require_room("a")
    limit.spend("a")
    limit.note("a")
    with pytest.raises(TooManyError):
        limit.require_room("a")


def test_a_node_is_online_for_three_heartbeats() -> None:
    """It comes once, is news again when its cameras change, and goes once."""
    clock = HandClock()
    presence = Presence(clock)
    beat = Heartbeat(at_us=1, cameras=[], recording_bps=0)
    assert presence.hear("n", beat)
    assert not presence.hear("n", beat)
    clock.move(5.9)
    assert presence.sweep() == []
    clock.move(0.2)
    assert presence.sweep() == ["n"]
    assert presence.sweep() == []
    assert not presence.is_online("n")


def test_challenges_are_bounded() -> None:
    """The oldest go first, however many are asked for."""
    clock, ids = HandClock(), CountingIds()
    challenges = Challenges(clock=clock, ids=ids)
    first, _ = challenges.issue("d", "a")
    for _ in range(10_000):
        last, _ = challenges.issue("d", "a")
    challenges.use(last, device="d", audience="a")
    with pytest.raises(RefusedError, match="fetch a new one"):
        challenges.use(first, device="d", audience="a")
