"""The hub's database on SQLite: WAL, full sync, one writer thread."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import Connection, create_engine, event, insert, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import StaticPool

from handfast.kit.errors import CorruptError, InvalidError, UnavailableError
from handfast.storage.hub_accesses import Accesses
from handfast.storage.hub_directory import Directory
from handfast.storage.hub_incidents import Incidents
from handfast.storage.hub_schema import SCHEMA, SCHEMA_VERSION, VERSION
from handfast.storage.hub_sites import Sites
from handfast.storage.sqlite import BUSY_MS, create_database

_Result = TypeVar("_Result")
_CONNECTION_RECORD: Final = "connect"


class HubTransaction:
    """All tables, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Work in the connection's transaction."""
        self.directory = Directory(connection)
        self.sites = Sites(connection)
        self.incidents = Incidents(connection)
        self.accesses = Accesses(connection)


class SqliteHubStore:
    """Runs transactions one after the other on a thread of its own.

    Awaitable from any task; `close` once at the end.
    """

    def __init__(self, path: Path) -> None:
        """Open the database, making it (0600) when new.

        Raises:
            InvalidError: It was written by another version.
            CorruptError: It is damaged or no database.
        """
        create_database(path)
        self._engine = create_engine(
            f"sqlite:///{path}",
            poolclass=StaticPool,
            connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000},
        )
        event.listen(self._engine, _CONNECTION_RECORD, _prepare)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hub-store")
        try:
            self._migrate(path)
        except DatabaseError as error:
            self.close()
            message = f"{path}: {error.orig}; move it away and restore it"
            raise CorruptError(message) from error
        except InvalidError:
            self.close()
            raise

    async def transact(self, work: Callable[[HubTransaction], _Result]) -> _Result:
        """Run `work` in one transaction; when this returns, what it wrote is durable.

        Args:
            work: Called on the store's thread; must not touch the event loop. Whatever it
                raises rolls everything back.

        Raises:
            UnavailableError: The disk refuses, e.g. because it is full.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._run, work)

    def close(self) -> None:
        """Finish what is running and close the file."""
        self._thread.shutdown()
        self._engine.dispose()

    def _run(self, work: Callable[[HubTransaction], _Result]) -> _Result:
        try:
            with self._engine.begin() as connection:
                return work(HubTransaction(connection))
        except OperationalError as error:
            message = f"the hub's database refuses: {error.orig}; free its disk and try again"
            raise UnavailableError(message) from error

    def _migrate(self, path: Path) -> None:
        with self._engine.begin() as connection:
            SCHEMA.create_all(connection)
            found = connection.execute(select(SCHEMA_VERSION.c.version)).scalar()
            if found is None:
                connection.execute(insert(SCHEMA_VERSION).values(version=VERSION))
            elif found != VERSION:
                raise InvalidError(
                    f"{path}: schema {found}, this program knows {VERSION}; "
                    "run the version of handfast that wrote it"
                )


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
