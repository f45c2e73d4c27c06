"""The policy enforcement point: the only caller of `decide`, the only writer to the log.

Audit before effect (P2) is held by types: whatever releases a key takes an `Opened`, and an
`Opened` is made in this module only, from a log entry that is durable.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from anyio import to_thread

from handfast.audit.append import Appended, Log
from handfast.audit.ports import LogStore
from handfast.kit.errors import CorruptError, HandfastError, UnavailableError
from handfast.kit.ids import Ids
from handfast.model.access import AccessRequest, Decision, Deny, Grant, Permit, Reason
from handfast.node import entries
from handfast.node.entries import Asker, ReleaseWindow
from handfast.node.metrics import NodeMetrics
from handfast.policy.compile import CompiledAgreement
from handfast.policy.decide import decide
from handfast.policy.facts import Facts
from handfast.protocol.statements import LogProof
from handfast.seal.identity import Envelope, SigningKey
from handfast.storage.sqlite_node import Access, Why

WINDOW_US = 10_000_000
_UNWRITABLE = "The owner's log cannot be written, so nothing opens; tell the owner."
_log = logging.getLogger(__name__)


class LogUnwritableError(UnavailableError):
    """The log took nothing; whatever needed the entry must not happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """An entry that is durable in the owner's log."""

    index: int
    proof: LogProof


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Leave to release keys of one grant; nobody but this module makes one.

    Attributes:
        grant: What may be released.
        clause: Under which sentence.
        window: Live: keys of runs that begin in it. Recorded: the whole grant.
        logged: The durable entry that explains the release.
    """

    grant: Grant
    clause: str
    window: ReleaseWindow
    logged: Logged


def open_log(store: LogStore, key: SigningKey, origin: str, *, ids: Ids) -> Log:
    """Continue or begin the owner's log; errors as in `audit.append.Log`."""
    return Log(store, key, origin, ids=ids)


class Pep:
    """Decides and logs. Safe for concurrent callers on one event loop."""

    def __init__(self, *, log: Log, metrics: NodeMetrics) -> None:
        """Take the open log."""
        self._log = log
        self._metrics = metrics

    @property
    def log_vkey(self) -> str:
        """The vkey of the owner's log."""
        return self._log.vkey

    def decide(
        self, request: AccessRequest, compiled: CompiledAgreement, facts: Facts
    ) -> Decision:
        """Decide; whatever goes wrong inside is a denial with a reason (P5)."""
        try:
            return decide(request, compiled, facts)
        except Exception as error:  # noqa: BLE001 - any failure is a denial (P5)
            self._metrics.evaluation_errors.inc()
            _log.exception("the decision on request %s failed", request.hash)
            return Deny(
                reason=Reason.EVALUATION_ERROR,
                explanation="The agreement could not be evaluated, so nothing opens; "
                f"send this to whoever maintains the node: {type(error).__name__}.",
            )

    async def write(self, *written: bytes) -> Sequence[Logged]:
        """Append entries; durable on return.

        Raises:
            LogUnwritableError: Nothing was appended.
        """
        try:
            appended = await to_thread.run_sync(self._log.append, written)
        except (HandfastError, OSError) as error:
            self._metrics.log_failures.inc()
            _log.error("the owner's log took nothing: %s", error)
            raise LogUnwritableError(_UNWRITABLE) from error
        self._metrics.log_entries.inc(len(appended))
        return [_logged(each) for each in appended]

    async def record(
        self,
        decision: Decision,
        *,
        request: str,
        at_us: int,
        ask: Envelope | None,
        asker: Asker | None = None,
    ) -> tuple[Decision, Logged | None]:
        """Log a denial or a pending answer; when even that fails, a denial that says so."""
        entry = entries.decision_entry(
            decision, request=request, at_us=at_us, ask=ask, asker=asker
        )
        try:
            return decision, (await self.write(entry))[0]
        except LogUnwritableError:
            return log_not_writable(), None

    async def open_grant(
        self, grant: Grant, permit: Permit, *, why: Why, ask: Envelope
    ) -> Opened:
        """Log request, decision, agreement, grant, first window and end; then leave is given.

        Raises:
            LogUnwritableError: Nothing may be released.
        """
        window = _first_window(grant)
        entry = entries.decision_entry(
            permit,
            request=grant.request,
            at_us=grant.since_us,
            ask=ask,
            opened=(grant, why, window),
        )
        logged = (await self.write(entry))[0]
        return Opened(grant=grant, clause=permit.clause, window=window, logged=logged)

    async def open_window(
        self, before: Opened, permit: Permit, *, from_us: int, now_us: int
    ) -> Opened:
        """Log the next release window of a live grant.

        Args:
            before: The window before this one.
            permit: The decision taken anew just now.
            from_us: Where the window begins; it lasts 10 s, at most to the grant's end.
            now_us: When.

        Raises:
            LogUnwritableError: Nothing may be released in it.
        """
        grant = before.grant
        window = ReleaseWindow(
            number=before.window.number + 1,
            from_us=from_us,
            until_us=min(from_us + WINDOW_US, grant.until_us),
        )
        entry = entries.window_entry(grant, permit.clause, window, at_us=now_us)
        logged = (await self.write(entry))[0]
        return Opened(grant=grant, clause=permit.clause, window=window, logged=logged)

    async def log_end(self, access: Access, *, now_us: int) -> Logged:
        """Log that a grant has ended; errors as in `write`."""
        return (await self.write(entries.end_entry(access, at_us=now_us)))[0]


def log_not_writable() -> Deny:
    """Return the denial of a node whose log takes nothing."""
    return Deny(reason=Reason.LOG_NOT_WRITABLE, explanation=_UNWRITABLE)


def _first_window(grant: Grant) -> ReleaseWindow:
    if grant.range_until_us is not None:
        return ReleaseWindow(number=0, from_us=grant.from_us, until_us=grant.range_until_us)
    until_us = min(grant.since_us + WINDOW_US, grant.until_us)
    return ReleaseWindow(
        number=0, from_us=min(grant.from_us, grant.since_us), until_us=until_us
    )


def _logged(appended: Appended) -> Logged:
    proof = appended.proof
    if proof.index != appended.index:
        raise CorruptError(f"the log proved entry {proof.index} for {appended.index}")
    return Logged(
        index=proof.index,
        proof=LogProof(
            origin=proof.origin,
            index=proof.index,
            salt=proof.salt,
            entry=proof.entry,
            size=proof.size,
            hashes=list(proof.hashes),
            checkpoint=proof.checkpoint,
        ),
    )
