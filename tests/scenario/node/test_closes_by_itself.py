"""P3: when a grant ends nothing more is sent, and no key ever left for what lies outside."""

from dataclasses import replace

import pytest

from handfast.kit.errors import InvalidError
from handfast.model.agreement import WhileSignal
from handfast.protocol.signing import verify
from handfast.protocol.statements import Alive, Closes
from handfast.protocol.wire import AliveAsk
from handfast.seal.format import FrameType
from tests.scenario.node.people import MINUTE, ON_ALARM, SECOND
from tests.scenario.node.school import School, Watching

AT_ONCE = replace(ON_ALARM, when=WhileSignal(kind="intrusion", linger_us=0), look_back_us=0)


def last_key_us(school: School, watching: Watching) -> int:
    """Return when the last run whose key was sent began."""
    released = [since for grant, since, _ in school.keys.live if grant == watching.grant.id]
    return max(released)


def told(school: School, watching: Watching) -> int:
    """Return when the node says, signed, that this grant ends as things stand."""
    answer = watching.alive().alive
    assert answer is not None
    node = school.people.node
    alive = verify(answer, Alive, trusted={node.fingerprint: node.public})
    assert isinstance(alive.closes, Closes)
    assert alive.closes.grant == watching.grant.id
    return alive.closes.at_us


async def test_a_viewer_is_told_the_same_end_as_the_owner_whatever_the_alarm_does() -> None:
    """Raised, renewed, cleared: lease and linger, never the time box that is far away."""
    school = School()
    await school.films(1)
    raised = await school.alarm(lease_s=60)
    watching = await school.watches(school.people.officer())
    linger_us = 5 * MINUTE
    await school.films(2)
    assert told(school, watching) == raised.lease_until_us + linger_us
    await school.films(8)
    renewed = await school.alarm("renew", lease_s=60)
    await school.films(2)
    assert told(school, watching) == renewed.lease_until_us + linger_us
    assert renewed.lease_until_us > raised.lease_until_us
    cleared = await school.alarm("clear")
    await school.films(2)
    assert cleared.cleared_us is not None
    assert told(school, watching) == cleared.cleared_us + linger_us
    (of_owner,) = school.heart.grants.all()  # what the owner's page counts to
    assert of_owner.ends_us == told(school, watching) < of_owner.until_us


async def test_p3_closes_by_itself_no_key_for_a_run_that_begins_after_the_clear() -> None:
    """The alarm clears, without linger; not one later run is opened, no tick needed."""
    school = School(AT_ONCE)
    await school.films(1)
    await school.alarm()
    watching = await school.watches(school.people.officer())
    await school.films(4)
    school.clock.move(0.001)
    cleared = await school.alarm("clear")
    assert cleared.cleared_us is not None
    await school.films(4, ticks=False)
    assert last_key_us(school, watching) < cleared.cleared_us
    (end,) = watching.ends()
    assert end.ended_us == cleared.cleared_us


async def test_p3_closes_by_itself_when_nobody_renews_the_alarm() -> None:
    """A lost clear leaves no door open: the lease runs out and the keys stop with it."""
    school = School(AT_ONCE)
    await school.films(1)
    raised = await school.alarm(lease_s=10)
    watching = await school.watches(school.people.officer())
    await school.films(9)
    watching.alive()
    # The clock that drives the node stands still: arithmetic alone must close.
    await school.films(6, ticks=False)
    assert last_key_us(school, watching) < raised.lease_until_us
    sent = len(school.viewers.of("stream"))
    assert sent, "pictures were sent while the alarm lasted"
    await school.films(2, ticks=False)
    assert len(school.viewers.of("stream")) == sent


async def test_p3_closes_by_itself_when_the_longest_time_is_over() -> None:
    """The alarm goes on, the viewer is alive; the time box still ends the grant."""
    clause = replace(AT_ONCE, longest_us=30 * SECOND)
    school = School(clause)
    await school.films(1)
    await school.alarm(lease_s=600)
    watching = await school.watches(school.people.officer())
    for _ in range(31):
        watching.alive()
        await school.films(1)
    assert last_key_us(school, watching) < watching.grant.until_us
    (end,) = watching.ends()
    assert (end.reason, end.ended_us) == ("time-box-ended", watching.grant.until_us)


async def test_p3_closes_by_itself_by_the_owners_tap() -> None:
    """Close everything: at once, with the last ciphertext before the end statement."""
    school = School()
    await school.films(1)
    await school.alarm()
    watching = await school.watches(school.people.officer())
    await school.films(3)
    challenge = school.heart.challenges.issue().challenge
    closing = school.people.closing(challenge, at_us=school.now_us)
    assert (await school.heart.close_access.close(closing)).ended == 1
    sent = len(school.viewers.frames)
    await school.films(3)
    assert len(school.viewers.frames) == sent
    (end,) = watching.ends()
    assert (end.reason, end.ended_us) == ("owner-closed", school.now_us - 3 * SECOND)
    again = await school.asks(school.people.officer())
    assert (again.outcome, again.reason) == ("deny", "owner-closed")


async def test_p3_closes_by_itself_and_opens_again_with_a_new_alarm() -> None:
    """A closing holds for what had begun before it, not for ever."""
    school = School()
    await school.alarm()
    challenge = school.heart.challenges.issue().challenge
    await school.heart.close_access.close(school.people.closing(challenge, at_us=school.now_us))
    await school.alarm("clear")
    await school.passes(120, tick_s=10)
    await school.alarm()
    assert (await school.asks(school.people.officer())).outcome == "permit"


async def test_p3_closes_by_itself_when_the_certificate_runs_out() -> None:
    """The viewer's certificate ends; so does what it sees."""
    school = School()
    await school.films(1)
    await school.alarm(lease_s=600)
    until_us = school.now_us + 20 * SECOND
    watching = await school.watches(school.people.officer(until_us=until_us))
    for _ in range(22):
        watching.alive()
        await school.films(1)
    assert last_key_us(school, watching) < until_us
    (end,) = watching.ends()
    assert end.reason == "certificate-expired"


async def test_p3_closes_by_itself_when_the_agreement_is_withdrawn() -> None:
    """The owner takes the agreement out of its folder."""
    school = School()
    await school.films(1)
    await school.alarm()
    watching = await school.watches(school.people.officer())
    await school.films(2)
    school.trusted = replace(school.trusted, standing={})
    await school.films(2)
    (end,) = watching.ends()
    assert end.reason == "agreement-not-in-force"
    sent = len(school.viewers.frames)
    await school.films(2)
    assert len(school.viewers.frames) == sent


async def test_p3_closes_by_itself_when_the_viewer_is_silent() -> None:
    """Without signs of life for ten seconds the node stops sending, and the camera rests."""
    school = School()
    await school.films(1)
    await school.alarm(lease_s=600)
    watching = await school.watches(school.people.officer())
    await school.films(11)
    assert school.recorder.attached == []
    sent = len(school.viewers.frames)
    await school.films(3)
    assert len(school.viewers.frames) == sent
    assert watching.alive().alive is None
    assert (await watching.attach()).ok


async def test_p3_closes_by_itself_for_one_while_another_still_watches() -> None:
    """Two officers on one stream: one is closed, the other sees on."""
    school = School()
    await school.films(1)
    await school.alarm()
    rivera = await school.watches(school.people.officer("A. Rivera"))
    chen = await school.watches(school.people.officer("B. Chen"))
    await school.films(2)
    challenge = school.heart.challenges.issue().challenge
    await school.heart.close_access.close(
        school.people.closing(challenge, at_us=school.now_us, grant=rivera.grant.id)
    )
    keys = len(rivera.frames(FrameType.KEY)), len(chen.frames(FrameType.KEY))
    shared = len(school.viewers.of("stream"))
    await school.films(4)
    assert len(rivera.frames(FrameType.KEY)) == keys[0]
    assert len(chen.frames(FrameType.KEY)) >= keys[1] + 4
    assert len(school.viewers.of("stream")) > shared
    assert (await school.asks(school.people.officer("A. Rivera"))).reason == "owner-closed"


async def test_nothing_before_the_grant_is_opened_without_look_back() -> None:
    """Joining in the middle of a group: a keyframe is asked for, earlier runs stay shut."""
    school = School(AT_ONCE)
    await school.films(5.5, group_s=20)
    await school.alarm()
    watching = await school.watches(school.people.officer())
    assert school.recorder.keyframes == [school.camera.key]
    await school.films(2, group_s=20)
    assert watching.frames(FrameType.KEY) == []
    for event in school.camera.picture(school.now_us, key=True):
        await school.heart.hear(event)
    await school.films(2, group_s=20)
    assert len(watching.run_keys()) >= 2
    assert all(until > watching.grant.from_us for _, _, until in school.keys.live)


async def test_a_look_back_opens_the_group_in_progress() -> None:
    """With ten minutes of look-back the picture begins at once."""
    school = School()
    await school.films(5.5, group_s=20)
    await school.alarm()
    watching = await school.watches(school.people.officer())
    await school.films(0.2, group_s=20)
    assert len(watching.run_keys()) == 6
    assert school.recorder.keyframes == []
    kinds = [frame[0] for frame in school.viewers.of(watching.grant.id)]
    assert kinds.index(FrameType.WINDOW) < kinds.index(FrameType.KEY)
    assert kinds.index(FrameType.KEY) < kinds.index(FrameType.RUN)


async def test_a_grant_ends_once_and_is_told_to_the_hub() -> None:
    """One end statement, in the outbox too."""
    school = School()
    await school.alarm()
    watching = await school.watches(school.people.officer())
    await school.alarm("clear")
    await school.passes(6 * 60, tick_s=1)
    assert len(school.memory.outbox.envelopes("ended")) == 1
    assert watching.grant.until_us > school.now_us + MINUTE


@pytest.mark.parametrize("nonce", ["", "!", "A" * 200])
async def test_a_strange_nonce_is_refused(nonce: str) -> None:
    """The node signs nonces, not whatever it is given."""
    school = School()
    with pytest.raises(InvalidError):
        school.heart.live.alive(AliveAsk(grant="x", nonce=nonce))
