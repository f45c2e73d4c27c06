"""An officer chooses one of two people in the live picture of a real browser."""

from collections.abc import Iterator

import pytest

from handfast.cli.bench_glass_page import OfficerPage, officer_page
from tests.e2e.city import SCHOOL, RunningCity
from tests.e2e.pages import open_incident, shoot
from tests.e2e.two_people import last_camera, two_people

pytestmark = pytest.mark.timeout(600)  # it waits for what comes true; a busy machine takes long
REASON = "took the bicycle from the rack"
_SHOWN = (
    "[...document.querySelectorAll('figure')]"
    ".map(({ dataset }) => `${dataset.state} ${dataset.rendition}`)"
)
_LONG_S = 240
_OUTLINED = "document.querySelectorAll('[data-kind=person]').length === 2"


@pytest.fixture
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    """Run a school with two people before its last camera."""
    with two_people(tmp_path_factory.mktemp("school")) as city:
        yield city


def ask(officer: OfficerPage) -> str:
    """Choose somebody who is outlined, and say why; return what the page calls them."""
    page = officer.page
    page.get_by_role("button", name="See one person").click()
    officer.wait(_OUTLINED, seconds=_LONG_S)
    first = page.locator("[data-kind=person]").first
    name = str(first.get_attribute("aria-label"))
    shoot(page, "live-choosing")
    first.dispatch_event("click")  # a live picture never stands still
    page.get_by_label("Why this person?").fill(REASON)
    shoot(page, "live-reason")
    page.get_by_role("button", name="Show this person").click()
    return name


def test_an_officer_sees_one_person_live_and_covers_them_again(school: RunningCity) -> None:
    """Nothing is asked twice: the covered picture was never given up."""
    with officer_page(school.city.agency_url) as officer:
        officer.enrol("Aino Rivera")
        school.panel(SCHOOL, "raise", lease_s=900)
        officer.work(at_once=True, path="wall")
        officer.prepared(1)
        incident = open_incident(school, officer)
        wall = f"wall?incident={incident}&cameras={last_camera(school)}&rendition=redacted"
        officer.work(at_once=False, path=wall)
        officer.wait(f"{_SHOWN}.includes('live redacted')", seconds=_LONG_S)
        name = ask(officer)
        officer.wait(f"{_SHOWN}.includes('live unmasked')", seconds=_LONG_S)
        officer.page.get_by_text(f"{name} is clear").wait_for(timeout=60_000)
        shoot(officer.page, "live-unmasked")
        officer.page.get_by_role("button", name="Cover everybody again").click()
        officer.wait(f"{_SHOWN}.includes('live redacted')", seconds=_LONG_S)
        again = ask(officer)
        officer.wait(f"{_SHOWN}.includes('live unmasked')", seconds=_LONG_S)
        assert again == name
        school.panel(SCHOOL, "clear")
        officer.wait(f"{_SHOWN}.some((each) => each.startsWith('ended'))", seconds=_LONG_S)
