"""A log's key, name and a repeatable source of salts."""

import hashlib
from itertools import count
from uuid import UUID

from handfast.audit.append import Appended, Log
from handfast.audit.ports import LogStore
from handfast.seal.identity import SigningKey
from tests.golden.segment.sample import fixed

ORIGIN = "school.example/log"
KEY = SigningKey.generate(fixed("log", 32))


class CountingIds:
    """Ids and secrets that a test can make again."""

    def __init__(self) -> None:
        """Begin counting."""
        self._count = count()

    def uuid7(self) -> UUID:
        """Return the next id."""
        return UUID(int=next(self._count))

    def secret(self, length: int) -> bytes:
        """Return the next bytes; the first `length` of SHAKE-256 of a number."""
        return hashlib.shake_256(f"secret {next(self._count)}".encode()).digest(length)


def open_log(store: LogStore, key: SigningKey = KEY) -> Log:
    """Continue or begin the school's log."""
    return Log(store, key, ORIGIN, ids=CountingIds())


def entries(first: int, end: int) -> list[bytes]:
    """Return entries that name their number."""
    return [b'{"entry":%d}' % number for number in range(first, end)]


def fill(store: LogStore, *sizes: int) -> list[Appended]:
    """Append batches until the log has each of these sizes in turn."""
    log = open_log(store)
    appended: list[Appended] = []
    for size in sizes:
        appended += log.append(entries(len(appended), size))
    return appended
