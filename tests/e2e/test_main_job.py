"""The main job without a browser: alarm, live picture, recorded picture, end, who looked."""

from itertools import pairwise

import pytest

from tests.e2e.city import SCHOOL, RunningCity
from tests.e2e.officer import officer
from tests.e2e.waiting import CLOCK
from tests.e2e.watching import look_back, watching

pytestmark = pytest.mark.timeout(120)


async def test_an_alarm_opens_live_and_recorded_pictures_until_it_is_over(
    city: RunningCity,
) -> None:
    """Live pictures come in order, the past opens by its marks, the end comes by itself."""
    async with officer(city.city) as rivera:
        known = await rivera.site(SCHOOL)
        city.panel(SCHOOL, "raise")
        answer = await rivera.asks(known)
        async with watching(rivera, known, answer) as view:
            await view.sees(130)
            numbers = [mark.number for mark in view.marks]
            assert all(b == a + 1 for a, b in pairwise(numbers))
            assert view.windows
            await view.until(lambda: bool(view.alive), 5, "a sign of life")
            now_us = CLOCK.now_us()
            span = (now_us - 4_500_000, now_us - 2_000_000)
            recorded = await rivera.asks(known, span_us=span)
            runs = await look_back(rivera, known, recorded, since_us=span[0], until_us=span[1])
            marks = sorted(mark.number for run in runs for mark in run.marks)
            assert len(marks) >= 50
            assert marks == list(range(marks[0], marks[-1] + 1))
            city.panel(SCHOOL, "clear")
            await view.until(lambda: bool(view.ends), 15, "the end")
        assert view.ends[0].reason == "signal-not-active"
