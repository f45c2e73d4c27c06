"""A log's store in one SQLite file (WAL, synchronous=FULL)."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from handfast.audit.leaf import Opening
from handfast.audit.ports import Batch
from handfast.audit.tree import Coordinate
from handfast.kit.errors import ConflictError, CorruptError, NotFoundError, UnavailableError
from handfast.storage.files import sync_directory
from handfast.storage.sqlite import Database

_SIZE = "SELECT coalesce(max(position) + 1, 0) FROM leaf"


class SqliteLog:
    """A log's store (`handfast.audit.ports.LogStore`) in one file of its own.

    One connection writes and one reads, so readers never wait for an fsync. Safe from any
    thread; one process writes, others may read.
    """

    def __init__(self, path: Path) -> None:
        """Open the log at `path`, or create it.

        Raises:
            UnavailableError: The file cannot be opened or created.
            CorruptError: It is no database, or damaged.
        """
        self._path = path
        with self._translated():
            self._writer = Database(path, schema="log.sql", version=1)
            self._reader = Database(path, schema="log.sql", version=1)
            sync_directory(path.parent)  # so that the name survives a power cut, too

    def close(self) -> None:
        """Close the file; nothing is lost when this is never called."""
        self._reader.close()
        self._writer.close()

    def size(self) -> int:
        """Return how many entries are durable."""
        return int(self._read(_SIZE)[0][0])

    def checkpoint(self) -> str | None:
        """Return the newest signed checkpoint, `None` before the first entry."""
        rows = self._read("SELECT note FROM checkpoint")
        return str(rows[0][0]) if rows else None

    def hashes(self, coordinates: Sequence[Coordinate]) -> list[bytes]:
        """Return stored hashes of complete subtrees, in the order asked."""
        query = "SELECT hash FROM subtree WHERE level = ? AND place = ?"
        with self._translated(), self._reader.read() as read:
            rows = [read.execute(query, place).fetchone() for place in coordinates]
        if None in rows:
            raise NotFoundError(f"{self._path} does not hold the hash at {coordinates}")
        return [row[0] for row in rows]

    def leaves(self, first: int, end: int) -> list[bytes]:
        """Return the leaf data of the entries `first <= index < end`."""
        query = "SELECT data FROM leaf WHERE position >= ? AND position < ? ORDER BY position"
        rows = self._read(query, first, end)
        if len(rows) != max(end - first, 0):
            raise NotFoundError(f"{self._path} ends before entry {end - 1}")
        return [row[0] for row in rows]

    def openings(self, first: int, end: int) -> list[Opening]:
        """Return the openings of `first <= index < end`, without erased ones."""
        query = (
            "SELECT position, salt, entry FROM opening"
            " WHERE position >= ? AND position < ? ORDER BY position"
        )
        rows = self._read(query, first, end)
        return [Opening(index=row[0], salt=row[1], entry=row[2]) for row in rows]

    def append(self, batch: Batch) -> None:
        """Write a batch atomically; durable (fsynced) when it returns."""
        with self._translated(), self._writer.write() as write:
            size = write.execute(_SIZE).fetchone()[0]
            if size != batch.first:
                raise ConflictError(
                    f"{self._path} has {size} entries, not {batch.first}: another process "
                    "writes to it; stop that one"
                )
            write.executemany("INSERT INTO leaf VALUES (?, ?)", enumerate(batch.leaves, size))
            write.executemany(
                "INSERT INTO opening VALUES (?, ?, ?)",
                [(opening.index, opening.salt, opening.entry) for opening in batch.openings],
            )
            write.executemany(
                "INSERT INTO subtree VALUES (?, ?, ?)",
                [(level, place, value) for (level, place), value in batch.hashes],
            )
            write.execute(
                "INSERT OR REPLACE INTO checkpoint VALUES (1, ?)", (batch.checkpoint,)
            )

    def erase(self, indexes: Sequence[int]) -> None:
        """Delete salt and entry of these leaves for good; durable when it returns."""
        with self._translated(), self._writer.write() as write:
            write.executemany(
                "DELETE FROM opening WHERE position = ?", [(index,) for index in indexes]
            )
        # The old pages still stand in the journal; secure_delete covers only the file.
        with self._translated(), self._writer.read() as read:
            busy, *_ = read.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise UnavailableError(
                f"{self._path}: erased, but a reader still holds old pages; erase again"
            )

    def _read(self, query: str, *values: int) -> list[tuple[Any, ...]]:
        with self._translated(), self._reader.read() as read:
            return read.execute(query, values).fetchall()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Say in our own words what SQLite reports."""
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise CorruptError(f"{self._path}: {error}; verify the log") from error
        except (sqlite3.OperationalError, OSError) as error:
            raise UnavailableError(
                f"{self._path}: {error}; free disk space or repair the disk, then try again"
            ) from error
        except sqlite3.DatabaseError as error:
            raise CorruptError(f"{self._path}: {error}; restore the log from a copy") from error
