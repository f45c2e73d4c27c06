"""What tests do on several pages: keep pictures of them, pair owners, wait for incidents."""

import os
from pathlib import Path

import httpx
from playwright.sync_api import Page

from handfast.cli.bench_glass_page import OfficerPage
from handfast.cli.demo.places import DemoSite
from tests.e2e.city import RunningCity
from tests.e2e.waiting import until


def shoot(page: Page, name: str) -> None:
    """Keep a picture of a page where somebody wants one."""
    if folder := os.environ.get("HANDFAST_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def open_incident(city: RunningCity, officer: OfficerPage) -> str:
    """Wait for the alarm's incident, as the hub tells this officer."""
    url = f"{city.city.hub_url}/api/v1/incidents"

    def _open() -> str | None:
        answer = httpx.get(url, headers={"authorization": officer.hub_token})
        listed = answer.json()["incidents"]
        return next((str(each["id"]) for each in listed if each["closed_us"] is None), None)

    return until(_open, within_s=15, what="the hub opens an incident")


def pair(officer: OfficerPage, city: RunningCity, site: DemoSite, *, name: str = "") -> Page:
    """Let an owner come in by the demo's front door, in a browser profile of their own.

    Args:
        officer: Whose browser is used.
        city: It runs.
        site: Theirs.
        name: Of the owner; by default the one the demo names.
    """
    browser = officer.page.context.browser
    assert browser is not None
    page = browser.new_context(viewport={"width": 420, "height": 860}).new_page()
    page.goto(city.city.start_url)
    page.locator(f"a[href='/{site.folder}']").click()
    page.get_by_label("Your name").fill(name or site.principal)
    page.get_by_role("button", name="Pair this device").click()
    page.get_by_role("button", name="Close everything").wait_for(timeout=30_000)
    return page
