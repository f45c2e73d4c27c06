"""P2 on real processes: the node is killed, and its log still explains what got out."""

import msgspec
import pytest

from handfast.audit.source import HttpSource
from handfast.audit.verify import verify_log
from tests.e2e.city import SCHOOL, RunningCity
from tests.e2e.officer import Answer, KnownSite, officer
from tests.e2e.watching import Watching, watching

pytestmark = pytest.mark.timeout(180)
REACH_BACK_US = 2_000_000


def explained(city: RunningCity, known: KnownSite, answers: list[Answer]) -> None:
    """Every decision that got out is in the log of the node that came back."""
    proofs = [msgspec.json.encode(answer.decision.log).decode() for answer in answers]
    vkey = known.agreement.node.log
    report = verify_log(HttpSource(f"{city.city.node_url(SCHOOL)}/log"), vkey, openings=proofs)
    assert report.holds, report.findings


def explained_keys(city: RunningCity, known: KnownSite, view: Watching) -> None:
    """Every run key that got out lies in a window of that log."""
    proofs = [msgspec.json.encode(window.log).decode() for window in view.windows]
    vkey = known.agreement.node.log
    report = verify_log(HttpSource(f"{city.city.node_url(SCHOOL)}/log"), vkey, openings=proofs)
    assert report.holds, report.findings
    spans = [(window.from_us - REACH_BACK_US, window.until_us) for window in view.windows]
    starts = [view.runs[place].start_us for place in view.keys if place in view.runs]
    assert starts
    for start_us in starts:
        assert any(since_us <= start_us < until_us for since_us, until_us in spans)


@pytest.mark.parametrize("pictures", [0, 1, 30])
async def test_p2_audit_before_effect_whenever_the_node_is_killed(
    city: RunningCity, pictures: int
) -> None:
    """Right after the decision, at the first picture, and in the middle of the view."""
    city.panel(SCHOOL, "raise")
    async with officer(city.city) as rivera:
        known = await rivera.site(SCHOOL)
        answer = await rivera.asks(known)
        if pictures:
            async with watching(rivera, known, answer) as view:
                await view.sees(pictures)
                city.kill("node-school")
        else:
            city.kill("node-school")
        city.start("node-school")
        explained(city, known, [answer])
        if pictures:
            explained_keys(city, known, view)
        city.connected(SCHOOL)
        again = await rivera.asks(known)
        assert again.decision.outcome == "permit"  # the alarm outlived the crash
    city.panel(SCHOOL, "clear")
