"""Alarms are leases: renewed, damped, numbered, told to the hub and remembered."""

import pytest

from handfast.kit.errors import ConflictError, DeniedError
from handfast.protocol.signing import verify
from handfast.protocol.statements import SignalStatement
from tests.scenario.node.school import School


def told(school: School) -> list[SignalStatement]:
    """Return what the hub was told of signals, checked."""
    node = school.people.node
    trusted = {node.fingerprint: node.public}
    envelopes = school.memory.outbox.envelopes("signal")
    return [verify(each, SignalStatement, trusted=trusted) for each in envelopes]


async def test_a_raised_alarm_survives_a_restart_while_its_lease_runs() -> None:
    """The node comes back, the door is still open, and shuts when the lease is over."""
    school = School()
    raised = await school.alarm(lease_s=60)
    school.clock.move(20)
    heart = school.start()
    await heart.start()
    assert (await school.asks(school.people.officer())).outcome == "permit"
    assert told(school)[-1].episode == raised.episode
    await school.passes(41)
    assert told(school)[-1].state == "cleared"
    assert told(school)[-1].cleared_us == raised.lease_until_us


async def test_a_lease_that_ran_out_while_the_node_was_off_is_over() -> None:
    """Nothing opens on an alarm that nobody renewed meanwhile."""
    school = School()
    await school.alarm(lease_s=60)
    school.clock.move(60 + 300)
    heart = school.start()
    await heart.start()
    assert (await school.asks(school.people.officer())).reason == "signal-not-active"


async def test_a_flapping_alarm_is_told_at_most_once_a_second_and_its_end_always() -> None:
    """Twenty changes in a second become two statements; the last state arrives."""
    school = School()
    for number in range(20):
        await school.alarm("clear" if number % 2 else "raise")
        school.clock.move(0.04)
    await school.passes(2)
    statements = told(school)
    assert len(statements) <= 3
    assert statements[-1].state == "cleared"
    assert statements[-1].sequence == 20
    assert len({each.episode for each in statements}) == 1


async def test_the_first_raise_stays_the_reference_of_a_flapping_alarm() -> None:
    """Look-back counts from the first raise of the episode."""
    school = School()
    first = await school.alarm()
    await school.passes(10)
    await school.alarm("clear")
    await school.passes(30)
    again = await school.alarm()
    assert again.episode == first.episode
    assert again.first_raised_us == first.first_raised_us


async def test_only_the_raising_source_or_the_owner_clears() -> None:
    """The owner's hand raised it: the panel cannot clear it; the owner can."""
    school = School()
    challenge = school.heart.challenges.issue().challenge
    up = school.people.switch(challenge, up=True, at_us=school.now_us)
    await school.heart.close_access.switch(up)
    with pytest.raises(DeniedError):
        await school.alarm("clear")
    challenge = school.heart.challenges.issue().challenge
    down = school.people.switch(challenge, up=False, at_us=school.now_us)
    assert (await school.heart.close_access.switch(down)).cleared_us == school.now_us


async def test_a_renewal_raises_nothing_that_was_cleared() -> None:
    """A panel that goes on renewing does not reopen what the owner has cleared."""
    school = School()
    await school.alarm()
    challenge = school.heart.challenges.issue().challenge
    down = school.people.switch(challenge, up=False, at_us=school.now_us)
    await school.heart.close_access.switch(down)
    with pytest.raises(ConflictError):
        await school.alarm("renew")


async def test_a_test_never_replaces_a_true_alarm() -> None:
    """Testing the panel during an alarm is refused; the alarm goes on."""
    school = School()
    await school.alarm()
    with pytest.raises(ConflictError):
        await school.alarm(test=True)
    assert (await school.asks(school.people.officer())).outcome == "permit"


async def test_renewals_keep_the_door_open() -> None:
    """A panel that renews every half minute keeps the picture going."""
    school = School()
    await school.alarm(lease_s=60)
    watching = await school.watches(school.people.officer())
    for _ in range(10):
        await school.passes(30, tick_s=5)
        await school.alarm("renew", lease_s=60)
    assert school.heart.grants.get(watching.grant.id) is not None


async def test_an_alarm_is_taken_even_when_the_log_is_full() -> None:
    """The hub hears of it at once; the entry follows when there is room."""
    school = School()
    school.disk.full = True
    await school.alarm()
    assert told(school)[-1].state == "raised"
    assert school.memory.log.size() == 0
    school.disk.full = False
    await school.passes(1)
    assert school.memory.log.size() == 1


async def test_a_closing_is_lifted_by_the_owners_own_hand() -> None:
    """Having closed everything the owner may raise the alarm by hand, which opens again."""
    school = School()
    await school.alarm()
    challenge = school.heart.challenges.issue().challenge
    await school.heart.close_access.close(school.people.closing(challenge, at_us=school.now_us))
    assert (await school.asks(school.people.officer())).reason == "owner-closed"
    await school.passes(5)
    challenge = school.heart.challenges.issue().challenge
    up = school.people.switch(challenge, up=True, at_us=school.now_us)
    await school.heart.close_access.switch(up)
    assert (await school.asks(school.people.officer())).outcome == "permit"
