"""A small build in a temporary folder, served by a test client."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from handfast.web.serve import static_routes

HUB = ("https://hub.example", "wss://hub.example")
SCRIPT = b"export const answer = 42;\n" * 100
TILES = bytes(range(256)) * 8


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out two pages, a compressed script, a map and a notice; no test changes them."""
    static = tmp_path_factory.mktemp("static")
    for app in ("officer", "admin"):
        page = static / "pages" / app / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text(f"<!doctype html><title>{app}</title>", encoding="utf-8")
    script = static / "pages" / "assets" / "officer-abc.js"
    script.parent.mkdir()
    script.write_bytes(SCRIPT)
    script.with_name("officer-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    (static / "map").mkdir()
    (static / "map" / "town.pmtiles").write_bytes(TILES)
    (static / "map" / "NOTICE").write_text("ODbL", encoding="utf-8")
    return static


@pytest.fixture(scope="module")
def client(static: Path) -> Iterator[TestClient[Litestar]]:
    """Serve officers' and administrators' pages, as an agency does."""
    routes = static_routes(
        "officer",
        "admin",
        connect=HUB,
        settings={"hub": HUB[0], "organisation": "Police"},
        static=static,
    )
    with TestClient(Litestar(route_handlers=routes)) as opened:
        yield opened
