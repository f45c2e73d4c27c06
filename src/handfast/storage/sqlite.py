"""How every SQLite file here is opened: WAL, full sync, waiting writers, a known schema."""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path

from handfast.kit.errors import CorruptError, InvalidError
from handfast.storage.files import OWNER_ONLY

BUSY_MS = 10_000  # another process commits; longer than any commit on a slow disk


class Database:
    """One connection with a lock: safe from any thread, one statement or transaction at a time.

    Several processes may open the same file. What a transaction wrote is durable when its
    block is left without an exception.
    """

    def __init__(
        self, path: Path, *, schema: str, version: int, steps: Sequence[str] = ()
    ) -> None:
        """Open `path`, making it (0600) with `schema` (a file of `storage/schema`) when new.

        Args:
            path: The file.
            schema: Its first tables.
            version: Of the tables as this program knows them.
            steps: Files beside `schema` that lead to the latest versions, one each: a file
                that was written before them is brought forward, in one transaction.

        Raises:
            InvalidError: The file is of another version of the schema.
            CorruptError: The file is no database, or is damaged.
        """
        self._lock = threading.RLock()
        create_database(path)
        self._connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000
        )
        try:
            self._prepare(path, (schema, *steps), version)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            message = f"{path}: {error}; move it away and restore it or let it be rebuilt"
            raise CorruptError(message) from error
        except InvalidError:
            self._connection.close()
            raise

    def _prepare(self, path: Path, files: Sequence[str], version: int) -> None:
        execute = self._connection.execute
        execute(f"PRAGMA busy_timeout={BUSY_MS}")
        execute("PRAGMA journal_mode=WAL")
        execute("PRAGMA synchronous=FULL")
        execute("PRAGMA foreign_keys=ON")
        execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten, keys above all
        with self.write() as connection:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            first = version - len(files) + 1
            if found == 0 or first <= found < version:
                for file in files[found - first + 1 if found else 0 :]:
                    for statement in _statements(file):
                        connection.execute(statement)
                connection.execute(f"PRAGMA user_version={version}")
            elif found != version:
                raise InvalidError(
                    f"{path}: schema {found}, this program knows {version}; "
                    "run the version of handfast that wrote it"
                )

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Hold the file's write lock: committed at the end, rolled back on an exception."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.commit()
            except BaseException:
                self._connection.rollback()  # also a commit that found the disk full
                raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Hold this connection for reading; two statements may see different states."""
        with self._lock:
            yield self._connection

    def checkpoint(self) -> None:
        """Move the journal into the file and truncate it, so that it keeps no deleted bytes."""
        with self._lock:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the connection; nothing is lost when this is never called."""
        with self._lock:
            self._connection.close()


def create_database(path: Path) -> None:
    """Make the file when there is none; never open one that is there.

    Closing any descriptor of a file drops this process's locks on it (POSIX). SQLite's lock
    on the database would be gone, and the next process that closes it would take itself for
    the last one and remove the journal under us: commits would go into a deleted file.
    """
    with suppress(FileExistsError):
        made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY)
        os.close(made)


def _statements(schema: str) -> Iterator[str]:
    text = resources.files("handfast.storage").joinpath("schema", schema).read_text("utf-8")
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
