"""A node on real stores that is killed at its k-th step; run as a program.

    python -m tests.scenario.node.killed_node FOLDER

Tells one story again and again, each time in a child process of its own and in a folder of
its own (FOLDER/0, FOLDER/1, ...). Child 2k is killed (SIGKILL) just before the k-th call to a
store, child 2k+1 just after it; the first child that lives to the end is the last. Each
writes every key that leaves it to the file `left`, as it leaves.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

from handfast.audit.leaf import Opening
from handfast.audit.ports import Batch
from handfast.audit.tree import Coordinate
from handfast.media.units import StreamKey
from handfast.seal.format import FrameType
from handfast.storage.sqlite_log import SqliteLog
from handfast.storage.sqlite_node import (
    Access,
    RequestRow,
    SignalRow,
    SqliteAccesses,
    SqliteRequests,
    SqliteSerials,
    SqliteSignals,
    open_node_database,
)
from tests.scenario.node.school import Memory, School

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Fuse:
    """Counts calls and kills the process before or after the k-th."""

    def __init__(self, step: int) -> None:
        """Take the step: `2 * k` kills before call k, `2 * k + 1` after it."""
        self._step = step
        self._calls = 0

    def call(self, act: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Do something, unless it is time to die."""
        before, after = 2 * self._calls, 2 * self._calls + 1
        self._calls += 1
        if before == self._step:
            _die()
        done = act(*args, **kwargs)
        if after == self._step:
            _die()
        return done


class MortalLog:
    """The real log store behind a fuse."""

    def __init__(self, store: SqliteLog, fuse: Fuse) -> None:
        """Take the store."""
        self._store = store
        self._fuse = fuse

    def append(self, batch: Batch) -> None:
        """Append, if we live."""
        self._fuse.call(self._store.append, batch)

    def size(self) -> int:
        """Return how many entries are durable."""
        return self._store.size()

    def checkpoint(self) -> str | None:
        """Return the newest checkpoint."""
        return self._store.checkpoint()

    def hashes(self, coordinates: Sequence[Coordinate]) -> list[bytes]:
        """Return stored hashes."""
        return self._store.hashes(coordinates)

    def leaves(self, first: int, end: int) -> list[bytes]:
        """Return leaf data."""
        return self._store.leaves(first, end)

    def openings(self, first: int, end: int) -> list[Opening]:
        """Return openings."""
        return self._store.openings(first, end)

    def erase(self, indexes: Sequence[int]) -> None:
        """Erase openings."""
        self._store.erase(indexes)


class MortalAccesses(SqliteAccesses):
    """Accesses behind a fuse."""

    fuse: Fuse

    def put(self, access: Access) -> None:
        """Store, if we live."""
        self.fuse.call(super().put, access)


class MortalSignals(SqliteSignals):
    """Signals behind a fuse."""

    fuse: Fuse

    def put(self, row: SignalRow) -> None:
        """Store, if we live."""
        self.fuse.call(super().put, row)


class MortalRequests(SqliteRequests):
    """Requests behind a fuse."""

    fuse: Fuse

    def put(self, row: RequestRow) -> None:
        """Store, if we live."""
        self.fuse.call(super().put, row)


class TellingViewers:
    """Writes down each key that leaves, at once."""

    def __init__(self, left: Path) -> None:
        """Take the file that says what has left."""
        self._file = os.open(left, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def tell(self, line: str) -> None:
        """Write a line past every buffer: it is out for ever."""
        os.write(self._file, line.encode() + b"\n")

    def stream(self, stream: StreamKey, frame: bytes) -> None:
        """Ignore ciphertext."""

    def grant(self, grant: str, frame: bytes) -> None:
        """Write keys down."""
        if frame[0] == FrameType.KEY:
            self.tell(f"key {grant}")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def open_memory(folder: Path, fuse: Fuse) -> Memory:
    """Open the stores of a folder behind a fuse."""
    database = open_node_database(folder / "node.db")
    accesses, signals = MortalAccesses(database), MortalSignals(database)
    requests = MortalRequests(database)
    for each in (accesses, signals, requests):
        each.fuse = fuse
    return Memory(
        log=MortalLog(SqliteLog(folder / "log.db"), fuse),
        signals=signals,
        serials=SqliteSerials(database),
        requests=requests,
        accesses=accesses,
    )


async def story(folder: Path, fuse: Fuse) -> None:
    """Alarm, permit, keys, clear, end; each release is written down."""
    viewers = TellingViewers(folder / "left")
    school = School(memory=open_memory(folder, fuse), viewers=viewers)
    await school.heart.start()
    await school.films(1)
    await school.alarm()
    decision = await school.asks(school.people.officer())
    if decision.grant is None:
        raise SystemExit("the story begins with a permit")
    viewers.tell(f"sealed {decision.grant.id}")
    await school.heart.live.attach(decision.grant.id)
    await school.films(1)
    await school.passes(6, tick_s=3)
    await school.films(1)
    await school.alarm("clear")
    await school.passes(301, tick_s=100)


def main(folder: Path) -> None:
    """Kill one child after the other, until one lives."""
    for step in range(200):
        here = folder / str(step)
        here.mkdir()
        child = os.fork()
        if child == 0:
            asyncio.run(story(here, Fuse(step)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
