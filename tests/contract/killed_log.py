"""A program that appends to a log and is killed at a chosen statement.

`python -m tests.contract.killed_log FILE N` appends three entries, says `3`, then appends
two more and kills itself with SIGKILL just before the N-th statement from there on. It says
`5` when that append has returned, and leaves with status 0 when there is no N-th statement.
`python -m tests.contract.killed_log FILE` appends from several threads until it is killed,
and says each index when its append has returned.
"""

import functools
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from handfast.audit.append import Log
from handfast.storage.sqlite_log import SqliteLog
from tests.unit.audit.people import entries, open_log

WRITERS = 4


class Fuse:
    """Counts statements down and kills the process."""

    def __init__(self) -> None:
        """Begin unlit."""
        self.left: int | None = None

    def burn(self) -> None:
        """Count one statement."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)


class FusedConnection(sqlite3.Connection):
    """A connection whose statements burn down a fuse."""

    def __init__(self, *arguments: Any, fuse: Fuse, **more: Any) -> None:
        """Open as usual."""
        self._fuse = fuse
        super().__init__(*arguments, **more)

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """Burn, then execute."""
        self._fuse.burn()
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        """Burn, then execute."""
        self._fuse.burn()
        return super().executemany(*arguments)

    def commit(self) -> None:
        """Burn before the commit and after it."""
        self._fuse.burn()
        super().commit()
        self._fuse.burn()


def say(number: int) -> None:
    """Tell the parent, past every buffer."""
    os.write(sys.stdout.fileno(), b"%d\n" % number)


def append_with_fuse(path: Path, statements: int) -> None:
    """Append three entries, light the fuse, append two more."""
    fuse = Fuse()
    sqlite3.connect = functools.partial(  # type: ignore[assignment] # this process exists to be killed
        sqlite3.connect, factory=functools.partial(FusedConnection, fuse=fuse)
    )
    log = open_log(SqliteLog(path))
    log.append(entries(0, 3))
    say(3)
    fuse.left = statements
    log.append(entries(3, 5))
    fuse.left = None
    say(5)


def append_for_ever(log: Log, say_index: Callable[[int], None]) -> None:
    """Append one entry after the other."""
    while True:
        say_index(log.append([b'{"long":"' + b"x" * 3000 + b'"}'])[0].index)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        append_with_fuse(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        shared = open_log(SqliteLog(Path(sys.argv[1])))
        for _ in range(WRITERS):
            threading.Thread(target=append_for_ever, args=(shared, say)).start()
