"""What an owner draws, on real processes: recorded pictures are covered, children take two."""

import numpy as np
import pytest

from handfast.model.media import Rendition
from handfast.vision.cover import LUMA
from tests.e2e.city import SCHOOL, RunningCity
from tests.e2e.officer import Answer, KnownSite, Officer, officer
from tests.e2e.owner import Owner
from tests.e2e.test_p6_redacted_by_default import pictures_of
from tests.e2e.waiting import CLOCK, until
from tests.e2e.watching import look_back

pytestmark = pytest.mark.timeout(300)
SECOND = 1_000_000
_NEAR = 4  # what coding makes of one luma value
LEFT = [(0, 0), (5000, 0), (5000, 10_000), (0, 10_000)]
SANDPIT = [(6000, 6000), (9000, 6000), (7500, 9000)]


async def unmask(rivera: Officer, known: KnownSite, span: tuple[int, int]) -> Answer:
    """Ask for one person of a recorded range."""
    return await rivera.asks(
        known,
        span_us=span,
        rendition=Rendition.UNMASKED,
        track=1,
        comment="took the bicycle from the rack",
    )


async def test_p6_redacted_by_default_a_drawn_area_is_covered_and_a_zone_takes_two(
    city: RunningCity,
) -> None:
    """What was opened before ends; what is opened after is covered; taken away, it opens."""
    async with officer(city.city) as rivera:
        known = await rivera.site(SCHOOL)
        owner = Owner(city=city, site=SCHOOL).pair()
        camera = known.camera(0)
        city.panel(SCHOOL, "raise")
        began_us = CLOCK.now_us()
        until(lambda: CLOCK.now_us() > began_us + 6 * SECOND, within_s=20, what="six seconds")
        span = (began_us + SECOND, began_us + 4 * SECOND)
        opened = await unmask(rivera, known, span)
        assert opened.decision.outcome == "permit"
        saved = owner.draw(camera, masks=[LEFT], children=[SANDPIT])
        assert saved["ended"] >= 1  # the city's other tests may have left some open
        lines = {each["grant"]: each for each in owner.get("/accesses")["accesses"]}
        assert lines[opened.grant.id]["reason"] == "areas-changed"
        refused = await unmask(rivera, known, span)
        assert refused.decision.reason == "rendition-not-agreed"
        redacted = await rivera.asks(known, span_us=span, rendition=Rendition.REDACTED)
        runs = await look_back(rivera, known, redacted, since_us=span[0], until_us=span[1])
        pictures = pictures_of([run.opened for run in runs])
        assert len(pictures) >= 20
        for picture in pictures:
            left = picture.y[:, : picture.y.shape[1] // 2 - 8].astype(int)
            assert np.mean(np.abs(left - LUMA) <= _NEAR) > 0.99
        owner.draw(camera)
        assert (await unmask(rivera, known, span)).decision.outcome == "permit"
    city.panel(SCHOOL, "clear")
