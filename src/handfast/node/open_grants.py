"""What is open now: grants in memory, each with its case and its newest window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from anyio import Lock, to_thread

from handfast.model.access import Deny, Grant, Permit, Reason
from handfast.node.checks import Case
from handfast.node.judge import Judge, Judged
from handfast.node.metrics import NodeMetrics
from handfast.node.pep import LogUnwritableError, Opened, Pep
from handfast.node.ports import Accesses, Bell, ToHub
from handfast.node.steady import SteadyClock
from handfast.protocol.signing import sign
from handfast.protocol.statements import End, LogProof
from handfast.seal.identity import Envelope, SigningKey
from handfast.storage.sqlite_node import Access, SignalRow, ended

_AGAIN_S = 0.9  # with a tick every 0.2 s: at least once in 1.1 s
Ended = Callable[[Grant, Envelope], None]


@dataclass(slots=True, kw_only=True)
class OpenGrant:
    """A grant while it lasts; changed by the event loop only.

    Attributes:
        windows: Newest release windows, at most three, oldest first; never empty.
        ends_us: Its end as things stand now; never after `until_us`.
        opened_us: When it was opened, and `until_us` when it ends absolutely, both on the
            clock as it runs now: they move with it when it is set back.
        live_key: 32 bytes for a live view; lives in memory only and dies with the grant.
        counter: Next nonce of the live key.
        judge_at: Monotonic seconds at which the next decision is due.
        viewed_us: How long live pictures went out, for the owner.
    """

    access: Access
    case: Case
    windows: tuple[Opened, ...]
    permit: Permit
    ends_us: int
    opened_us: int
    until_us: int
    live_key: bytes | None = field(default=None, repr=False)
    counter: int = 0
    judge_at: float = 0.0
    viewed_us: int = 0
    runs_released: int = 0

    @property
    def grant(self) -> Grant:
        """The grant itself."""
        return self.access.grant

    def window_of(self, begins_us: int) -> Opened | None:
        """Return the release window in which an instant lies."""
        for opened in reversed(self.windows):
            if opened.window.from_us <= begins_us < opened.window.until_us:
                return opened
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantParts:
    """What keeping grants touches; built once by `assembly`."""

    node: str
    key: SigningKey
    clock: SteadyClock
    judge: Judge
    pep: Pep
    accesses: Accesses
    hub: ToHub
    bell: Bell
    metrics: NodeMetrics


class OpenGrants:
    """Keeps grants, judges them again and ends them. Belongs to one event loop."""

    def __init__(self, parts: GrantParts) -> None:
        """Begin with none open; `recover` ends what a restart interrupted."""
        self._parts = parts
        self._open: dict[str, OpenGrant] = {}
        self._told: list[Ended] = []
        self._log_lock = Lock()
        self._unlogged = False  # some end waits for its entry
        parts.clock.on_step_back(self._step_back)

    def on_end(self, told: Ended) -> None:
        """Be told of each end with the signed statement, after the grant is closed."""
        self._told.append(told)

    def add(self, grant: OpenGrant) -> None:
        """Take a grant whose opening is in the log."""
        self._open[grant.grant.id] = grant
        self._parts.metrics.open_grants.set(len(self._open))
        self._parts.bell.ring("accesses")

    def get(self, grant: str) -> OpenGrant | None:
        """Return a grant that is open at this instant."""
        found = self._open.get(grant)
        if found is None or self._parts.clock.now_us() >= found.ends_us:
            return None
        return found

    def all(self) -> tuple[OpenGrant, ...]:
        """Return every grant that has not been ended yet, oldest first."""
        return tuple(self._open.values())

    def judge_again(self, open_grant: OpenGrant, *, now_us: int) -> Judged:
        """Take the decision anew and remember its end; does not end the grant."""
        judged = self._parts.judge.judge(
            open_grant.case, now_us=now_us, opened_us=open_grant.opened_us
        )
        open_grant.ends_us = min(open_grant.until_us, judged.ends_us)
        open_grant.judge_at = self._parts.clock.monotonic() + _AGAIN_S
        if isinstance(judged.decision, Permit):
            open_grant.permit = judged.decision
        else:
            open_grant.ends_us = min(open_grant.ends_us, now_us)
        return judged

    async def tick(self) -> None:
        """Judge each open grant about once a second, and end what is over at once."""
        mono, now_us = self._parts.clock.monotonic(), self._parts.clock.now_us()
        due = [g for g in self.all() if mono >= g.judge_at or now_us >= g.ends_us]
        await self._judge(due)
        if self._unlogged:
            await self._log_ends()

    async def judge_all(self) -> None:
        """Judge every open grant now: something it rests on has changed."""
        await self._judge(self.all())

    async def _judge(self, open_grants: Sequence[OpenGrant]) -> None:
        for open_grant in open_grants:
            now_us = self._parts.clock.now_us()
            judged = self.judge_again(open_grant, now_us=now_us)
            if now_us >= open_grant.until_us:
                reason = _absolute_reason(open_grant)
                await self.end(open_grant, reason, ended_us=open_grant.until_us)
            elif not isinstance(judged.decision, Permit):
                await self.end(open_grant, refusal_reason(judged), ended_us=judged.ends_us)

    async def on_signal(self, _row: SignalRow) -> None:
        """Judge again at once when a signal has changed."""
        await self.judge_all()

    async def end(self, open_grant: OpenGrant, reason: Reason, *, ended_us: int) -> None:
        """End a grant: first nothing goes out any more, then it is stored, logged and told."""
        if self._open.pop(open_grant.grant.id, None) is None:
            return
        open_grant.live_key = None
        self._parts.metrics.open_grants.set(len(self._open))
        self._parts.judge.forget(open_grant.grant.request)
        viewed = replace(
            open_grant.access,
            viewed_us=open_grant.viewed_us,
            runs_released=open_grant.runs_released,
        )
        access = ended(viewed, reason=reason.value, ended_us=ended_us)
        await self._finish(access)

    async def recover(self) -> None:
        """End what was open when the node stopped: live keys do not outlive it."""
        for access in self._parts.accesses.unfinished():
            ended_us = min(access.grant.until_us, self._parts.clock.now_us())
            await self._finish(
                ended(access, reason=Reason.NODE_RESTARTED.value, ended_us=ended_us)
            )
        await self._log_ends()

    def _step_back(self, us: int) -> None:
        """The clock was set back: what is open lasts no longer for it."""
        for open_grant in self.all():
            open_grant.opened_us -= us
            open_grant.until_us -= us
            open_grant.ends_us -= us

    async def _finish(self, access: Access) -> None:
        async with self._log_lock:
            await to_thread.run_sync(self._parts.accesses.put, access)
            proof = await self._log_end(access)
        statement = sign(
            End(
                node=self._parts.node,
                grant=access.grant.id,
                reason=access.reason or "",
                ended_us=access.ended_us or 0,
                log=proof,
            ),
            self._parts.key,
        )
        for told in self._told:
            told(access.grant, statement)
        await to_thread.run_sync(self._parts.hub.put, "ended", statement)
        self._parts.bell.ring("accesses")

    async def _log_ends(self) -> None:
        async with self._log_lock:
            self._unlogged = False
            for access in await to_thread.run_sync(self._parts.accesses.unlogged):
                if await self._log_end(access) is None:
                    return

    async def _log_end(self, access: Access) -> LogProof | None:
        """Log one end; when the log takes nothing the end still holds, the entry follows."""
        try:
            logged = await self._parts.pep.log_end(access, now_us=self._parts.clock.now_us())
        except LogUnwritableError:
            self._unlogged = True
            return None
        done = replace(access, end_log_index=logged.index)
        await to_thread.run_sync(self._parts.accesses.put, done)
        return logged.proof


def refusal_reason(judged: Judged) -> Reason:
    """Name why a case that was open is not permitted any more."""
    if isinstance(judged.decision, Deny):
        return judged.decision.reason
    return Reason.APPROVAL_NOT_GIVEN  # what was approved has run out


def _absolute_reason(open_grant: OpenGrant) -> Reason:
    if open_grant.grant.until_us >= open_grant.case.certified.viewer.certified_until_us:
        return Reason.CERTIFICATE_EXPIRED
    return Reason.TIME_BOX_ENDED
