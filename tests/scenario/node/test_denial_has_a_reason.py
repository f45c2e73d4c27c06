"""P5: a denial is a value with a named reason and a sentence, signed by the node."""

from dataclasses import replace

import msgspec

from handfast.model.access import Reason
from handfast.model.media import View
from handfast.protocol.statements import AccessRequestStatement
from handfast.protocol.wire import Ask
from handfast.seal.identity import Envelope
from tests.scenario.node.people import MINUTE, ON_ALARM, ON_REQUEST
from tests.scenario.node.school import School


async def test_p5_denial_has_a_reason_and_a_sentence() -> None:
    """Every refusal names one of the agreed reasons and says what is missing."""
    school = School()
    decision = await school.asks(school.people.officer())
    assert Reason(decision.reason or "") is Reason.SIGNAL_NOT_ACTIVE
    assert decision.explanation
    assert decision.explanation.endswith(".")


async def test_p5_denial_has_a_reason_even_for_garbage() -> None:
    """What cannot be read at all is denied by name, too."""
    school = School()
    nothing = Envelope(payloadType="x", payload="%%%", signatures=())
    for chain in ([], [nothing], [nothing, nothing], [nothing] * 5):
        ask = Ask(request=nothing, chain=chain, incident=nothing)
        decision = school.read(await school.heart.answers.answer(ask))
        assert decision.reason == "agency-not-party"
    officer = school.people.officer()
    broken = Ask(request=nothing, chain=officer.chain, incident=None)
    decision = school.read(await school.heart.answers.answer(broken))
    assert decision.reason == "not-understood"


async def test_p5_denial_has_a_reason_when_the_evaluation_fails() -> None:
    """Any error inside the decision denies; nothing opens by accident."""
    school = School()
    await school.alarm()
    standing = school.trusted.standing[school.agreement]
    broken = replace(standing.compiled, policies=None)  # type: ignore[arg-type] # what a defect would do
    school.trusted = replace(
        school.trusted, standing={school.agreement: replace(standing, compiled=broken)}
    )
    decision = await school.asks(school.people.officer())
    assert (decision.outcome, decision.reason) == ("deny", "evaluation-error")
    assert decision.log is not None


async def test_p5_denial_has_a_reason_for_a_test_alarm() -> None:
    """A test opens nothing, and the officer reads that it was a test."""
    school = School()
    await school.alarm(test=True)
    assert (await school.asks(school.people.officer())).reason == "signal-is-a-test"


async def test_p5_denial_has_a_reason_for_recordings_outside_the_look_back() -> None:
    """Half an hour before the alarm is not agreed."""
    school = School()
    await school.films(1)
    await school.alarm()
    now_us = school.now_us

    def half_an_hour_ago(asked: AccessRequestStatement) -> AccessRequestStatement:
        return msgspec.structs.replace(
            asked, view=View.RECORDED, from_us=now_us - 30 * MINUTE, until_us=now_us
        )

    decision = await school.asks(school.people.officer(), half_an_hour_ago)
    assert decision.reason == "outside-look-back"


async def test_p5_denial_has_a_reason_when_the_owner_is_silent_or_says_no() -> None:
    """Silence ends in a refusal; a no is one at once. Both reach the hub."""
    school = School(ON_REQUEST)
    incident = school.people.incident()
    silent = await school.asks(school.people.officer("A. Rivera"), incident=incident)
    denied = await school.asks(school.people.officer("B. Chen"), incident=incident)
    await school.heart.ask_owner.answer(
        school.people.approval(denied.request, at_us=school.now_us, answer="refuse")
    )
    assert silent.answer_by_us == school.now_us + 15 * MINUTE
    await school.passes(15 * 60 + 1, tick_s=30)
    answers = {
        decision.request: decision.reason
        for decision in map(school.read, school.memory.outbox.envelopes("decision"))
    }
    assert answers == {denied.request: "approval-refused", silent.request: "approval-not-given"}
    assert await school.heart.ask_owner.inbox() == []


async def test_p5_denial_has_a_reason_in_the_clause_that_almost_fits() -> None:
    """A purpose the agreement rules out for ever is named as such."""
    school = School(ON_ALARM)
    await school.alarm()

    def never(asked: AccessRequestStatement) -> AccessRequestStatement:
        return msgspec.structs.replace(asked, purpose="immigration-enforcement")

    assert (await school.asks(school.people.officer(), never)).reason == "purpose-never"
