"""A site node that kills itself at a chosen step of an access; run as a program.

    python -m tests.e2e.fused_node

Reads one `Order` a line and answers with the process id of the node it has started, then,
when that has ended, with its exit status. Each node is a process of its own (forked once
everything is imported, to save time) and runs the product's own `handfast node run`. Only
its ways out are watched, from the first access on that is asked while there is a `Fuse`:
each commit to a database, each fsync, each message to the hub and each HTTP answer is a step.
Right before the step that the fuse names it dies by SIGKILL, when all that was sent before has
left: so it is also right after the step before.

What goes out whether or not somebody looks is no step: ciphertext, heartbeats, the index of
the recordings. Release windows are short, so that a short view has several.
"""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from pathlib import Path
from threading import Lock, current_thread, main_thread
from typing import Any, TypeAlias

import msgspec
import uvicorn
from nats.aio.client import Client

from handfast.bus import nats_node
from handfast.bus.link import settle
from handfast.bus.ports import NodeAnswers
from handfast.bus.verbs import answer
from handfast.cli import main
from handfast.node import pep, serve
from handfast.node.usecases import open_windows
from handfast.seal.format import FrameType
from handfast.web.listen import Listen
from handfast.web.serving import server

WINDOW_US = 1_000_000
AHEAD_US = 500_000
_OF_RECORDING = frozenset({"segments.db", "periods.db"})
_verb: ContextVar[str] = ContextVar("verb")
_Message: TypeAlias = MutableMapping[str, Any]
_Send: TypeAlias = Callable[[_Message], Awaitable[None]]
_Receive: TypeAlias = Callable[[], Awaitable[_Message]]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One node to run.

    Attributes:
        arguments: The command line after `handfast`.
        log: File for its output.
        fuse: File with a `Fuse`, written once the node runs.
        steps: File that gets the name of each step, a line each, before it is taken.
    """

    arguments: tuple[str, ...]
    log: str
    fuse: str
    steps: str


class Fuse(msgspec.Struct, frozen=True, kw_only=True):
    """Where to die: before the n-th step, from 0, of those with the same name."""

    step: str
    number: int


class Steps:
    """Counts the steps of an access and dies at the one it was told. Safe from any thread."""

    def __init__(self, order: Order) -> None:
        """Begin asleep."""
        self._fuse_file = Path(order.fuse)
        self._taken = os.open(order.steps, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._fuse: Fuse | None = None
        self._counts: dict[str, int] = {}
        self._lock = Lock()
        self._is_over = False
        self._client: Client | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Count from here on, if there is a fuse by now. On the event loop."""
        if self._fuse is None and self._fuse_file.exists():
            self._fuse = msgspec.json.decode(self._fuse_file.read_bytes(), type=Fuse)
            self._loop = asyncio.get_running_loop()

    def speaks(self, client: Client) -> None:
        """Take the way to the hub."""
        self._client = client

    async def taken(self, step: str) -> None:
        """Return when a step may be taken by the event loop; never at the last."""
        if self._goes_on(step):
            return
        await self._die()

    def taken_by_thread(self, step: str) -> None:
        """Return when a step may be taken by this thread; never at the last."""
        if self._goes_on(step):
            return
        if self._loop is not None and current_thread() is not main_thread():
            asyncio.run_coroutine_threadsafe(self._die(), self._loop).result()
        os.kill(os.getpid(), signal.SIGKILL)

    def _goes_on(self, step: str) -> bool:
        """Write a step down, unless it is the last or comes after it."""
        if self._fuse is None:
            return True
        with self._lock:
            if self._is_over:
                return False
            os.write(self._taken, f"{step}\n".encode())
            number = self._counts.get(step, 0)
            self._counts[step] = number + 1
            self._is_over = (step, number) == (self._fuse.step, self._fuse.number)
            return not self._is_over

    async def _die(self) -> None:
        """End as in a power cut, once all that was sent before has left."""
        try:
            if self._client is not None:
                await settle(self._client)
        finally:
            os.kill(os.getpid(), signal.SIGKILL)


def watch_disk(steps: Steps) -> None:
    """Make each commit and each fsync a step."""

    class Watched(sqlite3.Connection):
        """A connection whose commits are steps."""

        name = ""

        def commit(self) -> None:
            """Commit, if we live."""
            if self.name not in _OF_RECORDING:
                steps.taken_by_thread(f"commit {self.name}")
            super().commit()

    connect = sqlite3.connect

    def connects(path: Path, **options: Any) -> sqlite3.Connection:
        made: Watched = connect(path, factory=Watched, **options)
        made.name = path.name
        return made

    def syncs(name: str) -> Callable[[int], None]:
        sync: Callable[[int], None] = getattr(os, name)

        def synced(file: int) -> None:
            steps.taken_by_thread(name)
            sync(file)

        return synced

    sqlite3.connect = connects  # type: ignore[assignment] # the only way the node calls it
    os.fsync, os.fdatasync = syncs("fsync"), syncs("fdatasync")  # type: ignore[assignment]


def watch_bus(steps: Steps) -> None:
    """Make each message to the hub a step; asking for an access wakes the fuse."""
    publish = Client.publish

    async def publishes(
        client: Client, subject: str, payload: bytes = b"", *more: Any, **options: Any
    ) -> None:
        steps.speaks(client)
        if (step := message(subject, payload)) is not None:
            await steps.taken(step)
        await publish(client, subject, payload, *more, **options)

    async def answers(of: NodeAnswers, verb: str, body: bytes) -> bytes:
        _verb.set(verb)
        if verb == "access":
            steps.wake()
        return await answer(of, verb, body)

    vars(nats_node)["answer"] = answers
    # Everything goes this way: frames, answers, what waits in the outbox.
    Client.publish = publishes  # type: ignore[assignment, method-assign]


def message(subject: str, payload: bytes) -> str | None:
    """Name a message; `None` for what goes out whether or not somebody looks."""
    if subject.startswith("_INBOX"):
        return f"answer {_verb.get()}"
    match subject.split(".")[2]:
        case "outbox":
            return f"outbox {msgspec.json.decode(payload)['kind']}"
        case "grant" if payload[0] in {FrameType.KEY, FrameType.WINDOW, FrameType.END}:
            return f"frame {FrameType(payload[0]).name.lower()}"
        case _:
            return None


def watch_http(steps: Steps) -> None:
    """Make each HTTP answer a step."""

    def watched(app: Any, listen: Listen) -> uvicorn.Server:
        async def door(scope: _Message, receive: _Receive, send: _Send) -> None:
            async def sends(event: _Message) -> None:
                if event["type"] == "http.response.start":
                    await steps.taken(f"http {scope['path']}")
                await send(event)

            await app(scope, receive, sends)

        return server(door, listen)  # type: ignore[arg-type] # any application will do

    vars(serve)["server"] = watched


def run(order: Order) -> int:
    """Be the node; returns its exit status."""
    os.setsid()
    output = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for here, there in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1), (output, 2)):
        os.dup2(here, there)
    steps = Steps(order)
    pep.WINDOW_US = WINDOW_US
    vars(open_windows)["_AHEAD_US"] = AHEAD_US
    watch_disk(steps)
    watch_bus(steps)
    watch_http(steps)
    return main.main(order.arguments)


def say(number: int) -> None:
    """Answer whoever gives the orders."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def run_orders() -> None:
    """Run one node after the other until there are no more orders."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(run(msgspec.json.decode(line, type=Order)))
        say(child)
        _, status = os.waitpid(child, 0)
        say(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main.build_parser().parse_args(["node", "config"])  # loads what a node is made of
    run_orders()
