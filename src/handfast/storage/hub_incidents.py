"""Incidents in the hub's database."""

from dataclasses import asdict

from sqlalchemy import Connection, insert, or_, select, update

from handfast.storage.hub_rows import IncidentRow
from handfast.storage.hub_schema import INCIDENT_SIGNALS, INCIDENTS


class Incidents:
    """What is being worked on; good inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Work in the connection's transaction."""
        self._connection = connection

    def keep(self, row: IncidentRow) -> None:
        """Store an incident, new or changed."""
        changed = self._connection.execute(
            update(INCIDENTS).where(INCIDENTS.c.id == row.id).values(asdict(row))
        )
        if not changed.rowcount:
            self._connection.execute(insert(INCIDENTS).values(asdict(row)))

    def incident(self, id_: str) -> IncidentRow | None:
        """Return one incident."""
        row = self._connection.execute(
            select(INCIDENTS).where(INCIDENTS.c.id == id_)
        ).one_or_none()
        return None if row is None else IncidentRow(**row._asdict())

    def incidents(self, *, closed_since_us: int | None = None) -> list[IncidentRow]:
        """Return open incidents, and those closed at or after an instant; newest first."""
        open_ = INCIDENTS.c.closed_us.is_(None)
        still = (
            open_
            if closed_since_us is None
            else or_(open_, INCIDENTS.c.closed_us >= closed_since_us)
        )
        rows = self._connection.execute(
            select(INCIDENTS).where(still).order_by(INCIDENTS.c.opened_us.desc())
        )
        return [IncidentRow(**row._asdict()) for row in rows]

    def join(self, incident: str, *, node: str, episode: str, signal: str) -> bool:
        """Add an alarm to an incident; `False` when it was part of it already."""
        if (node, episode) in self.episodes(incident):
            return False
        self._connection.execute(
            insert(INCIDENT_SIGNALS).values(
                incident=incident, node=node, episode=episode, signal=signal
            )
        )
        return True

    def episodes(self, incident: str) -> dict[tuple[str, str], str]:
        """Return node and episode of the alarms of an incident, with the signals' names."""
        rows = self._connection.execute(
            select(INCIDENT_SIGNALS).where(INCIDENT_SIGNALS.c.incident == incident)
        )
        return {(row.node, row.episode): row.signal for row in rows}

    def of_episode(self, node: str, episode: str) -> list[IncidentRow]:
        """Return the incidents that an alarm is part of, open or not, newest first."""
        rows = self._connection.execute(
            select(INCIDENTS)
            .join(INCIDENT_SIGNALS, INCIDENT_SIGNALS.c.incident == INCIDENTS.c.id)
            .where(INCIDENT_SIGNALS.c.node == node, INCIDENT_SIGNALS.c.episode == episode)
            .order_by(INCIDENTS.c.opened_us.desc())
        )
        return [IncidentRow(**row._asdict()) for row in rows]
