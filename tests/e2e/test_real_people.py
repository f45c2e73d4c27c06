"""Redaction of real people in a real browser: all covered, one unmasked, the others not."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page

from handfast.cli.bench_glass_page import OfficerPage, officer_page
from handfast.vision.boxes import Box
from tests.e2e.city import SCHOOL, RunningCity
from tests.e2e.pages import open_incident, pair, shoot
from tests.e2e.street import Seen, filmed, people, see, street_city

pytestmark = pytest.mark.timeout(600)  # it waits for what comes true; a busy machine takes long
REASON = "took the bicycle from the rack"
_SHOWN = (
    "[...document.querySelectorAll('figure')]"
    ".map(({ dataset }) => `${dataset.state} ${dataset.rendition}`)"
)
_MARK = "document.querySelector('figure .mark').textContent"
_READY = f"!{_MARK}.includes('last one')"
_LONG_S = 120
_LOOKS, _LOOK_MS = 400, 300
_COVERED = 0.95  # share of a box
_INSTANTS = 60  # pictures to look through for somebody who stands apart
_BLINKS = 3  # pictures in a row in which the engine may lose somebody, and covers them
_EDGE, _APART = 0.02, 0.05  # of the picture; what is apart is not under another's cover
_NEAR = 0.2  # of the picture's height: such people are found again and again
_LASTS = 5  # pictures in which somebody has to have been apart


@pytest.fixture
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    """Run a school before whose gate real people walk."""
    with street_city(tmp_path_factory.mktemp("street")) as city:
        yield city


def stands_apart(one: Box, others: list[Box]) -> bool:
    """Tell whether somebody is whole in the picture, and beside everybody else."""
    whole = min(one.left, one.top) > _EDGE and max(one.right, one.bottom) < 1 - _EDGE
    near = Box(one.left - _APART, one.top - _APART, one.right + _APART, one.bottom + _APART)
    return whole and bool(others) and all(near.shared(each) == 0 for each in others)


def instant(tile: Locator) -> str:
    """Return when the picture in sight was recorded, to the millisecond."""
    said = tile.locator(".mark").first.inner_text()
    found = re.search(r"\d+:\d+:\d+\.\d+", said)
    return found[0] if found else said


def step(officer: OfficerPage, *, back: bool = False) -> None:
    """Go one picture on or back, at times two; what is yet being made is waited for."""
    tile = officer.page.get_by_role("figure")
    before = instant(tile)
    button = "One picture back" if back else "One picture on"
    for _ in range(_LOOKS):
        officer.page.get_by_role("button", name=button).click()
        officer.page.wait_for_timeout(_LOOK_MS)
        if instant(tile) != before:
            return
    raise AssertionError(f"no picture after {before}")


def choose(officer: OfficerPage) -> int:
    """Go on until somebody has been near and apart for a while, and somebody else is there."""
    officer.page.get_by_role("button", name="See one person").click()
    since: dict[int, int] = {}
    for _ in range(_INSTANTS):
        found = people(officer.page)
        apart = {
            number: box
            for number, box in found.items()
            if box.height > _NEAR
            and stands_apart(box, [found[other] for other in found if other != number])
        }
        since = {number: since.get(number, 0) + 1 for number in apart}
        lasting = {number: apart[number].area for number in apart if since[number] > _LASTS}
        if lasting:
            return max(lasting, key=lasting.__getitem__)
        step(officer)
    raise AssertionError(f"nobody stands apart; last seen: {found}")


def ask(officer: OfficerPage, person: int) -> None:
    """Choose somebody in the picture, and say why."""
    page = officer.page
    page.get_by_role("button", name=f"Person {person}", exact=True).click()
    page.get_by_label("Why this person?").fill(REASON)
    shoot(page, "street-reason")
    page.get_by_role("button", name="Ask the owner").click()
    page.get_by_text(f"Person {person}: waiting for the owner").wait_for(timeout=60_000)
    shoot(page, "street-pending")


def agree(owner: Page, person: int) -> None:
    """Say yes to the request that waits."""
    owner.get_by_role("link", name="Requests").first.click()
    owner.get_by_text(f"asks that person {person} becomes clear").wait_for(timeout=60_000)
    owner.get_by_text(REASON).first.wait_for(timeout=5_000)
    shoot(owner, "street-asked")
    owner.get_by_role("button", name="Open for").click()


def unmasked(officer: OfficerPage, person: int) -> dict[str, Seen]:
    """Return pictures by instant; in most somebody is clear, for whom it loses it covers."""
    officer.wait(f"{_SHOWN}.includes('recorded unmasked') && {_READY}", seconds=_LONG_S)
    officer.page.get_by_text(f"Person {person} is clear").wait_for(timeout=60_000)
    tile = officer.page.get_by_role("figure")
    pictures = {instant(tile): see(officer.page)}
    shoot(officer.page, "street-unmasked")
    for _ in range(_BLINKS):
        step(officer)
        pictures[instant(tile)] = see(officer.page)
    return pictures


def covered_again(
    officer: OfficerPage, person: int, pictures: dict[str, Seen]
) -> tuple[str, Seen, dict[int, Box]]:
    """Cover everybody again, and go back to an instant in which somebody was clear."""
    tile = officer.page.get_by_role("figure")
    at = instant(tile)
    tile.get_by_role("button", name="Cover everybody again").click()
    shown = f"{_SHOWN}.includes('recorded redacted') && {_MARK}.includes('{at}')"
    officer.wait(shown, seconds=_LONG_S)
    tile.get_by_role("button", name="See one person").click()
    for _ in pictures:
        found, at = people(officer.page), instant(tile)
        shows = at in pictures and person in found
        if shows and pictures[at].covered(found[person]) < _COVERED:
            return at, see(officer.page), found
        step(officer, back=True)
    raise AssertionError(f"person {person} is in no picture clear")


def is_told(owner: Page, person: int) -> None:
    """Find the look in the owner's log, as an entry of its own."""
    owner.get_by_role("link", name="Who looked").first.click()
    entry = owner.get_by_role("article").filter(has_text=f"saw person {person} in recordings")
    entry.get_by_text(REASON).wait_for(timeout=60_000)
    entry.get_by_text("Proved in your log").wait_for(timeout=60_000)
    shoot(owner, "street-looked")


def test_p6_redacted_by_default_one_real_person_becomes_clear_and_no_other(
    street: RunningCity,
) -> None:
    """An officer chooses somebody in the street; two of the school's people agree on theirs."""
    with officer_page(street.city.agency_url) as officer:
        officer.enrol("Aino Rivera")
        street.panel(SCHOOL, "raise", lease_s=900)
        officer.work(at_once=True, path="wall")
        officer.prepared(1)
        wall = f"wall?incident={open_incident(street, officer)}&cameras={filmed(street)}"
        officer.work(at_once=False, path=f"{wall}&rendition=redacted")
        names = (SCHOOL.principal, "Olli Salmi")
        owners = [pair(officer, street, SCHOOL, name=name) for name in names]
        officer.wait(f"{_SHOWN}.includes('live redacted')", seconds=_LONG_S)
        officer.page.get_by_role("button", name="Back 10 seconds").click()
        officer.wait(f"{_SHOWN}.includes('recorded redacted') && {_READY}", seconds=_LONG_S)
        person = choose(officer)
        shoot(officer.page, "street-choosing")
        ask(officer, person)
        agree(owners[0], person)
        owners[0].get_by_text("This device has agreed").wait_for(timeout=60_000)
        assert officer.page.evaluate(_SHOWN) == ["recorded redacted"]
        agree(owners[1], person)
        pictures = unmasked(officer, person)
        at, before, found = covered_again(officer, person, pictures)
        after, one = pictures[at], found.pop(person)
        is_told(owners[0], person)
    street.panel(SCHOOL, "clear")
    assert before.covered(one) > _COVERED > after.covered(one)
    for box in found.values():
        assert min(before.covered(box), after.covered(box)) > _COVERED
