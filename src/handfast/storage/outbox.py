"""Messages that must arrive: durable before they are sent, deleted once they are there."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from handfast.kit.errors import ConflictError
from handfast.storage.sqlite import Database

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message on its way.

    Attributes:
        sequence: Order of delivery, from 1, with gaps, never used again.
        id: The same at every attempt; the receiver commits an id once.
        kind: Which message of the protocol.
        body: Its bytes as they travel.
    """

    sequence: int
    id: str
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message that is not in the outbox yet; fields as in `Letter`."""

    id: str
    kind: str
    body: bytes


class Outbox:
    """A queue in SQLite. Safe from any thread and from several processes."""

    def __init__(self, path: Path) -> None:
        """Open or make the outbox at `path`.

        Raises:
            InvalidError: It was written by another version.
            CorruptError: It is damaged.
        """
        self._database = Database(path, schema="outbox.sql", version=_VERSION)

    def put(self, drafts: Iterable[Draft]) -> tuple[int, ...]:
        """Queue messages in order, all or none; durable on return.

        Returns:
            Their sequence numbers.

        Raises:
            ConflictError: One of the ids is waiting already.
        """
        try:
            with self._database.write() as connection:
                return tuple(_insert(connection, draft) for draft in drafts)
        except sqlite3.IntegrityError as error:
            message = f"outbox: {error}; give each message an id of its own"
            raise ConflictError(message) from error

    def waiting(self, *, after: int = 0, limit: int = 100) -> tuple[Letter, ...]:
        """Return the oldest messages with a sequence above `after`, in order of delivery."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT sequence, id, kind, body FROM message WHERE sequence > ?"
                " ORDER BY sequence LIMIT ?",
                (after, limit),
            ).fetchall()
        return tuple(
            Letter(sequence=sequence, id=id_, kind=kind, body=body)
            for sequence, id_, kind, body in rows
        )

    def delivered(self, sequence: int) -> None:
        """Delete everything up to and including `sequence`: the receiver has committed it."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM message WHERE sequence <= ?", (sequence,))

    def __len__(self) -> int:
        """Return how many messages wait."""
        with self._database.read() as connection:
            return int(connection.execute("SELECT count(*) FROM message").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _insert(connection: sqlite3.Connection, draft: Draft) -> int:
    row = connection.execute(
        "INSERT INTO message (id, kind, body) VALUES (?, ?, ?) RETURNING sequence",
        (draft.id, draft.kind, draft.body),
    ).fetchone()
    return int(row[0])
