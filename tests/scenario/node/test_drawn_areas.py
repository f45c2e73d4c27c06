"""Owners draw what is covered: signed, logged, in force at once, and never less."""

from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handfast.kit.encoding import unb64
from handfast.kit.errors import (
    ConflictError,
    DeniedError,
    InvalidError,
    NotFoundError,
)
from handfast.media.units import StreamKey
from handfast.model.camera import CameraId
from handfast.model.media import Rendition
from handfast.node.hub_answers import HubAnswers
from handfast.node.pep import LogUnwritableError
from handfast.node.redaction.areas import ProtectedAreas
from handfast.node.redaction.orders import Area, CameraRedaction
from handfast.node.usecases.draw_areas import Saved
from handfast.protocol.statements import LogProof
from handfast.protocol.wire import RecordingsAsk
from tests.scenario.node.people import GATE, ON_ALARM, SECOND, YARD, key
from tests.scenario.node.school import School
from tests.scenario.node.test_unmasking import BY_TWO, REDACTED, UNMASK, asks, filmed

DOOR = [(0, 0), (2500, 0), (2500, 5000), (0, 5000)]
SANDPIT = [(5000, 5000), (9000, 5000), (7000, 9000)]
AS_AREA = Area(points=((0, 0), (0.25, 0), (0.25, 0.5), (0, 0.5)))


async def draws(school: School, **drawn: Any) -> Saved:
    """Draw on the owner's phone."""
    challenge = school.heart.challenges.issue().challenge
    envelope = school.people.drawing(challenge, at_us=school.now_us, **drawn)
    return await school.heart.draw_areas.draw(envelope)


def entry(proof: LogProof) -> dict[str, Any]:
    """Read the entry that a proof shows."""
    found: dict[str, Any] = msgspec.json.decode(unb64(proof.entry))
    return found


def shown(school: School, camera: str = GATE) -> CameraRedaction:
    """Return how a camera is covered now."""
    return school.areas.redaction(CameraId(camera))


async def test_a_drawing_is_logged_stored_and_in_force() -> None:
    """It survives a restart, and replaces the one before as a whole."""
    school = School()
    saved = await draws(school, masks=[DOOR], children=[SANDPIT])
    assert (saved.revision, entry(saved.log)["kind"]) == (1, "drawing")
    assert shown(school).masks == (AS_AREA,)
    assert len(shown(school).children) == 1
    assert shown(school, YARD) == CameraRedaction()
    school.start()
    assert shown(school).masks == (AS_AREA,)
    gate, yard = school.heart.draw_areas.list_areas()
    assert (gate.revision, gate.drawn.masks, gate.drawn.children) == (1, [DOOR], [SANDPIT])
    assert (yard.revision, yard.drawn.masks) == (0, [])
    await draws(school, replaces=1, masks=[SANDPIT])
    assert len(shown(school).masks) == 1
    assert shown(school).children == ()


async def test_what_the_installation_has_set_stays_whatever_is_drawn() -> None:
    """A drawing adds, and an empty one takes away only what was drawn."""
    yard = CameraId(YARD)
    installed = CameraRedaction(masks=(AS_AREA,), children=(AS_AREA,), mosaic=True)
    school = School()
    await draws(school, camera=YARD, masks=[SANDPIT])
    areas = ProtectedAreas({yard: installed}, school.memory.drawings.all())
    assert areas.redaction(yard).masks[0] == AS_AREA
    assert len(areas.redaction(yard).masks) == 2
    assert areas.redaction(yard).mosaic
    await draws(school, camera=YARD, replaces=1)
    areas = ProtectedAreas({yard: installed}, school.memory.drawings.all())
    assert areas.redaction(yard) == installed


async def test_two_devices_do_not_overwrite_each_other_unseen() -> None:
    """The second one is told to look first; nothing of it is in force or in the log."""
    school = School()
    await draws(school, masks=[DOOR])
    with pytest.raises(ConflictError, match="draw yours again"):
        await draws(school, masks=[SANDPIT], by=school.people.tablet)
    assert shown(school).masks == (AS_AREA,)
    await draws(school, masks=[DOOR, SANDPIT], replaces=1, by=school.people.tablet)
    assert len(shown(school).masks) == 2


async def test_p4_the_site_decides_areas_are_the_owners_to_draw() -> None:
    """Not anybody's, not twice, not for another camera than the site has."""
    school = School()
    with pytest.raises(DeniedError):
        await draws(school, masks=[DOOR], by=key("a stranger"))
    with pytest.raises(NotFoundError):
        await draws(school, camera=str(UUID(int=5)), masks=[DOOR])
    challenge = school.heart.challenges.issue().challenge
    envelope = school.people.drawing(challenge, at_us=school.now_us, masks=[DOOR])
    await school.heart.draw_areas.draw(envelope)
    with pytest.raises(DeniedError):
        await school.heart.draw_areas.draw(envelope)


async def test_nothing_changes_while_the_log_takes_nothing() -> None:
    """Neither more nor less is covered without an entry that says so."""
    school = School()
    await draws(school, masks=[DOOR])
    school.disk.full = True
    with pytest.raises(LogUnwritableError):
        await draws(school, replaces=1)
    assert shown(school).masks == (AS_AREA,)
    school.disk.full = False
    assert (await draws(school, replaces=1)).revision == 2


async def test_p6_redacted_by_default_live_pictures_go_on_with_the_new_areas() -> None:
    """The camera's renditions are made anew; who sees them redacted need not ask again."""
    school = School(ON_ALARM, REDACTED)
    await school.alarm()
    decision = await school.asks(
        school.people.officer(),
        lambda asked: msgspec.structs.replace(asked, rendition=Rendition.REDACTED),
    )
    assert decision.grant is not None
    saved = await draws(school, masks=[DOOR])
    assert (saved.ended, school.live_tracks.renewed) == (0, [UUID(GATE)])
    assert school.heart.grants.get(decision.grant.id) is not None


async def test_p6_redacted_by_default_ranges_of_before_are_shown_no_more(
    tmp_path: Path,
) -> None:
    """They end with the reason; asked for again, they are made with the new areas."""
    async with filmed(tmp_path, REDACTED) as school:
        wish = {"rendition": Rendition.REDACTED, "track": msgspec.UNSET, "comment": ""}
        await school.alarm()
        first = await asks(school, **wish)
        await anyio.wait_all_tasks_blocked()
        other = await draws(school, camera=YARD, masks=[DOOR])
        assert other.ended == 0
        assert (await draws(school, masks=[DOOR])).ended == 1
        ask = RecordingsAsk(
            grant=first.grant.id, from_us=school.now_us - 5 * SECOND, until_us=school.now_us
        )
        with pytest.raises(DeniedError):
            await HubAnswers(school.heart).recordings(ask)
        (access,) = school.memory.accesses.before(school.now_us + SECOND, 5)
        assert access.reason == "areas-changed"
        await asks(school, **wish)
        await anyio.wait_all_tasks_blocked()
        before, after = school.darkroom.orders
        assert (before.making.how.masks, after.making.how.masks) == ((), (AS_AREA,))


async def approved(school: School, *devices: str) -> str:
    """Ask to unmask one track, let the owner approve, and return what came of it."""
    pending = await asks(school)
    if pending.outcome != "pending":
        return f"{pending.outcome} {pending.reason}"
    before = len(school.memory.outbox.envelopes("decision"))
    for device in devices:
        approval = school.people.approval(
            pending.request, at_us=school.now_us, by=getattr(school.people, device)
        )
        await school.heart.ask_owner.answer(approval)
    told = school.memory.outbox.envelopes("decision")[before:]
    return school.read(told[0]).outcome if told else "waits"


async def test_p6_redacted_by_default_a_drawn_childrens_zone_takes_two_at_once(
    tmp_path: Path,
) -> None:
    """What one person had opened ends, and one alone opens nothing more."""
    async with filmed(tmp_path, UNMASK) as school:
        assert await approved(school, "phone") == "permit"
        assert (await draws(school, children=[SANDPIT])).ended == 1
        assert school.heart.grants.all() == ()
        assert await approved(school, "phone") == "deny rendition-not-agreed"
        await draws(school, replaces=1)
        assert await approved(school, "phone") == "permit"


async def test_p6_redacted_by_default_where_a_zone_was_drawn_two_may_unmask(
    tmp_path: Path,
) -> None:
    """With an agreement that asks for two."""
    async with filmed(tmp_path, BY_TWO) as school:
        await draws(school, children=[SANDPIT])
        assert await approved(school, "phone") == "waits"
        assert await approved(school, "phone", "tablet") == "permit"


async def test_a_zone_that_is_drawn_while_the_owner_is_asked_counts(tmp_path: Path) -> None:
    """The request is judged as things stand when the answer comes."""
    async with filmed(tmp_path, UNMASK) as school:
        pending = await asks(school)
        assert pending.outcome == "pending"
        await draws(school, children=[SANDPIT])
        approval = school.people.approval(pending.request, at_us=school.now_us)
        await school.heart.ask_owner.answer(approval)
        (told,) = school.memory.outbox.envelopes("decision")
        assert school.read(told).reason == "rendition-not-agreed"


async def test_numbers_of_live_tracks_mean_nothing_after_a_drawing() -> None:
    """The next process counts anew."""
    school = School()
    covered = StreamKey(UUID(GATE), "main", Rendition.REDACTED)
    school.live_tracks.followed[covered, 12, b"s" * 16] = "person"  # type: ignore[assignment] # only there
    await draws(school, masks=[DOOR])
    assert school.live_tracks.followed == {}


corners = st.tuples(st.integers(-9, 10_009), st.integers(-9, 10_009))
outlines = st.lists(st.lists(corners, max_size=34), max_size=34)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(masks=outlines, children=outlines)
async def test_whatever_is_drawn_is_taken_as_it_is_or_refused_whole(
    masks: list[list[tuple[int, int]]], children: list[list[tuple[int, int]]]
) -> None:
    """A refusal names why and leaves no trace."""
    school = School()
    size = school.disk.size()
    try:
        await draws(school, masks=masks, children=children)
    except InvalidError:
        assert shown(school) == CameraRedaction()
        assert school.memory.drawings.all() == ()
        assert school.disk.size() == size
    else:
        (gate, _) = school.heart.draw_areas.list_areas()
        assert (gate.drawn.masks, gate.drawn.children) == (masks, children)
