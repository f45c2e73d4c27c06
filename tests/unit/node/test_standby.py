"""A redaction process waits while somebody may soon need it, and is given once."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import anyio
import msgspec
import pytest

from handfast.media.feed import Gauges, RenditionState
from handfast.media.units import StreamKey
from handfast.media.worker_link import RequestKeyframe, frame
from handfast.model.media import Rendition
from handfast.node.redaction.orders import Covers, Prepare
from handfast.node.redaction.standby import Standby, StandbySetup
from tests.fakes.steady import HandClock

pytestmark = pytest.mark.timeout(60)
# A program that says which process it is, then reads until the node hangs up. Asked for a
# keyframe, it tells of its work.
READS = """
import os, socket, sys
with open(sys.argv[1], "a") as pids:
    print(os.getpid(), file=pids)
s = socket.socket(fileno=int(sys.argv[3]))
while told := s.recv(65536):
    if b"RequestKeyframe" in told:
        s.sendall(bytes.fromhex(sys.argv[2]))
"""
STREAM = StreamKey(UUID(int=5), "main", Rendition.REDACTED)
GAUGES = Gauges(at_us=0, streams=(), volumes=(), live_groups_dropped=0)
BEGUN = RenditionState(stream=STREAM, state="normal", reason="")
LONG_S, LATER_S = 30.0, 1000.0


@dataclass
class Site:
    """A standby at work, and whether somebody may soon look."""

    standby: Standby
    clock: HandClock
    pids: Path
    likely: bool = False


@asynccontextmanager
async def at_work(folder: Path) -> AsyncIterator[Site]:
    """Run a standby whose processes only listen."""
    clock, pids = HandClock(), folder / "pids"
    pids.touch()
    said = b"".join(frame(msgspec.msgpack.encode(event)) for event in (GAUGES, BEGUN))
    setup = StandbySetup(
        command=(sys.executable, "-c", READS, str(pids), said.hex()),
        prepare=Prepare(covers=frozenset({Covers.PERSONS})),
    )
    site = Site(Standby(setup, clock=clock), clock, pids)
    async with anyio.create_task_group() as group:
        group.start_soon(site.standby.run, lambda: site.likely)
        yield site
        group.cancel_scope.cancel()
    assert not site.standby.waiting


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until something is true."""
    with anyio.fail_after(30):
        while not condition():
            await anyio.wait_all_tasks_blocked()


async def test_none_waits_while_nobody_may_look(tmp_path: Path) -> None:
    """A site at rest has no redaction process at all."""
    async with at_work(tmp_path) as site:
        for _ in range(20):
            await anyio.wait_all_tasks_blocked()
        assert not site.standby.waiting


async def test_one_waits_while_somebody_may_look_and_a_while_longer(tmp_path: Path) -> None:
    """It ends when nobody has had reason to look for some minutes."""
    async with at_work(tmp_path) as site:
        site.likely = True
        await until(lambda: site.standby.waiting)
        site.likely = False
        site.clock.move(LATER_S)
        await until(lambda: not site.standby.waiting)


async def test_a_process_is_given_once_and_another_takes_its_place_later(
    tmp_path: Path,
) -> None:
    """Two renditions never share one; the next is loaded when the first has its picture."""
    async with at_work(tmp_path) as site:
        site.likely = True
        await until(lambda: site.standby.waiting)
        first = await site.standby.take()
        assert not site.standby.waiting
        second = await site.standby.take()
        assert first is not second
        site.clock.move(LONG_S)
        await until(lambda: site.standby.waiting)
        third = await site.standby.take()
        assert third not in {first, second}
        for child in (first, second, third):
            assert child.is_running
            assert await child.end() == 0


async def test_one_that_broke_while_it_waited_is_neither_given_nor_replaced(
    tmp_path: Path,
) -> None:
    """Whoever needs one gets a new one; a machine on which they break is not kept busy."""
    async with at_work(tmp_path) as site:
        site.likely = True
        await until(lambda: site.standby.waiting)
        await until(lambda: "\n" in site.pids.read_text())
        broken = int(site.pids.read_text())
        os.kill(broken, signal.SIGKILL)
        await until(lambda: not site.standby.waiting)
        child = await site.standby.take()
        assert child.is_running
        assert await child.end() == 0
        assert len(site.pids.read_text().split()) == 2


async def test_after_one_was_taken_another_is_made_ready_without_any_other_sign(
    tmp_path: Path,
) -> None:
    """Whoever has looked once soon looks again."""
    async with at_work(tmp_path) as site:
        child = await site.standby.take()
        site.clock.move(LONG_S)
        await until(lambda: site.standby.waiting)
        assert await child.end() == 0


async def test_the_next_is_made_ready_when_the_one_before_has_a_picture(tmp_path: Path) -> None:
    """Until then it would take the processor from whoever waits for that picture."""
    async with at_work(tmp_path) as site:
        child = await site.standby.take()
        for _ in range(20):
            await anyio.wait_all_tasks_blocked()
        assert not site.standby.waiting
        child.tell(RequestKeyframe(stream=STREAM))
        async for event in child.events():
            assert child.has_begun == (event == BEGUN)
            if child.has_begun:
                break
        await until(lambda: site.standby.waiting)
        assert await child.end() == 0
