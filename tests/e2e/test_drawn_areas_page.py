"""An owner draws in a real browser; what they drew is covered at once, for everybody."""

import tomllib
from collections.abc import Iterator
from typing import Final

import numpy as np
import pytest
from playwright.sync_api import Page

from handfast.cli.bench_glass_page import OfficerPage, officer_page
from handfast.vision.boxes import Box
from tests.e2e.city import SCHOOL, RunningCity
from tests.e2e.pages import open_incident, pair, shoot
from tests.e2e.street import see
from tests.e2e.two_people import LAST, last_camera, two_people
from tests.e2e.waiting import until

pytestmark = pytest.mark.timeout(600)  # it waits for what comes true; a busy machine takes long
_LONG_S: Final = 240
_LONG_MS: Final = 1000 * _LONG_S
_FILL, _NEAR = 37, 8  # brightness of solid fill on a screen, and what coding makes of it
_SHOWN: Final = (
    "[...document.querySelectorAll('figure')]"
    ".map(({ dataset }) => `${dataset.state} ${dataset.rendition}`)"
)
EDGE: Final = Box(0.72, 0.1, 0.98, 0.9)  # nobody stands there
CORNER: Final = Box(0.02, 0.05, 0.12, 0.3)
MIDDLE: Final = Box(0.42, 0.1, 0.52, 0.5)  # between the two


@pytest.fixture
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    """Run a school with two people before its last camera."""
    with two_people(tmp_path_factory.mktemp("school")) as city:
        yield city


def shows(page: Page, *covered: Box, clear: Box) -> bool:
    """Tell whether some places of the picture are filled solidly, and another one is not."""
    seen = see(page)

    def _filled(box: Box) -> float:
        return float((np.abs(seen.inside(box) - _FILL) <= _NEAR).mean())

    return all(_filled(box) > 0.95 for box in covered) and _filled(clear) < 0.5


def camera_name(city: RunningCity) -> str:
    """Return what the owner calls the camera before which people stand."""
    table = tomllib.loads((city.city.node(SCHOOL) / "node.toml").read_text("utf-8"))
    return str(table["cameras"][LAST]["name"])


def look(owner: Page, name: str) -> None:
    """Open a camera's areas, and ask for a picture of it."""
    owner.get_by_role("link", name="Cameras").first.click()
    owner.get_by_role("link", name=name).first.wait_for(timeout=30_000)
    shoot(owner, "areas-cameras")
    owner.get_by_role("link", name=name).first.click()
    shoot(owner, "areas-empty")
    owner.get_by_role("button", name="Show a picture").click()
    owner.get_by_text("of your log says that you looked").wait_for(timeout=_LONG_MS)
    shoot(owner, "areas-picture")


def draw(owner: Page, button: str, box: Box) -> None:
    """Tap the four corners of a box and the first one again."""
    owner.get_by_role("button", name=button).click()
    stage = owner.get_by_role("img", name="Picture of")
    stage.scroll_into_view_if_needed()
    for x, y in ((box.left, box.top), (box.right, box.top), (box.right, box.bottom)):
        _tap(owner, x, y)
    shoot(owner, "areas-drawing")
    _tap(owner, box.left, box.bottom)
    _tap(owner, box.left, box.top)
    owner.locator("button.corner").nth(3).wait_for(timeout=10_000)
    shoot(owner, "areas-drawn")


def _tap(owner: Page, x: float, y: float) -> None:
    place = owner.get_by_role("img", name="Picture of").bounding_box()
    assert place is not None
    owner.mouse.click(place["x"] + x * place["width"], place["y"] + y * place["height"])


def drag_and_undo(owner: Page) -> None:
    """Pull a corner elsewhere, and have it back where it was."""
    corner = owner.locator("button.corner").first
    before, place = corner.get_attribute("aria-label"), corner.bounding_box()
    assert place is not None
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    owner.mouse.move(x, y)
    owner.mouse.down()
    owner.mouse.move(x - 60, y + 20, steps=5)
    owner.mouse.up()
    assert corner.get_attribute("aria-label") != before
    owner.get_by_role("button", name="Undo").click()
    until(lambda: corner.get_attribute("aria-label") == before, within_s=10, what="it is back")


def save(owner: Page, *, says: str) -> None:
    """Sign what was drawn, and read that it stands in the log."""
    owner.get_by_role("button", name="Save", exact=True).click()
    owner.get_by_role("dialog").get_by_text(says).wait_for(timeout=10_000)
    shoot(owner, "areas-save")
    owner.get_by_role("button", name="Sign and save").click()
    owner.get_by_text("of your log, checked by this device").wait_for(timeout=60_000)
    shoot(owner, "areas-saved")
    owner.get_by_role("dialog").get_by_role("button", name="Close").click()


def watch(officer: OfficerPage, city: RunningCity) -> None:
    """Watch the camera live, covered."""
    city.panel(SCHOOL, "raise", lease_s=900)
    officer.work(at_once=True, path="wall")
    officer.prepared(1)
    incident = open_incident(city, officer)
    wall = f"wall?incident={incident}&cameras={last_camera(city)}&rendition=redacted"
    officer.work(at_once=False, path=wall)
    officer.wait(f"{_SHOWN}.includes('live redacted')", seconds=_LONG_S)


def test_p6_redacted_by_default_what_an_owner_draws_is_covered_at_once(
    school: RunningCity,
) -> None:
    """Whoever looks live goes on looking, with the new areas."""
    with officer_page(school.city.agency_url) as officer:
        officer.enrol("Aino Rivera")
        owner = pair(officer, school, SCHOOL)
        watch(officer, school)
        until(lambda: shows(officer.page, clear=EDGE), within_s=_LONG_S, what="the edge")
        look(owner, camera_name(school))
        draw(owner, "always covered", EDGE)
        drag_and_undo(owner)
        save(owner, says="Adds 1: Always covered")
        until(
            lambda: shows(officer.page, EDGE, clear=CORNER), within_s=_LONG_S, what="the mask"
        )
        officer.wait(f"{_SHOWN}.includes('live redacted')", seconds=_LONG_S)
        shoot(officer.page, "areas-officer")
        draw(owner, "zone", CORNER)
        save(owner, says="two of your devices must agree")
        until(
            lambda: shows(officer.page, EDGE, clear=MIDDLE), within_s=_LONG_S, what="the rest"
        )
        owner.get_by_role("link", name="All cameras").click()
        owner.get_by_text("1 area always covered").wait_for(timeout=10_000)
        owner.get_by_text("1 children").wait_for(timeout=10_000)
        shoot(owner, "areas-list")
        owner.get_by_role("link", name="Who looked").first.click()
        shown = f"was shown one picture of {camera_name(school)}, to draw on"
        owner.get_by_text(shown).first.wait_for(timeout=30_000)
        owner.get_by_text("This device").first.wait_for(timeout=10_000)
        shoot(owner, "areas-who-looked")
