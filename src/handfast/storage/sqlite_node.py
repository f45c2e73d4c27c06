"""What a node remembers in SQLite: signals, serials, requests, approvals, accesses, closings.

One file, one `Database`, one class per need. Every write is durable when it returns; all of
it is safe from any thread and blocks for one fsync at most. Schema: schema/node*.sql.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from handfast.model.access import Grant
from handfast.model.signal import EpisodeId, Signal, SignalState
from handfast.storage.sqlite import Database

_VERSION = 2
_REQUEST = "SELECT hash, ask, asked_us, answer_by_us, settled, decision FROM request "
_ACCESS = """
    SELECT grant_json, why_json, state, log_index, ended_us, reason, end_log_index, viewed_us,
        runs_released
    FROM access
"""
AccessState: TypeAlias = Literal["opening", "open", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """A signal with who raised it.

    Attributes:
        raised_by: `panel:<id>` or `device:<fingerprint>`; only they may clear it.
        reopened_us: When an owner's device last raised it by hand; 0 for never.
    """

    signal: Signal
    raised_by: str
    reopened_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """A request that asked for approval, and the newest decision on it.

    Attributes:
        ask: The ask as received, JSON.
        answer_by_us: Exclusive.
        decision: Signed envelope, JSON.
    """

    hash: str
    ask: bytes
    asked_us: int
    answer_by_us: int
    settled: bool
    decision: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """A verified answer of an owner's device to exactly one request."""

    request: str
    device: str
    approved: bool
    until_us: int
    at_us: int
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why somebody looked, in words for the owner.

    Attributes:
        incident_title: As the agency's dispatch stated it; empty without a statement.
        comment: What the officer wrote; decides nothing.
    """

    purpose: str
    agency: str
    agency_name: str
    camera_name: str
    incident_title: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One grant from opening to expiry, as the owner sees it; columns as in the schema."""

    grant: Grant
    why: Why
    state: AccessState
    log_index: int | None = None
    ended_us: int | None = None
    reason: str | None = None
    end_log_index: int | None = None
    viewed_us: int = 0
    runs_released: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingRow:
    """An owner's closing; `None` means everybody, or every camera."""

    at_us: int
    person: str | None
    camera: str | None
    envelope: bytes


def open_node_database(path: Path) -> Database:
    """Open or make the node's database; errors as in `Database`."""
    return Database(path, schema="node.sql", version=_VERSION, steps=("node-2.sql",))


class SqliteSignals:
    """The newest state of each signal."""

    def __init__(self, database: Database) -> None:
        """Take the node's database."""
        self._database = database

    def put(self, row: SignalRow) -> None:
        """Store the state of one kind, replacing the one before. Durable on return."""
        s = row.signal
        values = (
            s.kind,
            s.episode,
            s.state.value,
            int(s.test),
            s.first_raised_us,
            s.raised_us,
            s.cleared_us,
            s.lease_until_us,
            s.sequence,
            row.raised_by,
            row.reopened_us,
        )
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO signal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values
            )

    def all(self) -> tuple[SignalRow, ...]:
        """Return every kind that ever rose."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT kind, episode, state, test, first_raised_us, raised_us, cleared_us,"
                " lease_until_us, sequence, raised_by, reopened_us FROM signal ORDER BY kind"
            ).fetchall()
        return tuple(
            SignalRow(
                signal=Signal(
                    kind=row[0],
                    episode=EpisodeId(row[1]),
                    state=SignalState(row[2]),
                    test=bool(row[3]),
                    first_raised_us=row[4],
                    raised_us=row[5],
                    cleared_us=row[6],
                    lease_until_us=row[7],
                    sequence=row[8],
                ),
                raised_by=row[9],
                reopened_us=row[10],
            )
            for row in rows
        )


class SqliteSerials:
    """Numbers that only grow."""

    def __init__(self, database: Database) -> None:
        """Take the node's database."""
        self._database = database

    def highest(self, name: str) -> int | None:
        """Return the highest value seen under a name, or `None`."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT value FROM serial WHERE name = ?", (name,)
            ).fetchone()
        return None if row is None else int(row[0])

    def advance(self, name: str, value: int) -> bool:
        """Take `value` if it is above the highest; `False` (and no change) if not. Durable."""
        with self._database.write() as connection:
            changed = connection.execute(
                "INSERT INTO serial VALUES (?, ?) ON CONFLICT (name) DO UPDATE"
                " SET value = excluded.value WHERE excluded.value > serial.value",
                (name, value),
            )
            return changed.rowcount > 0

    def seen_us(self) -> int:
        """Return the latest decision time that was stored; 0 for none."""
        with self._database.read() as connection:
            row = connection.execute("SELECT value FROM instant WHERE name = 'seen'").fetchone()
        return 0 if row is None else int(row[0])

    def set_seen_us(self, value: int) -> None:
        """Store the decision time, which may be lower after the clock was set back."""
        with self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO instant VALUES ('seen', ?)", (value,))


class SqliteRequests:
    """Requests that asked the owner, their approvals, and closings."""

    def __init__(self, database: Database) -> None:
        """Take the node's database."""
        self._database = database

    def put(self, row: RequestRow) -> None:
        """Store a request, replacing its earlier state. Durable on return."""
        values = (
            row.hash,
            row.ask,
            row.asked_us,
            row.answer_by_us,
            int(row.settled),
            row.decision,
        )
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO request VALUES (?, ?, ?, ?, ?, ?)", values
            )

    def get(self, request: str) -> RequestRow | None:
        """Return a request by its hash."""
        return next(iter(self._select("WHERE hash = ?", (request,))), None)

    def waiting(self) -> tuple[RequestRow, ...]:
        """Return the requests that wait for approvals, the most urgent first."""
        return self._select("WHERE settled = 0 ORDER BY answer_by_us", ())

    def approve(self, row: ApprovalRow) -> None:
        """Store a device's answer, replacing its earlier one. Durable on return."""
        values = (
            row.request,
            row.device,
            int(row.approved),
            row.until_us,
            row.at_us,
            row.envelope,
        )
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO approval VALUES (?, ?, ?, ?, ?, ?)", values
            )

    def approvals(self, request: str) -> tuple[ApprovalRow, ...]:
        """Return the answers to a request, one per device."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT request, device, approved, until_us, at_us, envelope FROM approval"
                " WHERE request = ? ORDER BY device",
                (request,),
            ).fetchall()
        return tuple(
            ApprovalRow(
                request=row[0],
                device=row[1],
                approved=bool(row[2]),
                until_us=row[3],
                at_us=row[4],
                envelope=row[5],
            )
            for row in rows
        )

    def close(self, row: ClosingRow) -> None:
        """Store an owner's closing. Durable on return."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO closing (at_us, person, camera, envelope) VALUES (?, ?, ?, ?)",
                (row.at_us, row.person, row.camera, row.envelope),
            )

    def closings(self, *, since_us: int) -> tuple[ClosingRow, ...]:
        """Return the closings at or after an instant, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT at_us, person, camera, envelope FROM closing WHERE at_us >= ?"
                " ORDER BY number",
                (since_us,),
            ).fetchall()
        return tuple(
            ClosingRow(at_us=row[0], person=row[1], camera=row[2], envelope=row[3])
            for row in rows
        )

    def _select(self, where: str, values: tuple[str, ...]) -> tuple[RequestRow, ...]:
        with self._database.read() as connection:
            rows = connection.execute(_REQUEST + where, values).fetchall()
        return tuple(
            RequestRow(
                hash=row[0],
                ask=row[1],
                asked_us=row[2],
                answer_by_us=row[3],
                settled=bool(row[4]),
                decision=row[5],
            )
            for row in rows
        )


class SqliteAccesses:
    """Every grant there ever was: the list of who looked."""

    def __init__(self, database: Database) -> None:
        """Take the node's database."""
        self._database = database

    def put(self, access: Access) -> None:
        """Store an access, replacing its earlier state. Durable on return."""
        values = (
            access.grant.id,
            msgspec.json.encode(access.grant),
            msgspec.json.encode(access.why),
            access.grant.since_us,
            access.state,
            access.log_index,
            access.ended_us,
            access.reason,
            access.end_log_index,
            access.viewed_us,
            access.runs_released,
        )
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO access VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values
            )

    def get(self, grant: str) -> Access | None:
        """Return one access."""
        return next(iter(self._select("WHERE grant_id = ?", (grant,))), None)

    def unfinished(self) -> tuple[Access, ...]:
        """Return what is opening or open, oldest first."""
        return self._select("WHERE state <> 'ended' ORDER BY since_us", ())

    def unlogged(self) -> tuple[Access, ...]:
        """Return what has ended without an expiry entry in the log yet."""
        return self._select("WHERE state = 'ended' AND end_log_index IS NULL", ())

    def before(self, before_us: int, limit: int) -> tuple[Access, ...]:
        """Return at most `limit` accesses opened before an instant, newest first."""
        return self._select(
            "WHERE since_us < ? AND state <> 'opening' ORDER BY since_us DESC LIMIT ?",
            (before_us, limit),
        )

    def _select(self, where: str, values: tuple[str | int, ...]) -> tuple[Access, ...]:
        with self._database.read() as connection:
            rows = connection.execute(_ACCESS + where, values).fetchall()
        return tuple(
            Access(
                grant=msgspec.json.decode(row[0], type=Grant),
                why=msgspec.json.decode(row[1], type=Why),
                state=row[2],
                log_index=row[3],
                ended_us=row[4],
                reason=row[5],
                end_log_index=row[6],
                viewed_us=row[7],
                runs_released=row[8],
            )
            for row in rows
        )


def ended(access: Access, *, reason: str, ended_us: int) -> Access:
    """Return an access as it stands after its end, not yet in the log."""
    return replace(access, state="ended", reason=reason, ended_us=ended_us)
