"""What opens, what does not, and in which words."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handfast.model.access import AccessRequest, Deny, Fingerprint, Pending, Permit, Reason
from handfast.model.agreement import OnRequest, Purpose, WhileSignal
from handfast.model.camera import CameraId, Place
from handfast.model.media import Rendition, View
from handfast.model.signal import SignalState
from handfast.policy.compile import compile_agreement
from handfast.policy.decide import decide
from handfast.policy.facts import ApprovalFact, Facts
from tests.examples import scaled
from tests.unit.policy.samples import (
    ALARM,
    ALARMED,
    ASK,
    ASKED,
    MINUTE,
    NOON,
    QUIET,
    RAISED,
    RIVERA,
    ROBBERY,
    SCHOOL,
    SHOP,
    recorded,
)

COMPILED = compile_agreement(SCHOOL)
COMPILED_SHOP = compile_agreement(SHOP)
YES = ApprovalFact(device=Fingerprint("phone"), approved=True, until_us=NOON + 20 * MINUTE)


def test_an_alarm_opens_live_pictures_and_ten_minutes_before_its_first_raise() -> None:
    """The permit reaches back ten minutes before the first raise."""
    decision = decide(ASK, COMPILED, ALARMED)
    assert decision == Permit(
        clause=ALARM.id,
        until_us=NOON + 120 * MINUTE,
        from_us=RAISED.first_raised_us - 10 * MINUTE,
    )


@pytest.mark.parametrize(
    ("request_", "facts", "reason"),
    [
        (ASK, QUIET, Reason.SIGNAL_NOT_ACTIVE),
        (
            ASK,
            replace(ALARMED, signals={"intrusion": replace(RAISED, test=True)}),
            Reason.SIGNAL_IS_A_TEST,
        ),
        (
            replace(ASK, purpose=Purpose.IMMIGRATION_ENFORCEMENT),
            ALARMED,
            Reason.PURPOSE_NEVER,
        ),
        (replace(ASK, purpose=Purpose.EXERCISE), ALARMED, Reason.PURPOSE_NOT_AGREED),
        (replace(ASK, rendition=Rendition.REDACTED), ALARMED, Reason.RENDITION_NOT_AGREED),
        (
            replace(ASK, viewer=replace(RIVERA, role="clerk")),
            ALARMED,
            Reason.ROLE_NOT_NAMED,
        ),
        (recorded(NOON - 12 * MINUTE, NOON), ALARMED, Reason.OUTSIDE_LOOK_BACK),
        (recorded(NOON - 5 * MINUTE, NOON + 1), ALARMED, Reason.OUTSIDE_LOOK_BACK),
        (recorded(NOON, NOON - MINUTE), ALARMED, Reason.OUTSIDE_LOOK_BACK),
        (ASK, replace(ALARMED, now_us=SCHOOL.not_after_us), Reason.AGREEMENT_NOT_IN_FORCE),
        (ASK, replace(ALARMED, opened_us=NOON - 120 * MINUTE), Reason.TIME_BOX_ENDED),
    ],
)
def test_p5_denial_has_a_reason_that_names_what_is_missing(
    request_: AccessRequest, facts: Facts, reason: Reason
) -> None:
    """Each missing requirement has its own name and a plain sentence."""
    decision = decide(request_, COMPILED, facts)
    assert isinstance(decision, Deny)
    assert decision.reason is reason
    assert decision.explanation.endswith(".")


def test_a_camera_that_is_not_listed_stays_closed() -> None:
    """A clause that lists cameras opens only these."""
    listed = replace(ALARM, cameras=frozenset({CameraId("yard")}))
    decision = decide(ASK, compile_agreement(replace(SCHOOL, clauses=(listed,))), ALARMED)
    assert isinstance(decision, Deny)
    assert decision.reason is Reason.CAMERA_NOT_SHARED


@given(after_us=st.integers(-MINUTE, 20 * MINUTE))
@settings(max_examples=scaled(60), deadline=None)
def test_p3_closes_by_itself_exactly_when_the_linger_is_over(after_us: int) -> None:
    """Once the alarm was cleared, decisions turn after exactly five minutes."""
    cleared = replace(RAISED, state=SignalState.CLEARED, cleared_us=NOON)
    facts = replace(ALARMED, now_us=NOON + after_us, signals={"intrusion": cleared})
    facts = replace(facts, opened_us=min(facts.now_us, NOON), asked_us=NOON - MINUTE)
    assert isinstance(decide(ASK, COMPILED, facts), Permit) == (after_us < 5 * MINUTE)


def test_a_lease_that_nobody_renews_closes_like_a_clear() -> None:
    """The linger counts from the lease's end when no clear ever came."""
    late = RAISED.lease_until_us + 5 * MINUTE
    assert isinstance(decide(ASK, COMPILED, replace(ALARMED, now_us=late - 1)), Permit)
    assert isinstance(decide(ASK, COMPILED, replace(ALARMED, now_us=late)), Deny)


def test_a_shop_is_asked_first_and_its_yes_opens_for_the_time_it_says() -> None:
    """Pending without an approval, a permit until the approval's end with one."""
    facts = replace(QUIET, incident=ROBBERY)
    assert decide(ASK, COMPILED_SHOP, facts) == Pending(
        clause=ASKED.id, approvals_missing=1, answer_by_us=NOON + 15 * MINUTE
    )
    permit = decide(ASK, COMPILED_SHOP, replace(facts, approvals=(YES,)))
    assert isinstance(permit, Permit)
    assert permit.until_us == YES.until_us


def test_p4_the_site_decides_and_one_no_outweighs_every_yes() -> None:
    """A refusal by any owner's device denies whatever the others said."""
    no = replace(YES, device=Fingerprint("other"), approved=False)
    facts = replace(QUIET, incident=ROBBERY, approvals=(YES, no))
    decision = decide(ASK, COMPILED_SHOP, facts)
    assert isinstance(decision, Deny)
    assert decision.reason is Reason.APPROVAL_REFUSED


def test_two_answers_of_one_device_are_one_approval() -> None:
    """Approvals are counted by device, not by message."""
    both = replace(ASKED, when=OnRequest(approvals=2, answer_within_us=15 * MINUTE))
    compiled = compile_agreement(replace(SHOP, clauses=(both,)))
    facts = replace(QUIET, incident=ROBBERY, approvals=(YES, replace(YES, until_us=NOON + 1)))
    decision = decide(ASK, compiled, facts)
    assert isinstance(decision, Pending)
    assert decision.approvals_missing == 1


def test_an_unanswered_request_is_denied_when_its_time_is_over() -> None:
    """After the time to answer the request is not pending any more."""
    facts = replace(QUIET, incident=ROBBERY, now_us=NOON + 15 * MINUTE)
    decision = decide(ASK, COMPILED_SHOP, replace(facts, opened_us=facts.now_us))
    assert isinstance(decision, Deny)
    assert decision.reason is Reason.APPROVAL_NOT_GIVEN


def test_a_request_without_a_stated_incident_nearby_is_denied() -> None:
    """Purpose is checked: the incident exists and overlaps in place and time."""
    none = decide(ASK, COMPILED_SHOP, QUIET)
    far = replace(ROBBERY, place=Place(lon=25.5, lat=60.17))
    elsewhere = decide(ASK, COMPILED_SHOP, replace(QUIET, incident=far))
    assert isinstance(none, Deny)
    assert none.reason is Reason.INCIDENT_NOT_STATED
    assert isinstance(elsewhere, Deny)
    assert elsewhere.reason is Reason.INCIDENT_ELSEWHERE


def test_any_evaluation_error_denies() -> None:
    """A number that overflows in Cedar must not open anything, forbid rules being skipped."""
    odd = replace(RAISED, first_raised_us=-(2**63) + 1)
    decision = decide(ASK, COMPILED, replace(ALARMED, signals={"intrusion": odd}))
    assert isinstance(decision, Deny)
    assert decision.reason is Reason.EVALUATION_ERROR


def test_compiling_is_deterministic_and_survives_hostile_names() -> None:
    """Names of signals and clauses are data in Cedar, never syntax."""
    hostile = 'a"] || true || ["'
    clause = replace(ALARM, when=WhileSignal(kind=hostile, linger_us=1))
    agreement = replace(SCHOOL, clauses=(clause,))
    assert compile_agreement(agreement).text == compile_agreement(agreement).text
    assert isinstance(decide(ASK, compile_agreement(agreement), ALARMED), Deny)


_FACTS = st.builds(
    lambda now, cleared, test, approvals, incident: replace(
        QUIET,
        now_us=NOON + now,
        opened_us=NOON,
        signals={"intrusion": replace(RAISED, cleared_us=cleared, test=test)},
        approvals=approvals,
        incident=incident,
    ),
    now=st.integers(0, 200 * MINUTE),
    cleared=st.none() | st.integers(NOON - MINUTE, NOON + MINUTE),
    test=st.booleans(),
    approvals=st.sampled_from([(), (YES,)]),
    incident=st.sampled_from([None, ROBBERY]),
)
_ASKS = st.builds(
    lambda view, purpose, since, rendition: replace(
        ASK if view is View.LIVE else recorded(NOON - since, NOON - since + MINUTE),
        purpose=purpose,
        rendition=rendition,
    ),
    view=st.sampled_from(list(View)),
    purpose=st.sampled_from(list(Purpose)),
    since=st.integers(0, 80 * MINUTE),
    rendition=st.sampled_from(list(Rendition)),
)


@given(ask=_ASKS, facts=_FACTS)
@settings(max_examples=scaled(200), deadline=None)
def test_p3_closes_by_itself_no_permit_outlives_its_clause_or_agreement(
    ask: AccessRequest, facts: Facts
) -> None:
    """Whatever is asked, an end exists, lies in the future and is bounded."""
    both = compile_agreement(replace(SCHOOL, clauses=(ALARM, ASKED)))
    decision = decide(ask, both, facts)
    if isinstance(decision, Permit):
        assert facts.now_us < decision.until_us <= facts.opened_us + 120 * MINUTE
        assert decision.until_us <= min(SCHOOL.not_after_us, RIVERA.certified_until_us)
        assert ask.purpose is Purpose.EMERGENCY
        assert ask.rendition is Rendition.CLEAR
    if isinstance(decision, Deny):
        assert decision.reason is not Reason.EVALUATION_ERROR
