"""Requests and grants in the hub's database."""

from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select, update

from handfast.storage.hub_rows import GrantRow, RequestRow
from handfast.storage.hub_schema import GRANTS, REQUESTS


class Accesses:
    """Who asked for what, and what came of it; good inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Work in the connection's transaction."""
        self._connection = connection

    def ask(self, row: RequestRow) -> None:
        """Store a request that is on its way; asked twice it stays as it is."""
        if self.request(row.hash) is None:
            self._connection.execute(insert(REQUESTS).values(asdict(row)))

    def request(self, hash_: str) -> RequestRow | None:
        """Return a request."""
        row = self._connection.execute(
            select(REQUESTS).where(REQUESTS.c.hash == hash_)
        ).one_or_none()
        return None if row is None else RequestRow(**row._asdict())

    def requests_of(self, device: str, *, since_us: int) -> list[RequestRow]:
        """Return the decided requests of a device asked since an instant, oldest first."""
        rows = self._connection.execute(
            select(REQUESTS)
            .where(
                REQUESTS.c.device == device,
                REQUESTS.c.asked_us >= since_us,
                REQUESTS.c.decision.is_not(None),
            )
            .order_by(REQUESTS.c.asked_us)
        )
        return [RequestRow(**row._asdict()) for row in rows]

    def decide(self, hash_: str, *, decision: bytes, decided_us: int) -> None:
        """Store the newest decision of a request."""
        self._connection.execute(
            update(REQUESTS)
            .where(REQUESTS.c.hash == hash_)
            .values(decision=decision, decided_us=decided_us)
        )

    def open(self, row: GrantRow) -> None:
        """Store a grant; a second time changes nothing (its end stays)."""
        if self.grant(row.id) is None:
            self._connection.execute(insert(GRANTS).values(asdict(row)))

    def grant(self, id_: str) -> GrantRow | None:
        """Return a grant."""
        row = self._connection.execute(select(GRANTS).where(GRANTS.c.id == id_)).one_or_none()
        return None if row is None else GrantRow(**row._asdict())

    def end(self, id_: str, *, ended_us: int, reason: str) -> None:
        """Store that a grant has ended; the first end counts."""
        self._connection.execute(
            update(GRANTS)
            .where(GRANTS.c.id == id_, GRANTS.c.ended_us.is_(None))
            .values(ended_us=ended_us, reason=reason)
        )

    def forget(self, *, before_us: int) -> None:
        """Forget requests asked, and grants that ended, before an instant."""
        self._connection.execute(delete(REQUESTS).where(REQUESTS.c.asked_us < before_us))
        self._connection.execute(delete(GRANTS).where(GRANTS.c.until_us < before_us))
