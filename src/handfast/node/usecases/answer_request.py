"""An officer asks; the node checks, decides, logs and only then releases."""

from dataclasses import replace

import msgspec
from anyio import to_thread

from handfast.model.access import Deny, Pending, Permit
from handfast.node.challenges import Challenges
from handfast.node.checks import Case, Gate, check_ask, payload_hash
from handfast.node.desk import Desk
from handfast.node.usecases.open_access import OpenAccess
from handfast.protocol.wire import Ask
from handfast.seal.identity import Envelope
from handfast.storage.sqlite_node import RequestRow


class AnswerRequest:
    """Answers asks with signed decisions. Belongs to one event loop."""

    def __init__(self, desk: Desk, opening: OpenAccess) -> None:
        """Take what answering needs."""
        self._desk = desk
        self._opening = opening

    async def answer(self, ask: Ask) -> Envelope:
        """Answer a new ask: permit with sealed keys, pending, or denial with a reason."""
        desk = self._desk
        now_us = desk.clock.now_us()
        case = check_ask(ask, self._gate(desk.challenges), asked_us=now_us)
        if isinstance(case, Deny):
            return await self._refuse_unchecked(ask, case)
        settled = await self._settle(case)
        return await self._ask_owner(case, settled) if isinstance(settled, Pending) else settled

    async def answer_again(self, row: RequestRow) -> bool:
        """Decide a waiting request anew, e.g. after an approval; `False` while it waits on.

        The new decision goes to the hub and is kept for whoever polls.
        """
        desk = self._desk
        ask = msgspec.json.decode(row.ask, type=Ask)
        case = check_ask(ask, self._gate(None), asked_us=row.asked_us)
        if isinstance(case, Deny):
            decision = await desk.deny(row.hash, case, ask=ask.request)
        else:
            settled = await self._settle(case)
            if isinstance(settled, Pending):
                return False
            decision = settled
        done = replace(row, settled=True, decision=msgspec.json.encode(decision))
        await to_thread.run_sync(desk.requests.put, done)
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
            kind_of=desk.kind_of,
            now_us=desk.clock.now_us(),
        )

    async def _settle(self, case: Case) -> Envelope | Pending:
        """Permit or deny, unless the owner has to be asked."""
        desk = self._desk
        judged = desk.judge.judge(case, now_us=desk.clock.now_us())
        match judged.decision:
            case Permit() as permit:
                return await self._opening.open(case, permit, judged)
            case Deny() as deny:
                return await desk.refuse(case, deny)
            case Pending() as pending:
                return pending

    async def _ask_owner(self, case: Case, pending: Pending) -> Envelope:
        """Keep a request until the owner has answered, and say so."""
        desk, request = self._desk, case.request.hash
        decision, logged = await desk.pep.record(
            pending,
            request=request,
            at_us=desk.clock.now_us(),
            ask=case.ask.request,
            asker=desk.asker(case),
        )
        envelope = desk.sign(request, decision, logged=logged)
        outcome = "pending" if isinstance(decision, Pending) else "deny"
        desk.metrics.decisions.labels(outcome).inc()
        if isinstance(decision, Pending):
            row = RequestRow(
                hash=request,
                ask=msgspec.json.encode(case.ask),
                asked_us=case.asked_us,
                answer_by_us=decision.answer_by_us,
                settled=False,
                decision=msgspec.json.encode(envelope),
            )
            await to_thread.run_sync(desk.requests.put, row)
            desk.bell.ring("inbox")
        return envelope

    async def _refuse_unchecked(self, ask: Ask, deny: Deny) -> Envelope:
        """Refuse an ask nobody vouches for; a flood of them must not fill the log."""
        desk, request = self._desk, payload_hash(ask.request)
        if desk.unauthenticated.take():
            return await desk.deny(request, deny, ask=ask.request)
        desk.metrics.unlogged_denials.inc()
        return desk.sign(request, deny, logged=None)
