"""A redaction is reviewed in a real browser: a box drawn over time is covered in the result."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright

from handfast.cli.redact.report import Report
from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.media.picture_reader import PictureReader
from handfast.media.pictures import DecodedPicture
from handfast.vision.cover import LUMA

pytestmark = pytest.mark.timeout(240)
CHROMIUM = "/usr/bin/chromium"
COUNT, WIDTH, HEIGHT = 75, 640, 360
WAIT_MS = 60_000


@contextmanager
def review(source: Path, target: Path) -> Iterator[str]:
    """Run the program until the page ends it; gives the link that it prints."""
    command = [sys.executable, "-m", "handfast.cli.main", "redact", str(source), str(target)]
    # A drawn film moves all over, and movement would cover what the test looks at.
    command += ["--review", "--moving-camera"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            lines = (line.strip() for line in running.stdout)
            yield next(line for line in lines if line.startswith("http://127.0.0.1:"))
            assert running.wait(timeout=60) == 0
        finally:
            running.kill()


@contextmanager
def opened(link: str) -> Iterator[Page]:
    """Open the link in a browser and wait for the first picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(WAIT_MS)
        page.goto(link)
        page.wait_for_selector('[data-shown="0"]')
        yield page
        browser.close()


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from one place of the picture to another, in shares of it."""
    area = page.locator("svg[role=img]").bounding_box()
    assert area is not None
    (x0, y0), (x1, y1) = (
        (area["x"] + x * area["width"], area["y"] + y * area["height"]) for x, y in (start, end)
    )
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move((x0 + x1) / 2, (y0 + y1) / 2)
    page.mouse.move(x1, y1)
    page.mouse.up()


def pictures(path: Path) -> list[DecodedPicture]:
    """Read every picture of a film."""
    with PictureReader(path) as reader:
        return [each for each in reader.read() if isinstance(each, DecodedPicture)]


def grey(picture: DecodedPicture, left: float, top: float, right: float, bottom: float) -> bool:
    """Tell whether a place, in shares of the picture, is covered."""
    rows = slice(round(top * HEIGHT), round(bottom * HEIGHT))
    area = picture.y[rows, round(left * WIDTH) : round(right * WIDTH)]
    return bool(np.abs(area.astype(int) - LUMA).max() < 16)


def test_a_box_drawn_over_time_is_covered_in_the_export(tmp_path: Path) -> None:
    """Drawn with the mouse in one picture, moved by keys in a later one, approved, exported."""
    source, target = tmp_path / "yard.mp4", tmp_path / "out.mp4"
    encode(
        drawn_pictures(WIDTH, HEIGHT, COUNT), source, EncodeSettings(width=WIDTH, height=HEIGHT)
    )
    with review(source, target) as link, opened(link) as page:
        for _ in range(10):
            page.keyboard.press("ArrowRight")
        page.wait_for_selector('[data-shown="10"]')
        drag(page, (0.1, 0.4), (0.3, 0.6))
        page.keyboard.press(".")
        page.wait_for_selector('[data-shown="35"]')
        for _ in range(40):
            page.keyboard.press("Shift+ArrowRight")
        for _ in range(15):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("o")
        page.wait_for_selector('[data-shown="50"]')
        page.get_by_text("2 keyframes").wait_for()
        page.keyboard.press("e")
        page.wait_for_selector("rect.cover")
        page.keyboard.press("a")
        page.get_by_label("Your name").fill("Maija Virta")
        page.keyboard.press("Enter")
        page.get_by_text("The film is exported").wait_for()
        page.get_by_role("button", name="Finish the review").click()
        page.get_by_text("The review is finished").wait_for()
    written, read = pictures(target), pictures(source)
    assert len(written) == len(read) == COUNT
    assert grey(written[10], 0.11, 0.41, 0.29, 0.59)
    # Half of the time, half of the way: 12 or 13 of 25 pictures, 0.2 of 0.4.
    assert grey(written[22], 0.31, 0.41, 0.48, 0.59)
    assert grey(written[35], 0.51, 0.41, 0.69, 0.59)
    assert grey(written[50], 0.51, 0.41, 0.69, 0.59)
    for number, place in ((9, (0.1, 0.3)), (22, (0.1, 0.28)), (51, (0.5, 0.7))):
        area = np.s_[150:210, round(place[0] * WIDTH) : round(place[1] * WIDTH)]
        lost = np.abs(written[number].y[area].astype(int) - read[number].y[area]).mean()
        assert lost < 12, f"picture {number} is covered where nobody drew"
    report = msgspec.json.decode((tmp_path / "out.mp4.report.json").read_bytes(), type=Report)
    assert report.reviewed is not None
    assert report.reviewed.approved_by == "Maija Virta"
