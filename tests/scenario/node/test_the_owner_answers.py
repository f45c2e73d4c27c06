"""On request: the owner is asked on a paired device, answers, and may take it back."""

from dataclasses import replace

import pytest

from handfast.kit.errors import ConflictError, NotFoundError
from handfast.model.agreement import OnRequest
from tests.scenario.node.people import MINUTE, ON_REQUEST, SECOND
from tests.scenario.node.school import School, Watching


async def test_an_approval_opens_the_request_it_names() -> None:
    """Asked, approved, permitted: the decision goes to the hub and opens on the device."""
    school = School(ON_REQUEST)
    officer = school.people.officer()
    pending = await school.asks(officer, incident=school.people.incident())
    (question,) = await school.heart.ask_owner.inbox()
    assert (question.name, question.camera_name) == ("A. Rivera", "Gate")
    assert question.incident_title == "Break-in at Kallio school"
    await school.films(3)
    await school.heart.ask_owner.answer(
        school.people.approval(pending.request, at_us=school.now_us)
    )
    (envelope,) = school.memory.outbox.envelopes("decision")
    decision = school.read(envelope)
    assert decision.outcome == "permit"
    watching = Watching(school=school, officer=officer, decision=decision)
    assert (await watching.attach()).ok
    await school.films(3)
    assert len(watching.run_keys()) >= 3
    assert watching.grant.until_us == school.now_us - 3 * SECOND + 20 * MINUTE
    assert await school.heart.ask_owner.inbox() == []


async def test_two_devices_must_agree_when_the_agreement_says_so() -> None:
    """One phone twice is one; the tablet makes it two."""
    clause = replace(ON_REQUEST, when=OnRequest(approvals=2, answer_within_us=15 * MINUTE))
    school = School(clause)
    pending = await school.asks(school.people.officer(), incident=school.people.incident())
    for _ in range(2):
        school.clock.move(1)
        await school.heart.ask_owner.answer(
            school.people.approval(pending.request, at_us=school.now_us)
        )
    assert school.memory.outbox.envelopes("decision") == []
    tablet = school.people.approval(
        pending.request, at_us=school.now_us, by=school.people.tablet
    )
    await school.heart.ask_owner.answer(tablet)
    (envelope,) = school.memory.outbox.envelopes("decision")
    assert school.read(envelope).outcome == "permit"


async def test_a_later_no_ends_what_a_yes_has_opened() -> None:
    """The owner changes their mind; an old yes sent again does not change it back."""
    school = School(ON_REQUEST)
    officer = school.people.officer()
    pending = await school.asks(officer, incident=school.people.incident())
    approval = school.people.approval(pending.request, at_us=school.now_us)
    await school.heart.ask_owner.answer(approval)
    assert len(school.heart.grants.all()) == 1
    school.clock.move(1)
    await school.heart.ask_owner.answer(
        school.people.approval(pending.request, at_us=school.now_us, answer="refuse")
    )
    assert school.heart.grants.all() == ()
    with pytest.raises(ConflictError):
        await school.heart.ask_owner.answer(approval)


async def test_a_request_waits_through_a_restart() -> None:
    """Asked before, approved after the node came back."""
    school = School(ON_REQUEST)
    pending = await school.asks(school.people.officer(), incident=school.people.incident())
    heart = school.start()
    await heart.start()
    school.clock.move(1)
    await heart.ask_owner.answer(school.people.approval(pending.request, at_us=school.now_us))
    (envelope,) = school.memory.outbox.envelopes("decision")
    assert school.read(envelope).outcome == "permit"


async def test_an_approval_of_nothing_is_not_found() -> None:
    """A hash that nobody asked with."""
    school = School(ON_REQUEST)
    with pytest.raises(NotFoundError):
        await school.heart.ask_owner.answer(
            school.people.approval("A" * 43, at_us=school.now_us)
        )


async def test_a_device_revoked_while_a_request_waited_gets_nothing() -> None:
    """The chain is checked again when the owner has answered."""
    school = School(ON_REQUEST)
    officer = school.people.officer(until_us=school.now_us + 60 * SECOND)
    pending = await school.asks(officer, incident=school.people.incident())
    await school.passes(61, tick_s=5)
    await school.heart.ask_owner.answer(
        school.people.approval(pending.request, at_us=school.now_us)
    )
    (envelope,) = school.memory.outbox.envelopes("decision")
    assert school.read(envelope).reason == "certificate-expired"


async def test_open_accesses_end_with_the_program_and_say_so() -> None:
    """A restart ends what was open, in the log and to the hub; nothing is left half."""
    school = School()
    await school.alarm(lease_s=600)
    watching = await school.watches(school.people.officer())
    heart = school.start()
    await heart.start()
    assert heart.grants.get(watching.grant.id) is None
    (line,) = await heart.who_looked.list_accesses(before_us=school.now_us + 1, limit=9)
    assert (line.reason, line.closed is None) == ("node-restarted", False)
    assert len(school.memory.outbox.envelopes("ended")) == 1
