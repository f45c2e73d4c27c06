"""Redacted ranges of whoever seeks: the newest wish is made, not all of the earlier ones."""

from pathlib import Path

import anyio
import msgspec

from handfast.model.media import Rendition
from handfast.node.hub_answers import HubAnswers
from handfast.protocol.wire import Recordings, RecordingsAsk
from tests.scenario.node.people import SECOND
from tests.scenario.node.school import School
from tests.scenario.node.test_unmasking import REDACTED, asks, filmed

WISH = {"rendition": Rendition.REDACTED, "track": msgspec.UNSET, "comment": ""}


async def test_a_later_wish_ends_the_making_of_earlier_ones_of_the_same_camera(
    tmp_path: Path,
) -> None:
    """What was made of the earlier one stays."""
    async with filmed(tmp_path, REDACTED) as school:
        school.darkroom.endless = True
        await school.alarm()
        first = await asks(school, **WISH)
        await anyio.wait_all_tasks_blocked()
        assert (len(school.darkroom.orders), school.darkroom.left) == (1, [])
        later = await asks(school, from_us=school.now_us - 4 * SECOND, **WISH)
        await anyio.wait_all_tasks_blocked()
        begun = [Path(order.folder).name for order in school.darkroom.orders]
        assert begun == [first.grant.id, later.grant.id]
        assert [Path(order.folder).name for order in school.darkroom.left] == [first.grant.id]
        assert (tmp_path / first.grant.id).is_dir()
        left = await listed(school, first.grant.id)
        assert (left.making, left.reason) == (False, "redaction-left")


async def listed(school: School, grant: str) -> Recordings:
    """Ask what there is of a grant's range."""
    ask = RecordingsAsk(
        grant=grant, from_us=school.now_us - 5 * SECOND, until_us=school.now_us - 2 * SECOND
    )
    return await HubAnswers(school.heart).recordings(ask)


async def test_whoever_looks_at_a_range_that_broke_is_told(tmp_path: Path) -> None:
    """It neither looks complete nor as if more would come; another range is not affected."""
    async with filmed(tmp_path, REDACTED) as school:
        school.darkroom.breaks = True
        await school.alarm()
        broken = await asks(school, **WISH)
        found = await listed(school, broken.grant.id)
        assert (found.making, found.reason) == (False, "redaction-failed")
        school.darkroom.breaks = False
        whole = await asks(school, **WISH)
        found = await listed(school, whole.grant.id)
        assert (found.making, found.reason) == (False, None)
