"""Who looked: every access with its place in the owner's log, provable by anybody's tool."""

from collections.abc import Callable

import msgspec
from anyio import to_thread

from handfast.audit.ports import LogReader
from handfast.audit.proof import Proof, prove
from handfast.kit.errors import NotFoundError
from handfast.node.ports import Accesses
from handfast.storage.sqlite_node import Access

MOST = 200


class AccessLine(msgspec.Struct, frozen=True, kw_only=True):
    """One access as the owner's page shows it.

    Attributes:
        until_us: When it ends at the latest, while `ended_us` is `None`.
        opened: Proof of the decision's entry; `None` when it never came to an opening.
        closed: Proof of the expiry entry; `None` while open.
    """

    grant: str
    name: str
    role: str
    agency_name: str
    camera: str
    camera_name: str
    view: str
    rendition: str
    purpose: str
    incident: str
    incident_title: str
    comment: str
    clause: str
    since_us: int
    until_us: int
    from_us: int
    range_until_us: int | None
    ended_us: int | None
    reason: str | None
    viewed_us: int
    runs_released: int
    opened: Proof | None
    closed: Proof | None


class WhoLooked:
    """Reads the list of accesses. Safe for concurrent callers on one event loop."""

    def __init__(self, *, accesses: Accesses, log: LogReader) -> None:
        """Take the list and the owner's log."""
        self._accesses = accesses
        self._log = log

    async def list_accesses(self, *, before_us: int, limit: int) -> list[AccessLine]:
        """Return accesses opened before an instant, newest first, at most 200."""
        most = max(1, min(limit, MOST))
        return await to_thread.run_sync(lambda: self._read(before_us, most))

    def _read(self, before_us: int, limit: int) -> list[AccessLine]:
        return [
            _line(access, self._prove) for access in self._accesses.before(before_us, limit)
        ]

    def _prove(self, index: int | None) -> Proof | None:
        if index is None:
            return None
        try:
            return prove(self._log, index)
        except NotFoundError:
            return None  # its salt was erased: the tree still proves the leaf


def _line(access: Access, proof: Callable[[int | None], Proof | None]) -> AccessLine:
    grant, why = access.grant, access.why
    return AccessLine(
        grant=grant.id,
        name=grant.viewer.name,
        role=grant.viewer.role,
        agency_name=why.agency_name,
        camera=grant.camera,
        camera_name=why.camera_name,
        view=grant.view.value,
        rendition=grant.rendition.value,
        purpose=why.purpose,
        incident=grant.incident,
        incident_title=why.incident_title,
        comment=why.comment,
        clause=grant.clause,
        since_us=grant.since_us,
        until_us=grant.until_us,
        from_us=grant.from_us,
        range_until_us=grant.range_until_us,
        ended_us=access.ended_us,
        reason=access.reason,
        viewed_us=access.viewed_us,
        runs_released=access.runs_released,
        opened=proof(access.log_index),
        closed=proof(access.end_log_index),
    )
