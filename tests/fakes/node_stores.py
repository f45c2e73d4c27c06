"""A node's memory without a disk."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from handfast.node.ports import OutboxBody
from handfast.protocol.wire import OutboxKind
from handfast.seal.identity import Envelope
from handfast.storage.sqlite_drawings import DrawingRow
from handfast.storage.sqlite_node import (
    Access,
    ApprovalRow,
    ClosingRow,
    RequestRow,
    SignalRow,
)


class MemorySignals:
    """`handfast.node.ports.Signals` in a dictionary."""

    def __init__(self) -> None:
        """Begin empty."""
        self._rows: dict[str, SignalRow] = {}

    def put(self, row: SignalRow) -> None:
        """Store the state of one kind."""
        self._rows[row.signal.kind] = row

    def all(self) -> tuple[SignalRow, ...]:
        """Return every kind, in order of their names."""
        return tuple(self._rows[kind] for kind in sorted(self._rows))


class MemorySerials:
    """`handfast.node.ports.Serials` in a dictionary."""

    def __init__(self) -> None:
        """Begin empty."""
        self._values: dict[str, int] = {}
        self._seen_us = 0

    def highest(self, name: str) -> int | None:
        """Return the highest value seen."""
        return self._values.get(name)

    def advance(self, name: str, value: int) -> bool:
        """Take a higher value."""
        before = self._values.get(name)
        if before is not None and value <= before:
            return False
        self._values[name] = value
        return True

    def seen_us(self) -> int:
        """Return the latest decision time."""
        return self._seen_us

    def set_seen_us(self, value: int) -> None:
        """Store the decision time."""
        self._seen_us = value


class MemoryRequests:
    """`handfast.node.ports.Requests` in dictionaries."""

    def __init__(self) -> None:
        """Begin empty."""
        self._rows: dict[str, RequestRow] = {}
        self._approvals: dict[tuple[str, str], ApprovalRow] = {}
        self._closings: list[ClosingRow] = []

    def put(self, row: RequestRow) -> None:
        """Store a request."""
        self._rows[row.hash] = row

    def get(self, request: str) -> RequestRow | None:
        """Return a request."""
        return self._rows.get(request)

    def waiting(self) -> tuple[RequestRow, ...]:
        """Return what waits, the most urgent first."""
        waiting = (row for row in self._rows.values() if not row.settled)
        return tuple(sorted(waiting, key=lambda row: row.answer_by_us))

    def approve(self, row: ApprovalRow) -> None:
        """Store an answer."""
        self._approvals[row.request, row.device] = row

    def approvals(self, request: str) -> tuple[ApprovalRow, ...]:
        """Return the answers to a request, by device."""
        keys = sorted(key for key in self._approvals if key[0] == request)
        return tuple(self._approvals[key] for key in keys)

    def close(self, row: ClosingRow) -> None:
        """Store a closing."""
        self._closings.append(row)

    def closings(self, *, since_us: int) -> tuple[ClosingRow, ...]:
        """Return closings from an instant on."""
        return tuple(row for row in self._closings if row.at_us >= since_us)


class MemoryAccesses:
    """`handfast.node.ports.Accesses` in a dictionary."""

    def __init__(self) -> None:
        """Begin empty."""
        self._rows: dict[str, Access] = {}

    def put(self, access: Access) -> None:
        """Store an access."""
        self._rows[access.grant.id] = access

    def get(self, grant: str) -> Access | None:
        """Return one access."""
        return self._rows.get(grant)

    def unfinished(self) -> tuple[Access, ...]:
        """Return what has not ended, oldest first."""
        return self._sorted(row for row in self._rows.values() if row.state != "ended")

    def unlogged(self) -> tuple[Access, ...]:
        """Return ends without an entry."""
        ended = (row for row in self._rows.values() if row.state == "ended")
        return tuple(row for row in ended if row.end_log_index is None)

    def before(self, before_us: int, limit: int) -> tuple[Access, ...]:
        """Return accesses before an instant, newest first."""
        rows = (row for row in self._rows.values() if row.grant.since_us < before_us)
        return self._sorted(row for row in rows if row.state != "opening")[::-1][:limit]

    def _sorted(self, rows: Iterable[Access]) -> tuple[Access, ...]:
        return tuple(sorted(rows, key=lambda row: row.grant.since_us))


class MemoryDrawings:
    """`handfast.node.ports.Drawings` in a dictionary."""

    def __init__(self) -> None:
        """Begin empty."""
        self._rows: dict[str, DrawingRow] = {}

    def put(self, row: DrawingRow) -> None:
        """Store a drawing."""
        self._rows[row.camera] = row

    def all(self) -> tuple[DrawingRow, ...]:
        """Return every camera's drawing, by camera."""
        return tuple(self._rows[camera] for camera in sorted(self._rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One item on its way to the hub."""

    kind: OutboxKind
    body: OutboxBody


class MemoryOutbox:
    """`handfast.node.ports.ToHub` that keeps what was put."""

    def __init__(self) -> None:
        """Begin empty."""
        self.sent: list[Sent] = []

    def put(self, kind: OutboxKind, body: OutboxBody) -> None:
        """Keep an item."""
        self.sent.append(Sent(kind=kind, body=body))

    def envelopes(self, kind: OutboxKind) -> list[Envelope]:
        """Return the envelopes of a kind, in order."""
        bodies = [each.body for each in self.sent if each.kind == kind]
        return [msgspec.convert(msgspec.to_builtins(body), Envelope) for body in bodies]
