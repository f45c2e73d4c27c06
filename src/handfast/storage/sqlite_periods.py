"""Key periods of a node in SQLite: every root wrapped under a key file that may be rotated."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

from handfast.kit.errors import CorruptError, NotFoundError, UnavailableError
from handfast.kit.ids import Ids
from handfast.model.media import Rendition, Stream
from handfast.seal.keystore import unwrap_root, wrap_root
from handfast.storage.files import KEY_BYTES, read_key, sync_directory, write_durably
from handfast.storage.sqlite import Database

_VERSION = 1
_Row: TypeAlias = tuple[bytes, bytes, int, int, int, int, bytes]
_INSERT = "INSERT INTO period VALUES (?, ?, ?, ?, ?, ?, ?)"
_ALL = """
    SELECT id, camera, stream, rendition, started_us, monotonic_us, wrapped_root FROM period
"""
_ONE = """
    SELECT id, camera, stream, rendition, started_us, monotonic_us, wrapped_root FROM period
    WHERE id = ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of at most 24 h of one camera, stream and rendition, with its root.

    Attributes:
        id: 16 random bytes.
        root: 32 random bytes; opens every leaf of the period.
        started_us: Wall clock when leaf 0 began, us since 1970 UTC.
        monotonic: The machine's monotonic clock at that instant, seconds.
    """

    id: bytes
    root: bytes = field(repr=False)
    camera: UUID
    stream: Stream
    rendition: Rendition
    started_us: int
    monotonic: float


class SqlitePeriods:
    """The store of period roots. Safe from any thread and from several processes.

    The key file is read anew for each call, so that a rotation in one process holds for all.
    """

    def __init__(self, path: Path, *, key_file: Path, ids: Ids) -> None:
        """Open or make the store.

        Args:
            path: The database.
            key_file: 0600, 32 bytes, must exist (`files.read_or_create_key`). A rotation
                replaces it; `<key_file>.next` exists while one is under way.
            ids: Source of period ids, roots and wrapping keys.
        """
        self._key_file = key_file
        self._next_file = key_file.with_name(key_file.name + ".next")
        self._ids = ids
        read_key(key_file)
        self._database = Database(path, schema="periods.sql", version=_VERSION)
        with self._database.write() as connection:
            self._finish_rotation(connection)

    def new_period(
        self,
        camera: UUID,
        stream: Stream,
        rendition: Rendition,
        *,
        started_us: int,
        monotonic: float,
    ) -> Period:
        """Make a period with a fresh root; durable on return, so it may seal at once.

        Raises:
            UnavailableError: The disk is full or busy; nothing was made.
        """
        period = Period(
            id=self._ids.secret(16),
            root=self._ids.secret(KEY_BYTES),
            camera=camera,
            stream=stream,
            rendition=rendition,
            started_us=started_us,
            monotonic=monotonic,
        )
        try:
            with self._database.write() as connection:
                self._finish_rotation(connection)
                connection.execute(_INSERT, _to_row(period, read_key(self._key_file)))
        except sqlite3.OperationalError as error:
            message = f"the period store cannot write: {error}; make room on its disk"
            raise UnavailableError(message) from error
        return period

    def find(self, period: bytes) -> Period:
        """Return a period with its root.

        Raises:
            NotFoundError: It never was, or it was forgotten; what it sealed stays sealed.
            CorruptError: The store and the key file do not belong together.
        """
        row = self._row(period)
        # While another process rotates, a row may be under either key.
        for key in self._keys():
            with suppress(CorruptError):
                return _from_row(row, key)
        with self._database.write():  # waits until that rotation is through
            return _from_row(self._row(period), read_key(self._key_file))

    def root(self, period: bytes) -> bytes:
        """Return the 32-byte root of a period; errors as in `find`."""
        return self.find(period).root

    def forget(self, periods: Iterable[bytes]) -> None:
        """Delete roots for ever and rotate the wrapping key; durable on return.

        The rows are overwritten, the journal is emptied, and a copy of an old disk block is
        of no use without the old wrapping key. Unknown ids are ignored.
        """
        new_key = self._ids.secret(KEY_BYTES)
        with self._database.write() as connection:
            connection.executemany("DELETE FROM period WHERE id = ?", ((p,) for p in periods))
            write_durably(self._next_file, new_key)
            self._rewrap(connection, read_key(self._key_file), new_key)
        with self._database.write() as connection:
            self._finish_rotation(connection)
        self._database.checkpoint()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _row(self, period: bytes) -> _Row:
        with self._database.read() as connection:
            row: _Row | None = connection.execute(_ONE, (period,)).fetchone()
        if row is None:
            raise NotFoundError(
                f"period {period.hex()} is not here; its recordings stay sealed"
            )
        return row

    def _keys(self) -> Iterator[bytes]:
        yield read_key(self._key_file)
        with suppress(FileNotFoundError):
            yield read_key(self._next_file)

    def _rewrap(self, connection: sqlite3.Connection, old: bytes, new: bytes) -> None:
        rows = connection.execute(_ALL).fetchall()
        periods = (_from_row(row, old) for row in rows)
        connection.executemany(
            "UPDATE period SET wrapped_root = ? WHERE id = ?",
            ((_to_row(period, new)[-1], period.id) for period in periods),
        )

    def _finish_rotation(self, connection: sqlite3.Connection) -> None:
        """Settle a rotation that reached its commit or did not; the rows say which."""
        if not self._next_file.exists():
            return
        new_key = read_key(self._next_file)
        row = connection.execute(_ALL).fetchone()
        if row is None or _is_under(row, new_key):
            self._next_file.replace(self._key_file)
        else:
            self._next_file.unlink()
        sync_directory(self._key_file.parent)


def _is_under(row: _Row, key: bytes) -> bool:
    try:
        _from_row(row, key)
    except CorruptError:
        return False
    return True


def _to_row(period: Period, wrapping_key: bytes) -> _Row:
    wrapped = wrap_root(
        wrapping_key,
        camera=period.camera,
        stream=period.stream,
        rendition=period.rendition,
        period=period.id,
        started_us=period.started_us,
        root=period.root,
    )
    return (
        period.id,
        period.camera.bytes,
        period.stream.code,
        period.rendition.code,
        period.started_us,
        round(period.monotonic * 1e6),
        wrapped,
    )


def _from_row(row: _Row, wrapping_key: bytes) -> Period:
    id_, camera, stream, rendition, started_us, monotonic_us, wrapped = row
    whose = UUID(bytes=camera)
    which, how = Stream.from_code(stream), Rendition.from_code(rendition)
    root = unwrap_root(
        wrapping_key,
        camera=whose,
        stream=which,
        rendition=how,
        period=id_,
        started_us=started_us,
        wrapped=wrapped,
    )
    return Period(
        id=id_,
        root=root,
        camera=whose,
        stream=which,
        rendition=how,
        started_us=started_us,
        monotonic=monotonic_us / 1e6,
    )
