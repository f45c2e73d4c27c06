"""An officer asks; the node checks, decides, logs and only then releases."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import msgspec
from anyio import to_thread

from handfast.kit.ids import Ids
from handfast.model.access import Decision, Deny, Grant, GrantId, Pending, Permit, Reason
from handfast.model.camera import Camera, CameraId
from handfast.model.media import View
from handfast.node.challenges import Challenges
from handfast.node.checks import Case, Gate, check_ask, payload_hash
from handfast.node.entries import Asker, grant_json
from handfast.node.flood import Allowance
from handfast.node.judge import Judge, Judged
from handfast.node.metrics import NodeMetrics
from handfast.node.open_grants import OpenGrant, OpenGrants
from handfast.node.pep import Logged, LogUnwritableError, Opened, Pep, log_not_writable
from handfast.node.ports import Accesses, Bell, Requests, ToHub
from handfast.node.release import seal_live
from handfast.node.steady import SteadyClock
from handfast.node.trust import Trusted
from handfast.node.usecases.release_range import ReleaseRange, recording_of
from handfast.protocol.signing import sign
from handfast.protocol.statements import DecisionStatement, GrantStatement
from handfast.protocol.wire import Ask
from handfast.seal.identity import Envelope, SigningKey
from handfast.seal.suite import KEY_BYTES
from handfast.storage.sqlite_node import Access, RequestRow, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What answering needs; built once by `app`.

    Attributes:
        cameras: The site's cameras by id.
        trusted: Returns what is believed now.
        unauthenticated: How many denials of unknown askers are logged; the rest is counted.
    """

    node: str
    key: SigningKey
    clock: SteadyClock
    ids: Ids
    cameras: Mapping[CameraId, Camera]
    trusted: Callable[[], Trusted]
    challenges: Challenges
    judge: Judge
    pep: Pep
    grants: OpenGrants
    requests: Requests
    accesses: Accesses
    ranges: ReleaseRange
    hub: ToHub
    bell: Bell
    metrics: NodeMetrics
    unauthenticated: Allowance


class AnswerRequest:
    """Answers asks with signed decisions. Belongs to one event loop."""

    def __init__(self, desk: Desk) -> None:
        """Take what answering needs."""
        self._desk = desk

    async def answer(self, ask: Ask) -> Envelope:
        """Answer a new ask: permit with sealed keys, pending, or denial with a reason."""
        desk = self._desk
        now_us = desk.clock.now_us()
        case = check_ask(ask, self._gate(desk.challenges), asked_us=now_us)
        if isinstance(case, Deny):
            return await self._refuse_unchecked(ask, case, now_us)
        judged = desk.judge.judge(case, now_us=now_us)
        if isinstance(judged.decision, Pending):
            return await self._ask_owner(case, judged.decision, now_us)
        return await self._settle(case, judged, now_us)

    async def answer_again(self, row: RequestRow) -> bool:
        """Decide a waiting request anew, e.g. after an approval; `False` while it waits on.

        The new decision goes to the hub and is kept for whoever polls.
        """
        desk = self._desk
        now_us = desk.clock.now_us()
        ask = msgspec.json.decode(row.ask, type=Ask)
        case = check_ask(ask, self._gate(None), asked_us=row.asked_us)
        if isinstance(case, Deny):
            decision = await self._deny(row.hash, case, ask=ask.request, now_us=now_us)
        else:
            judged = desk.judge.judge(case, now_us=now_us)
            if isinstance(judged.decision, Pending):
                return False
            decision = await self._settle(case, judged, now_us)
        settled = replace(row, settled=True, decision=msgspec.json.encode(decision))
        await to_thread.run_sync(desk.requests.put, settled)
        await to_thread.run_sync(desk.hub.put, "decision", decision)
        desk.bell.ring("inbox")
        return True

    def _gate(self, challenges: Challenges | None) -> Gate:
        desk = self._desk
        return Gate(
            node=desk.node,
            cameras=desk.cameras,
            trusted=desk.trusted(),
            challenges=challenges,
            now_us=desk.clock.now_us(),
        )

    async def _settle(self, case: Case, judged: Judged, now_us: int) -> Envelope:
        decision = judged.decision
        if isinstance(decision, Permit) and not await self._has_pictures(case):
            decision = Deny(
                reason=Reason.NOTHING_RECORDED,
                explanation="Nothing of that camera and time is kept any more.",
            )
        if isinstance(decision, Permit):
            return await self._open(case, decision, judged.ends_us, now_us)
        refusal = decision if isinstance(decision, Deny) else log_not_writable()
        return await self._refuse(case, refusal, now_us)

    async def _open(self, case: Case, permit: Permit, ends_us: int, now_us: int) -> Envelope:
        """Store, log, and only then seal: the order of P2."""
        desk = self._desk
        access = Access(
            grant=_grant(case, permit, id_=str(desk.ids.uuid7()), now_us=now_us),
            why=self._why(case),
            state="opening",
        )
        await to_thread.run_sync(desk.accesses.put, access)
        try:
            opened = await desk.pep.open_grant(
                access.grant, permit, why=access.why, ask=case.ask.request
            )
        except LogUnwritableError:
            await to_thread.run_sync(desk.accesses.put, _never_opened(access, now_us))
            return await self._refuse(case, log_not_writable(), now_us)
        access = replace(access, state="open", log_index=opened.logged.index)
        await to_thread.run_sync(desk.accesses.put, access)
        live_key = desk.ids.secret(KEY_BYTES) if case.request.view is View.LIVE else None
        open_grant = OpenGrant(
            access=access,
            case=case,
            windows=(opened,),
            permit=permit,
            ends_us=min(ends_us, access.grant.until_us),
            opened_us=now_us,
            until_us=access.grant.until_us,
            live_key=live_key,
        )
        desk.grants.add(open_grant)
        # The world may have changed while the log was written: a closing, a clear.
        again = desk.grants.judge_again(open_grant, now_us=desk.clock.now_us())
        if not isinstance(again.decision, Permit):
            await desk.grants.tick()
            refusal = again.decision if isinstance(again.decision, Deny) else _changed()
            return await self._refuse(case, refusal, desk.clock.now_us())
        sealed = await self._seal(opened, live_key, case.certified.open)
        desk.metrics.decisions.labels("permit").inc()
        return self._sign(
            case.request.hash, permit, logged=opened.logged, grant=access.grant, sealed=sealed
        )

    async def _seal(self, opened: Opened, live_key: bytes | None, open_key: bytes) -> str:
        if live_key is not None:
            return seal_live(opened, live_key, open_key=open_key)
        ranges = self._desk.ranges
        return await to_thread.run_sync(lambda: ranges.seal(opened, open_key=open_key))

    async def _has_pictures(self, case: Case) -> bool:
        request = case.request
        if request.from_us is None or request.until_us is None:
            return True
        since_us, until_us, ranges = request.from_us, request.until_us, self._desk.ranges
        recording = recording_of(request)
        return await to_thread.run_sync(
            lambda: ranges.has_recordings(recording, since_us=since_us, until_us=until_us)
        )

    async def _ask_owner(self, case: Case, pending: Pending, now_us: int) -> Envelope:
        desk, request = self._desk, case.request.hash
        decision, logged = await desk.pep.record(
            pending,
            request=request,
            at_us=now_us,
            ask=case.ask.request,
            asker=self._asker(case),
        )
        desk.metrics.decisions.labels("pending" if decision is pending else "deny").inc()
        envelope = self._sign(request, decision, logged=logged)
        if decision is pending:
            row = RequestRow(
                hash=request,
                ask=msgspec.json.encode(case.ask),
                asked_us=case.asked_us,
                answer_by_us=pending.answer_by_us,
                settled=False,
                decision=msgspec.json.encode(envelope),
            )
            await to_thread.run_sync(desk.requests.put, row)
            desk.bell.ring("inbox")
        return envelope

    async def _refuse_unchecked(self, ask: Ask, deny: Deny, now_us: int) -> Envelope:
        """Refuse an ask nobody vouches for; a flood of them must not fill the log."""
        desk, request = self._desk, payload_hash(ask.request)
        if desk.unauthenticated.take():
            return await self._deny(request, deny, ask=ask.request, now_us=now_us)
        desk.metrics.unlogged_denials.inc()
        return self._sign(request, deny, logged=None)

    async def _refuse(self, case: Case, deny: Deny, now_us: int) -> Envelope:
        request, ask = case.request.hash, case.ask.request
        asker = self._asker(case)
        return await self._deny(request, deny, ask=ask, now_us=now_us, asker=asker)

    async def _deny(
        self,
        request: str,
        deny: Deny,
        *,
        ask: Envelope,
        now_us: int,
        asker: Asker | None = None,
    ) -> Envelope:
        desk = self._desk
        decision, logged = await desk.pep.record(
            deny, request=request, at_us=now_us, ask=ask, asker=asker
        )
        desk.metrics.decisions.labels("deny").inc()
        desk.bell.ring("accesses")
        return self._sign(request, decision, logged=logged)

    def _sign(
        self,
        request: str,
        decision: Decision,
        *,
        logged: Logged | None,
        grant: Grant | None = None,
        sealed: str | None = None,
    ) -> Envelope:
        denied = decision if isinstance(decision, Deny) else None
        statement = DecisionStatement(
            node=self._desk.node,
            request=request,
            outcome=_outcome(decision),
            reason=denied.reason.value if denied else None,
            explanation=denied.explanation if denied else None,
            answer_by_us=decision.answer_by_us if isinstance(decision, Pending) else None,
            grant=None if grant is None else _statement(grant),
            log=None if logged is None else logged.proof,
            sealed=sealed,
            decided_us=self._desk.clock.now_us(),
        )
        return sign(statement, self._desk.key)

    def _asker(self, case: Case) -> Asker:
        return Asker(viewer=case.request.viewer, why=self._why(case))

    def _why(self, case: Case) -> Why:
        camera = self._desk.cameras[case.request.camera]
        return Why(
            purpose=case.request.purpose.value,
            agency=case.agency_root,
            agency_name=case.agency_name,
            camera_name=camera.name,
            incident_title="" if case.incident is None else case.incident.title,
            comment=case.statement.comment,
        )


def _outcome(decision: Decision) -> Literal["permit", "pending", "deny"]:
    match decision:
        case Permit():
            return "permit"
        case Pending():
            return "pending"
        case Deny():
            return "deny"


def _grant(case: Case, permit: Permit, *, id_: str, now_us: int) -> Grant:
    request = case.request
    return Grant(
        id=GrantId(id_),
        request=request.hash,
        agreement=request.agreement,
        clause=permit.clause,
        camera=request.camera,
        stream=request.stream,
        view=request.view,
        rendition=request.rendition,
        incident=request.incident,
        viewer=request.viewer,
        since_us=now_us,
        until_us=permit.until_us,
        from_us=permit.from_us,
        range_until_us=request.until_us,
    )


def _never_opened(access: Access, now_us: int) -> Access:
    return replace(access, state="ended", ended_us=now_us, reason=Reason.LOG_NOT_WRITABLE.value)


def _changed() -> Deny:
    return Deny(
        reason=Reason.APPROVAL_NOT_GIVEN,
        explanation="The approval ran out while the access was being opened; ask again.",
    )


def _statement(grant: Grant) -> GrantStatement:
    return msgspec.convert(grant_json(grant), GrantStatement)
