"""The wall clock is set by somebody, in either direction; nothing lasts longer for it."""

from dataclasses import replace

import pytest

from handfast.model.agreement import WhileSignal
from tests.scenario.node.people import ON_ALARM, SECOND
from tests.scenario.node.school import School

AT_ONCE = replace(
    ON_ALARM, when=WhileSignal(kind="intrusion", linger_us=0), longest_us=60 * SECOND
)


@pytest.mark.parametrize("step_s", [-3600, -30, -2, 2, 3600])
async def test_p3_closes_by_itself_whatever_happens_to_the_clock(step_s: int) -> None:
    """A minute's grant lasts a minute of true time at most."""
    school = School(AT_ONCE)
    await school.films(1)
    await school.alarm(lease_s=600)
    watching = await school.watches(school.people.officer())
    await school.films(20)
    watching.alive()
    school.clock.step_us = step_s * SECOND
    for _ in range(41):
        watching.alive()
        await school.passes(1)
    assert school.heart.grants.all() == ()
    assert len(school.memory.outbox.envelopes("ended")) == 1


@pytest.mark.parametrize("step_s", [-3600, -30, -2])
async def test_p3_closes_by_itself_a_lease_is_not_stretched_by_the_clock(step_s: int) -> None:
    """Ten seconds of lease are ten seconds, though the clock says otherwise."""
    school = School(AT_ONCE)
    await school.alarm(lease_s=10)
    await school.passes(5)
    school.clock.step_us = step_s * SECOND
    await school.passes(4)
    assert (await school.asks(school.people.officer())).outcome == "permit"
    await school.passes(1.1)
    assert (await school.asks(school.people.officer())).reason == "signal-not-active"


async def test_pictures_go_on_after_a_small_step_back() -> None:
    """Two seconds back: a viewer sees on, under windows that say the new time."""
    school = School()
    await school.films(1)
    await school.alarm(lease_s=600)
    watching = await school.watches(school.people.officer())
    await school.films(5)
    before = len(school.keys.live)
    school.clock.step_us = -2 * SECOND
    for event in school.camera.close_segment(school.now_us):
        await school.heart.hear(event)
    school.camera.new_period(school.now_us)
    watching.alive()
    await school.films(6)
    assert len(school.keys.live) >= before + 4


async def test_challenges_do_not_live_longer_for_a_clock_set_back() -> None:
    """They are all forgotten: nobody knows how old they are."""
    school = School()
    await school.alarm()
    officer = school.people.officer()
    ask = officer.ask(school.question(officer), None)
    school.clock.step_us = -60 * SECOND
    decision = school.read(await school.heart.answers.answer(ask))
    assert decision.reason == "challenge-unknown"


async def test_a_clock_that_was_set_back_while_the_node_was_off() -> None:
    """The latest time acted on is remembered, so a lease does not live twice."""
    school = School()
    await school.alarm(lease_s=600)
    school.memory.serials.set_seen_us(school.now_us)
    school.clock.step_us = -3600 * SECOND
    heart = school.start()
    await heart.start()
    await school.passes(901, tick_s=5)
    assert (await school.asks(school.people.officer())).reason == "signal-not-active"
