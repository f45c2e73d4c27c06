"""Put a refusal into words: the first requirement, in a fixed order, that no clause meets.

Never decides. It walks from the camera to the circumstance and keeps the clauses that still
fit; the requirement at which none is left is the reason both sides read (P5).
"""

from collections.abc import Callable, Iterator

from handfast.model.access import AccessRequest, Deny, Reason
from handfast.model.agreement import Clause, OnRequest, WhileSignal
from handfast.model.media import View
from handfast.model.signal import holds
from handfast.policy.compile import CompiledAgreement
from handfast.policy.facts import Facts

_Requirement = tuple[Reason, str, Callable[[Clause], bool]]


def explain(request: AccessRequest, compiled: CompiledAgreement, facts: Facts) -> Deny:
    """Return the denial that names what is missing."""
    agreement = compiled.agreement
    if not agreement.not_before_us <= facts.now_us < agreement.not_after_us:
        return Deny(
            reason=Reason.AGREEMENT_NOT_IN_FORCE,
            explanation="The agreement has not begun or has run out; ask the owner to renew.",
        )
    if request.purpose in agreement.never:
        return Deny(
            reason=Reason.PURPOSE_NEVER,
            explanation=f"The owner never opens cameras for {request.purpose.value}.",
        )
    fitting = agreement.clauses
    for reason, explanation, holds_for in _requirements(request, facts):
        fitting = tuple(clause for clause in fitting if holds_for(clause))
        if not fitting:
            return Deny(reason=reason, explanation=explanation)
    return Deny(reason=Reason.EVALUATION_ERROR, explanation=_DISAGREE)


_DISAGREE = (
    "The agreement's evaluation and its explanation disagree, so nothing opens; "
    "send the request's hash to the owner and to whoever maintains the node."
)


def _requirements(request: AccessRequest, facts: Facts) -> Iterator[_Requirement]:
    yield (
        Reason.CAMERA_NOT_SHARED,
        "The agreement does not share this camera.",
        lambda c: c.cameras is None or request.camera in c.cameras,
    )
    yield (
        Reason.ROLE_NOT_NAMED,
        f"The agreement does not name the role {request.viewer.role!r}.",
        lambda c: request.viewer.role in c.roles,
    )
    yield (
        Reason.PURPOSE_NOT_AGREED,
        f"The agreement does not open for the purpose {request.purpose.value}.",
        lambda c: request.purpose in c.purposes,
    )
    yield (
        Reason.VIEW_NOT_AGREED,
        f"The agreement does not open {request.view.value} pictures of this camera.",
        lambda c: request.view in c.views,
    )
    yield (
        Reason.RENDITION_NOT_AGREED,
        f"The agreement does not open {request.rendition.value} pictures.",
        lambda c: c.rendition is request.rendition,
    )
    yield from _circumstances(request, facts)


def _circumstances(request: AccessRequest, facts: Facts) -> Iterator[_Requirement]:
    yield (
        Reason.SIGNAL_NOT_ACTIVE,
        "The alarm this depends on is not active at the site.",
        lambda c: _signal_holds(c, facts),
    )
    yield (
        Reason.SIGNAL_IS_A_TEST,
        "The alarm was raised as a test, and tests open nothing here.",
        lambda c: _not_only_a_test(c, facts),
    )
    yield (
        Reason.INCIDENT_NOT_STATED,
        "A statement of the agency's dispatch about the incident is needed.",
        lambda c: not c.needs_incident or facts.incident is not None,
    )
    yield (
        Reason.INCIDENT_ELSEWHERE,
        "The stated incident does not cover this site at this time.",
        lambda c: (
            not c.needs_incident
            or facts.incident is None
            or facts.incident.covers(facts.site, at_us=facts.now_us)
        ),
    )
    yield (
        Reason.OUTSIDE_LOOK_BACK,
        "The pictures asked for lie outside what the agreement opens.",
        lambda c: _inside_range(c, request, facts),
    )
    yield (
        Reason.TIME_BOX_ENDED,
        "The longest time the agreement allows for one access is over.",
        lambda c: facts.now_us < facts.opened_us + c.longest_us,
    )
    yield (
        Reason.APPROVAL_NOT_GIVEN,
        "The owner has not approved, or the approved time is over.",
        lambda c: not isinstance(c.when, OnRequest) or _approved(c.when, facts),
    )


def _approved(when: OnRequest, facts: Facts) -> bool:
    lasting = {a.device for a in facts.approvals if a.approved and facts.now_us < a.until_us}
    return len(lasting) >= when.approvals


def _signal_holds(clause: Clause, facts: Facts) -> bool:
    if not isinstance(clause.when, WhileSignal):
        return True
    signal = facts.signals.get(clause.when.kind)
    return signal is not None and holds(
        signal, now_us=facts.now_us, linger_us=clause.when.linger_us
    )


def _not_only_a_test(clause: Clause, facts: Facts) -> bool:
    if not isinstance(clause.when, WhileSignal) or clause.when.test_opens:
        return True
    return not facts.signals[clause.when.kind].test


def _inside_range(clause: Clause, request: AccessRequest, facts: Facts) -> bool:
    if request.view is View.LIVE or request.from_us is None or request.until_us is None:
        return request.view is View.LIVE
    if isinstance(clause.when, WhileSignal):
        reference_us = facts.signals[clause.when.kind].first_raised_us
    else:
        reference_us = facts.asked_us
    earliest_us = reference_us - clause.look_back_us
    return earliest_us <= request.from_us <= request.until_us <= facts.now_us
