"""What a node remembers of areas that its owner has drawn, in the node's database."""

from dataclasses import dataclass

from handfast.storage.sqlite import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawingRow:
    """The newest drawing of one camera.

    Attributes:
        camera: Its id.
        revision: Number of the drawing, from 1.
        envelope: As the owner's device signed it, JSON.
    """

    camera: str
    revision: int
    at_us: int
    envelope: bytes


class SqliteDrawings:
    """`handfast.node.ports.Drawings`. Safe from any thread; blocks for one fsync at most."""

    def __init__(self, database: Database) -> None:
        """Take the node's database."""
        self._database = database

    def put(self, row: DrawingRow) -> None:
        """Store a drawing, replacing the camera's earlier one. Durable on return."""
        values = (row.camera, row.revision, row.at_us, row.envelope)
        with self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO drawing VALUES (?, ?, ?, ?)", values)

    def all(self) -> tuple[DrawingRow, ...]:
        """Return the newest drawing of each camera that has one, by camera."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT camera, revision, at_us, envelope FROM drawing ORDER BY camera"
            ).fetchall()
        return tuple(
            DrawingRow(camera=row[0], revision=row[1], at_us=row[2], envelope=row[3])
            for row in rows
        )
