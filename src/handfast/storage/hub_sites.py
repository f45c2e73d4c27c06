"""Sites, their cameras and signals in the hub's database."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from handfast.storage.hub_rows import CameraRow, SignalRow, SiteRow
from handfast.storage.hub_schema import CAMERAS, OUTBOX_ITEMS, OUTBOXES, SIGNALS, SITES


class Sites:
    """What nodes made known; good inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Work in the connection's transaction."""
        self._connection = connection

    def register(self, row: SiteRow, cameras: Sequence[CameraRow]) -> None:
        """Store a registration and its cameras in place of the node's earlier ones."""
        self._connection.execute(delete(SITES).where(SITES.c.node == row.node))
        self._connection.execute(delete(CAMERAS).where(CAMERAS.c.node == row.node))
        self._connection.execute(insert(SITES).values(asdict(row)))
        if cameras:
            self._connection.execute(insert(CAMERAS), [asdict(each) for each in cameras])

    def site(self, node: str) -> SiteRow | None:
        """Return a node's registration."""
        row = self._connection.execute(select(SITES).where(SITES.c.node == node)).one_or_none()
        return None if row is None else SiteRow(**row._asdict())

    def sites(self) -> list[SiteRow]:
        """Return all registrations."""
        rows = self._connection.execute(select(SITES).order_by(SITES.c.node))
        return [SiteRow(**row._asdict()) for row in rows]

    def cameras_of(self, node: str) -> list[CameraRow]:
        """Return the cameras of one node."""
        return self._cameras(select(CAMERAS).where(CAMERAS.c.node == node))

    def cameras_in(
        self, *, west: float, south: float, east: float, north: float
    ) -> list[CameraRow]:
        """Return the cameras in a box, degrees, borders included."""
        return self._cameras(
            select(CAMERAS).where(
                CAMERAS.c.lat.between(south, north), CAMERAS.c.lon.between(west, east)
            )
        )

    def signal(self, node: str, name: str) -> SignalRow | None:
        """Return the newest state of one signal."""
        row = self._connection.execute(
            select(SIGNALS).where(SIGNALS.c.node == node, SIGNALS.c.signal == name)
        ).one_or_none()
        return None if row is None else SignalRow(**row._asdict())

    def signals(self, node: str | None = None) -> list[SignalRow]:
        """Return the newest state of each signal, of one node or of all."""
        query = select(SIGNALS).order_by(SIGNALS.c.node, SIGNALS.c.signal)
        if node is not None:
            query = query.where(SIGNALS.c.node == node)
        return [SignalRow(**row._asdict()) for row in self._connection.execute(query)]

    def keep_signal(self, row: SignalRow) -> None:
        """Store a state in place of its predecessor; the caller has compared sequences."""
        changed = self._connection.execute(
            update(SIGNALS)
            .where(SIGNALS.c.node == row.node, SIGNALS.c.signal == row.signal)
            .values(asdict(row))
        )
        if not changed.rowcount:
            self._connection.execute(insert(SIGNALS).values(asdict(row)))

    def is_committed(self, node: str, item: str) -> bool:
        """Tell whether an outbox item was committed before."""
        query = select(OUTBOX_ITEMS.c.id).where(
            OUTBOX_ITEMS.c.node == node, OUTBOX_ITEMS.c.id == item
        )
        return self._connection.execute(query).first() is not None

    def last_sequence(self, node: str) -> int:
        """Return the highest sequence committed from a node's outbox; 0 for none."""
        query = select(OUTBOXES.c.sequence).where(OUTBOXES.c.node == node)
        return int(self._connection.execute(query).scalar() or 0)

    def note_item(self, node: str, item: str, *, sequence: int, now_us: int) -> None:
        """Remember that an outbox item is committed."""
        self._connection.execute(
            insert(OUTBOX_ITEMS).values(node=node, id=item, committed_us=now_us)
        )
        self._keep_outbox(node, {"sequence": sequence})

    def keep_checkpoint(self, node: str, text: str) -> None:
        """Store the newest checkpoint of an owner's log."""
        self._keep_outbox(node, {"checkpoint": text})

    def forget_items(self, *, before_us: int) -> None:
        """Forget item ids committed before an instant; sequences still refuse replays."""
        self._connection.execute(
            delete(OUTBOX_ITEMS).where(OUTBOX_ITEMS.c.committed_us < before_us)
        )

    def _keep_outbox(self, node: str, values: dict[str, object]) -> None:
        changed = self._connection.execute(
            update(OUTBOXES).where(OUTBOXES.c.node == node).values(values)
        )
        if not changed.rowcount:
            self._connection.execute(
                insert(OUTBOXES).values({"sequence": 0, **values, "node": node})
            )

    def _cameras(self, query: Select[Any]) -> list[CameraRow]:
        rows = self._connection.execute(query.order_by(CAMERAS.c.node, CAMERAS.c.camera))
        return [CameraRow(**row._asdict()) for row in rows]
