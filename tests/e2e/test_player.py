"""The player in a real Chromium opens what `handfast.seal` sealed, and draws exactly that.

What was drawn is read back from the canvas: every picture carries its number in bars.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, sync_playwright

from handfast.seal.identity import SigningKey
from tests.e2e.player_clip import SealedClip, encode, seal

WEB = Path(__file__).parents[2] / "web"
PAGE = b"<!doctype html><title>player</title><script type=module src=/smoke.js></script>"
CHROMIUM = "/usr/bin/chromium"  # Debian's, because it can decode H.264
PICTURES = 100


def _serve(clip: SealedClip, scripts: Path) -> ThreadingHTTPServer:
    described = json.dumps(clip.described).encode()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlparse(self.path)
            if url.path == "/":
                self._answer(PAGE, "text/html")
            elif url.path == "/clip.json":
                self._answer(described, "application/json")
            elif url.path.startswith("/segments/"):
                asked = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
                end = asked["offset"] + asked["length"]
                self._answer(clip.file[asked["offset"] : end], "application/octet-stream")
            elif url.path.endswith(".js"):
                self._answer((scripts / url.path[1:]).read_bytes(), "text/javascript")
            else:
                self.send_error(404)

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Answers)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Open the player's page, with a clip of 4 s in groups of 1 s with B-pictures."""
    scripts = tmp_path_factory.mktemp("player")
    vite = ["node", "node_modules/vite/bin/vite.js", "build", "--logLevel", "error"]
    subprocess.run(
        [*vite, "-c", "src/lib/player/testing/smoke.vite.ts"],
        cwd=WEB,
        env={**os.environ, "HANDFAST_SMOKE_OUT": str(scripts)},
        check=True,
    )
    size = {"width": 640, "height": 360}
    record, units = encode(PICTURES, group=25, **size)
    clip = seal(record, units, key=SigningKey.from_bytes(bytes(32)), **size)
    server = _serve(clip, scripts)
    Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.goto(f"http://127.0.0.1:{server.server_port}/")
        opened.wait_for_function("globalThis.smoke")
        yield opened
        browser.close()
    server.shutdown()
    server.server_close()


def _run(page: Page, call: str, *arguments: object) -> Any:
    return page.evaluate(f"given => smoke.{call}(...given)", list(arguments))


@pytest.mark.parametrize("way", ["throughput", "latency", "mse"])
def test_a_seek_draws_exactly_the_picture_that_was_asked_for(page: Page, way: str) -> None:
    """By WebCodecs, for seeks or for live, and by Media Source Extensions."""
    wanted = [0, 7, 24, 25, 60, 99, 3, 50, 51, 98]
    results = _run(page, "seeks", way, wanted)
    assert [result["drawn"] for result in results] == wanted
    assert {result["state"]["authentic"] for result in results} == {"yes"}


@pytest.mark.parametrize("way", ["throughput", "latency", "mse"])
def test_a_seek_that_overtakes_another_draws_the_later_picture(page: Page, way: str) -> None:
    """Whatever the earlier one has come to when the later one begins."""
    results = _run(page, "overtaken", way, list(range(42)))
    assert [result["drawn"] for result in results] == [r["wanted"] for r in results]


def test_stepping_goes_picture_by_picture_over_groups(page: Page) -> None:
    """Forward over a group's end, and back."""
    assert _run(page, "steps", 23, [1, 1, 1, -1, -1]) == [23, 24, 25, 26, 25, 24]


def test_playing_shows_pictures_in_order_and_about_as_fast_as_life(page: Page) -> None:
    """On a busy machine pictures may be left out, never shown twice or out of order."""
    numbers = [picture["number"] for picture in _run(page, "plays", 10, 2000)]
    assert numbers == sorted(set(numbers))
    assert 40 <= numbers[-1] <= 10 + 2.3 * 25


@pytest.mark.parametrize("way", ["latency", "mse"])
def test_a_live_picture_is_opened_drawn_and_called_live(page: Page, way: str) -> None:
    """Sealed, framed, opened, decoded and drawn in the page, at 25 pictures a second."""
    result = _run(page, "live", way, 1, 3)
    numbers = [number for number in result["numbers"] if number >= 0]
    assert numbers == sorted(numbers)
    # A video element may show the next picture by the time that one is read from it.
    assert way == "mse" or len(numbers) == len(set(numbers))
    assert len(set(numbers)) > 30
    assert result["last"]["phase"] == "live"
    assert result["last"]["refused"] == {}


def test_an_identity_outlives_the_page_and_its_keys_stay_inside(page: Page) -> None:
    """IndexedDB keeps several identities with keys that sign and cannot be taken out."""
    first = _run(page, "identity")
    page.reload()
    page.wait_for_function("globalThis.smoke")
    second = _run(page, "identity")
    assert (first["after"], second["before"], second["after"]) == (2, 2, 2)
    assert not second["taken"]
