"""The main story: alarm, picture, clear, end; and who looked."""

from handfast.seal.format import FrameType
from tests.scenario.node.school import School


async def test_an_alarm_opens_the_live_picture_and_its_end_closes_it() -> None:
    """Alarm, request, keys; clear, linger, end; nothing after it."""
    school = School()
    officer = school.people.officer()
    await school.films(3)
    await school.alarm()
    watching = await school.watches(officer)
    await school.films(4)
    assert len(watching.run_keys()) >= 4
    assert school.viewers.of("stream")
    assert watching.alive().alive is not None
    await school.alarm("clear")
    for _ in range(58):
        watching.alive()
        await school.passes(5, tick_s=1)
    watching.alive()
    await school.films(9)
    assert watching.ends() == []
    before = len(watching.frames(FrameType.KEY))
    await school.films(2)
    (end,) = watching.ends()
    assert end.reason == "signal-not-active"
    assert len(watching.frames(FrameType.KEY)) <= before + 3
    sent = len(school.viewers.frames)
    await school.films(3)
    assert len(school.viewers.frames) == sent
    (line,) = await school.heart.who_looked.list_accesses(before_us=school.now_us, limit=10)
    assert line.name == "A. Rivera"
    assert line.opened is not None
    assert line.closed is not None
    assert line.reason == "signal-not-active"
