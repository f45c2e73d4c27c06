"""The policy decision point (PDP, NIST SP 800-162): a pure function.

No clock, no storage, no network: the caller, a policy enforcement point (PEP), gathers the
facts, asks, obeys and logs. Cedar decides; `reasons` only puts its refusal into words.
"""

from cedarpy import is_authorized

from handfast.kit.encoding import Json
from handfast.model.access import AccessRequest, Decision, Deny, Pending, Permit, Reason
from handfast.model.agreement import Clause, OnRequest, WhileSignal
from handfast.model.media import View
from handfast.model.signal import Signal
from handfast.policy.compile import CompiledAgreement, action_name, role_name
from handfast.policy.facts import Facts
from handfast.policy.reasons import explain


def decide(request: AccessRequest, compiled: CompiledAgreement, facts: Facts) -> Decision:
    """Decide one request against one agreement.

    Deny by default. A permit needs Cedar's word with no diagnostic at all; a refusal of any
    one owner's device outweighs every approval.

    Args:
        request: The question, authenticated by the caller.
        compiled: The agreement in force, authenticated by the caller.
        facts: The site's state.

    Returns:
        `Permit` with the first clause, in the agreement's order, that opens; `Pending` when
        only approvals are missing; otherwise `Deny` with the reason.
    """
    if any(not approval.approved for approval in facts.approvals):
        return Deny(reason=Reason.APPROVAL_REFUSED, explanation="The owner has said no.")
    count, until_us = _approved(facts)
    opening = _evaluate(request, compiled, facts, approvals=count, approved_until_us=until_us)
    if isinstance(opening, Deny):
        return opening
    if opening:
        return _permit(request, compiled, opening[0], facts)
    return _pending(request, compiled, facts, count) or explain(request, compiled, facts)


def _approved(facts: Facts) -> tuple[int, int]:
    """How many different devices approve now, and until when all of them do."""
    lasting = {a.device: a.until_us for a in facts.approvals if facts.now_us < a.until_us}
    return len(lasting), min(lasting.values(), default=0)


def _pending(
    request: AccessRequest, compiled: CompiledAgreement, facts: Facts, count: int
) -> Pending | None:
    """Ask Cedar whether approvals alone would open it; a live question, not a guess."""
    wished = _evaluate(
        request, compiled, facts, approvals=1 << 30, approved_until_us=facts.now_us + 1
    )
    for clause in wished if isinstance(wished, tuple) else ():
        if isinstance(clause.when, OnRequest):
            answer_by_us = facts.asked_us + clause.when.answer_within_us
            if facts.now_us < answer_by_us:
                return Pending(
                    clause=clause.id,
                    approvals_missing=clause.when.approvals - count,
                    answer_by_us=answer_by_us,
                )
    return None


def _permit(
    request: AccessRequest, compiled: CompiledAgreement, clause: Clause, facts: Facts
) -> Permit:
    ends = [
        facts.opened_us + clause.longest_us,
        compiled.agreement.not_after_us,
        request.viewer.certified_until_us,
    ]
    if isinstance(clause.when, OnRequest):
        ends.append(_approved(facts)[1])
    if clause.needs_incident and facts.incident is not None:
        ends.append(facts.incident.expires_us)
    return Permit(
        clause=clause.id, until_us=min(ends), from_us=_earliest_us(request, clause, facts)
    )


def _earliest_us(request: AccessRequest, clause: Clause, facts: Facts) -> int:
    """The earliest picture: as asked for, and for a live view as far as look-back reaches."""
    if request.from_us is not None:
        return request.from_us
    if clause.look_back_us == 0:
        return facts.opened_us
    if isinstance(clause.when, WhileSignal):
        reference_us = facts.signals[clause.when.kind].first_raised_us
    else:
        reference_us = facts.asked_us
    return min(facts.opened_us, reference_us - clause.look_back_us)


def _evaluate(
    request: AccessRequest,
    compiled: CompiledAgreement,
    facts: Facts,
    *,
    approvals: int,
    approved_until_us: int,
) -> tuple[Clause, ...] | Deny:
    """Return the clauses that open, in the agreement's order; `Deny` on any diagnostic."""
    agreement = compiled.agreement
    context = _context(request, facts, compiled)
    if approvals:
        context["approval"] = {"count": approvals, "until": approved_until_us}
    question = {
        "principal": _uid("Person", f"{agreement.agency}/{request.viewer.person}"),
        "action": _uid("Action", action_name(request.view, request.rendition)),
        "resource": _uid("Camera", request.camera),
        "context": context,
    }
    result = is_authorized(
        question, compiled.policies, _entities(request, compiled), compiled.schema
    )
    if result.diagnostics.errors:
        return Deny(
            reason=Reason.EVALUATION_ERROR,
            explanation="The agreement could not be evaluated, so nothing opens. "
            f"Send this to the owner: {result.diagnostics.errors[0]}",
        )
    opened = set(result.diagnostics.id_annotations_by_reason.values())
    clauses = tuple(clause for clause in agreement.clauses if clause.id in opened)
    return clauses if result.allowed else ()


def _context(
    request: AccessRequest, facts: Facts, compiled: CompiledAgreement
) -> dict[str, Json]:
    live = request.view is View.LIVE
    covers = facts.incident is not None and facts.incident.covers(
        facts.site, at_us=facts.now_us
    )
    named = {c.when.kind for c in compiled.agreement.clauses if isinstance(c.when, WhileSignal)}
    return {
        "now": facts.now_us,
        "asked": facts.asked_us,
        "opened": facts.opened_us,
        "from": facts.opened_us if live or request.from_us is None else request.from_us,
        "until": facts.opened_us if live or request.until_us is None else request.until_us,
        "purpose": request.purpose.value,
        "incidentCovers": covers,
        "signals": {kind: _signal(s) for kind, s in facts.signals.items() if kind in named},
    }


def _signal(signal: Signal) -> dict[str, Json]:
    ended_us = signal.lease_until_us if signal.cleared_us is None else signal.cleared_us
    return {
        "firstRaised": signal.first_raised_us,
        "ended": ended_us,
        "test": signal.test,
    }


def _entities(request: AccessRequest, compiled: CompiledAgreement) -> list[dict[str, Json]]:
    agreement = compiled.agreement
    role = role_name(agreement.agency, request.viewer.role)
    site = _uid("Site", agreement.node)
    person = _uid("Person", f"{agreement.agency}/{request.viewer.person}")
    return [
        _entity(person, _uid("Role", role)),
        _entity(_uid("Role", role)),
        _entity(_uid("Camera", request.camera), site),
        _entity(site),
    ]


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": f"Handfast::{kind}", "id": name}


def _entity(uid: dict[str, str], *parents: dict[str, str]) -> dict[str, Json]:
    return {"uid": uid, "attrs": {}, "parents": list(parents)}
