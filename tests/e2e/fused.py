"""A node under a fuse, from outside: started, armed, waited for, and what is left of it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from handfast.cli.demo.places import DemoSite
from handfast.storage.sqlite_log import SqliteLog
from handfast.storage.sqlite_node import Access, SqliteAccesses, open_node_database
from tests.e2e.city import RunningCity, answers, environment
from tests.e2e.fused_node import Fuse, Order
from tests.e2e.waiting import until
from tests.house.tree import ROOT

_DATABASES = ("log.db", "log.db-wal", "node.db", "node.db-wal")


@dataclass(frozen=True, kw_only=True)
class Remains:
    """What a node that died had made durable.

    Attributes:
        entries: Of its log, in order.
        accesses: Every grant there ever was.
    """

    entries: list[dict[str, Any]]
    accesses: list[Access]

    def grants(self) -> dict[str, list[tuple[int, int]]]:
        """Return the grants that the log explains, each with its windows `[from, until)`."""
        found: dict[str, list[tuple[int, int]]] = {}
        for entry in self.entries:
            if entry["kind"] == "decision" and entry["outcome"] == "permit":
                window = entry["window"]
                found[entry["grant"]["id"]] = [(window["from_us"], window["until_us"])]
            elif entry["kind"] == "window":
                found[entry["grant"]].append((entry["from_us"], entry["until_us"]))
        return found

    def opened(self) -> set[str]:
        """Return the grants that its database knows as opened, now or once."""
        return {each.grant.id for each in self.accesses if each.log_index is not None}

    def ended(self) -> set[str]:
        """Return the grants whose end the log tells."""
        return {entry["grant"] for entry in self.entries if entry["kind"] == "end"}


class FusedNode:
    """The node of one site, run again and again by `tests.e2e.fused_node`."""

    def __init__(self, city: RunningCity, site: DemoSite) -> None:
        """Start the program that starts nodes."""
        self._folder = city.city.folder
        self._data = city.city.node(site) / "data"
        self._program = city.programs[f"node-{site.folder}"]
        self._runner = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.fused_node"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
            text=True,
        )
        assert self._runner.stdin is not None
        assert self._runner.stdout is not None
        self._orders, self._answers = self._runner.stdin, self._runner.stdout
        self._pid = 0
        self._steps = self._folder / "steps"

    def start(self) -> None:
        """Run the node, as yet without a fuse, until it answers."""
        (self._folder / "fuse").unlink(missing_ok=True)
        self._steps.write_bytes(b"")
        order = Order(
            arguments=self._program.arguments,
            log=str(self._folder / "logs" / f"{self._program.name}.log"),
            fuse=str(self._folder / "fuse"),
            steps=str(self._steps),
        )
        self._orders.write(msgspec.json.encode(order).decode() + "\n")
        self._orders.flush()
        self._pid = int(self._answers.readline())
        until(lambda: answers(self._program.ready), within_s=60, what="the node answers")

    def arm(self, fuse: Fuse) -> None:
        """Let the next access be the one."""
        (self._folder / "fuse").write_bytes(msgspec.json.encode(fuse))

    def taken(self) -> list[str]:
        """Return the names of the steps so far."""
        return self._steps.read_text().splitlines()

    def kill(self) -> None:
        """Let it die now, whatever its fuse says; nothing happens when it has ended."""
        if pid := self._pid:  # 0 would be all of us
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def died(self) -> int:
        """Wait until it has ended, and return its exit status. Blocks."""
        status = int(self._answers.readline())
        self._pid = 0
        return status

    def remains(self, copy: Path) -> Remains:
        """Read what it left, from a copy: opening a database changes its files."""
        copy.mkdir()
        for name in _DATABASES:
            if (self._data / name).exists():
                shutil.copy(self._data / name, copy)
        log, database = SqliteLog(copy / "log.db"), open_node_database(copy / "node.db")
        openings = log.openings(0, log.size())
        assert len(openings) == log.size()
        accesses = SqliteAccesses(database)
        left = Remains(
            entries=[msgspec.json.decode(opening.entry) for opening in openings],
            accesses=[*accesses.before(1 << 62, 1 << 30), *accesses.unfinished()],
        )
        log.close()
        database.close()
        return left

    def stop(self) -> None:
        """End the node, if it runs, and the program that started it."""
        self.kill()
        self._runner.communicate(timeout=30)


@contextmanager
def fused_node(city: RunningCity, site: DemoSite) -> Iterator[FusedNode]:
    """Have a node under a fuse; not running yet."""
    node = FusedNode(city, site)
    try:
        yield node
    finally:
        node.stop()
