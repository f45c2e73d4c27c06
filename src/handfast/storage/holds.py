"""Holds: stretches of time that retention must not remove while somebody froze them."""

from dataclasses import dataclass
from uuid import UUID

from handfast.storage.segment_index import SegmentIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One freeze.

    Attributes:
        id: Of the freeze.
        camera: Which camera; `None` is every camera of the node.
        from_us: Frozen are segments with pictures of `from_us <= t < until_us`.
        expires_us: Exclusive; from then on it holds nothing.
    """

    id: str
    camera: UUID | None
    from_us: int
    until_us: int
    expires_us: int


class Holds:
    """The holds of a node, in the database of its segments. Safe from any thread."""

    def __init__(self, index: SegmentIndex) -> None:
        """Take the index whose segments are held."""
        self._database = index.database

    def put(self, hold: Hold) -> None:
        """Store a hold, or change it; durable on return."""
        camera = hold.camera.bytes if hold.camera is not None else None
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO hold (id, camera, from_us, until_us, expires_us)"
                " VALUES (?, ?, ?, ?, ?)",
                (hold.id, camera, hold.from_us, hold.until_us, hold.expires_us),
            )

    def drop(self, hold: str) -> None:
        """End a hold before its time; durable on return. Unknown ones are ignored."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM hold WHERE id = ?", (hold,))

    def active(self, now_us: int) -> tuple[Hold, ...]:
        """Return what holds at `now_us`."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT id, camera, from_us, until_us, expires_us FROM hold"
                " WHERE expires_us > ? ORDER BY id",
                (now_us,),
            ).fetchall()
        return tuple(
            Hold(
                id=id_,
                camera=None if camera is None else UUID(bytes=camera),
                from_us=from_us,
                until_us=until_us,
                expires_us=expires_us,
            )
            for id_, camera, from_us, until_us, expires_us in rows
        )
