"""Redacted ranges of whoever seeks: the newest wish is made, not all of the earlier ones."""

from pathlib import Path

import anyio
import msgspec

from handfast.model.media import Rendition
from tests.scenario.node.people import SECOND
from tests.scenario.node.test_unmasking import REDACTED, asks, filmed


async def test_a_later_wish_ends_the_making_of_earlier_ones_of_the_same_camera(
    tmp_path: Path,
) -> None:
    """What was made of the earlier one stays."""
    async with filmed(tmp_path, REDACTED) as school:
        school.darkroom.endless = True
        await school.alarm()
        wish = {"rendition": Rendition.REDACTED, "track": msgspec.UNSET, "comment": ""}
        first = await asks(school, **wish)
        await anyio.wait_all_tasks_blocked()
        assert (len(school.darkroom.orders), school.darkroom.left) == (1, [])
        later = await asks(school, from_us=school.now_us - 4 * SECOND, **wish)
        await anyio.wait_all_tasks_blocked()
        begun = [Path(order.folder).name for order in school.darkroom.orders]
        assert begun == [first.grant.id, later.grant.id]
        assert [Path(order.folder).name for order in school.darkroom.left] == [first.grant.id]
        assert (tmp_path / first.grant.id).is_dir()
