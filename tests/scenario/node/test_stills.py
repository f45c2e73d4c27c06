"""Owners see one covered picture to draw on: signed for, logged first, and no way to watch."""

from uuid import UUID

import anyio
import msgspec
import pytest

from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import DeniedError, NotFoundError, UnavailableError
from handfast.media.feed import StillMade
from handfast.media.units import StreamKey
from handfast.model.media import Rendition
from handfast.node.pep import LogUnwritableError
from handfast.node.usecases.show_still import PAUSE_S, Still
from tests.scenario.node.people import GATE, YARD
from tests.scenario.node.school import School
from tests.scenario.node.test_drawn_areas import DOOR, draws

COVERED = StreamKey(UUID(GATE), "main", Rendition.REDACTED)


def made(school: School) -> StillMade:
    """Return a picture that a process may tell."""
    return StillMade(
        stream=COVERED, jpeg=b"a jpeg", at_us=school.now_us, state="normal", reason=""
    )


async def filmed() -> School:
    """Open a school whose gate is filmed, and whose darkroom makes stills."""
    school = School()
    await school.films(6, ticks=False)
    school.darkroom.events = [made(school)]
    return school


async def sees(school: School, camera: str = GATE) -> Still:
    """Ask for a picture on the owner's phone."""
    challenge = school.heart.challenges.issue().challenge
    wish = school.people.still(challenge, at_us=school.now_us, camera=camera)
    return await school.heart.stills.show(wish)


async def test_the_owner_sees_the_latest_picture_covered_and_the_log_says_so() -> None:
    """It is made as every redacted picture is, of the newest seconds."""
    school = await filmed()
    await draws(school, masks=[DOOR])
    still = await sees(school)
    assert still.picture == b64(b"a jpeg")
    entry = msgspec.json.decode(unb64(still.log.entry))
    assert entry["kind"] == "still"
    assert "accesses" in school.bell.rung
    (listed,) = (await school.heart.read_log.stills(before=1 << 53, limit=50)).stills
    assert (listed.index, listed.entry) == (still.log.index, still.log.entry)
    (order,) = school.darkroom.stills
    assert order.making.stream == COVERED
    assert len(order.making.how.masks) == 1
    newest = max(run.start_us for source in order.sources for run in source.runs)
    assert school.now_us - newest < 3_000_000


async def test_it_is_no_way_to_watch() -> None:
    """One each five seconds for each camera; what is refused is not logged."""
    school = await filmed()
    await sees(school)
    size = school.disk.size()
    with pytest.raises(UnavailableError, match="wait"):
        await sees(school)
    assert school.disk.size() == size
    await sees(school, camera=YARD)  # another camera may be looked at
    await school.passes(PAUSE_S)
    assert (await sees(school)).picture is not None


async def test_p2_audit_before_effect_without_the_log_nothing_is_shown() -> None:
    """Nothing is even made."""
    school = await filmed()
    school.disk.full = True
    with pytest.raises(LogUnwritableError):
        await sees(school)
    assert school.darkroom.stills == []


async def test_a_camera_without_pictures_says_so() -> None:
    """Nothing recorded, nothing recorded lately, a process that broke."""
    school = School()
    assert (await sees(school)).reason == "nothing-recorded"
    await school.films(6, ticks=False)
    school.darkroom.events = []
    assert (await sees(school)).reason == "redaction-failed"
    await school.passes(60)
    still = await sees(school)
    assert (still.picture, still.reason) == (None, "nothing-recorded")


async def test_a_picture_that_was_made_with_fewer_areas_is_not_shown() -> None:
    """Whoever draws while it is made asks again."""
    school = await filmed()
    school.darkroom.pause = anyio.Event()
    seen: list[Still] = []

    async def _see() -> None:
        seen.append(await sees(school))

    async with anyio.create_task_group() as group:
        group.start_soon(_see)
        while not school.darkroom.stills:
            await anyio.wait_all_tasks_blocked()
        await draws(school, masks=[DOOR])
        school.darkroom.pause.set()
    assert (seen[0].picture, seen[0].reason) == (None, "areas-changed")


async def test_a_wish_counts_once_and_for_a_camera_of_the_site() -> None:
    """A replay and a strange camera are refused."""
    school = await filmed()
    challenge = school.heart.challenges.issue().challenge
    wish = school.people.still(challenge, at_us=school.now_us)
    await school.heart.stills.show(wish)
    with pytest.raises(DeniedError):
        await school.heart.stills.show(wish)
    with pytest.raises(NotFoundError):
        await sees(school, camera=str(UUID(int=5)))
