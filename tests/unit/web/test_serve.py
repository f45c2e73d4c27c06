"""Pages are served whole, compressed, by range, and never from outside their folder."""

from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from handfast.kit.errors import CorruptError
from handfast.web.serve import static_routes
from tests.unit.web.conftest import SCRIPT, TILES


def test_the_root_leads_to_the_first_page(client: TestClient[Litestar]) -> None:
    """Somebody who types only the host lands on a page."""
    response = client.get("/", follow_redirects=False)
    assert response.headers["location"] == "/officer/"


@pytest.mark.parametrize(
    "path", ["/officer", "/officer/", "/officer/incidents/7", "/admin/people"]
)
def test_every_address_of_a_page_answers_with_its_document(
    client: TestClient[Litestar], path: str
) -> None:
    """A copied address opens where it was copied, because the page routes itself."""
    response = client.get(path)
    assert response.status_code == 200
    assert path.split("/")[1] in response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/officer/missing.js",
        "/assets/missing.js",
        "/assets/../officer/index.html",
        "/assets/%2e%2e/%2e%2e/map/NOTICE",
        "/map/NOTICE",
        "/map/..%2fpages%2fofficer%2findex.html",
    ],
)
def test_what_is_not_on_the_list_does_not_exist(
    client: TestClient[Litestar], path: str
) -> None:
    """No path reaches a file that the build did not list, whatever it is written like."""
    assert client.get(path).status_code == 404


def test_scripts_come_compressed_and_stay_for_good(client: TestClient[Litestar]) -> None:
    """A name with a hash never changes its content, so nobody asks twice."""
    response = client.get("/assets/officer-abc.js", headers={"accept-encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "accept-encoding"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.content == SCRIPT


def test_who_takes_no_gzip_gets_the_plain_file(client: TestClient[Litestar]) -> None:
    """Compression is offered, not forced."""
    response = client.get("/assets/officer-abc.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in response.headers
    assert response.content == SCRIPT


def test_a_known_tag_is_answered_without_a_body(client: TestClient[Litestar]) -> None:
    """A document that did not change is not sent again."""
    first = client.get("/officer/")
    again = client.get("/officer/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_any_tag_is_a_known_tag(client: TestClient[Litestar]) -> None:
    """`*` stands for whatever is there (RFC 9110, section 13.1.2)."""
    assert client.get("/officer/", headers={"if-none-match": "*"}).status_code == 304
    assert client.get("/assets/no.js", headers={"if-none-match": "*"}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/officer/", "/admin/people", "/assets/officer-abc.js", "/config.json", "/no"]
)
def test_head_is_answered_as_get_without_the_body(
    client: TestClient[Litestar], path: str
) -> None:
    """Link checkers and monitors ask so; status and headers are the same."""
    got = client.get(path, follow_redirects=False)
    headed = client.head(path, follow_redirects=False)
    assert headed.content == b""
    assert (headed.status_code, headed.headers) == (got.status_code, got.headers)


def test_head_knows_tags_and_takes_no_range(client: TestClient[Litestar]) -> None:
    """Conditions hold for HEAD too; ranges are defined for GET alone."""
    tag = client.head("/officer/").headers["etag"]
    assert client.head("/officer/", headers={"if-none-match": tag}).status_code == 304
    tiles = client.head("/map/town.pmtiles", headers={"range": "bytes=16-31"})
    assert tiles.status_code == 200
    assert tiles.headers["content-length"] == str(len(TILES))


def test_tiles_are_read_by_range(client: TestClient[Litestar]) -> None:
    """The map reads the pieces it needs, as PMTiles wants them."""
    response = client.get("/map/town.pmtiles", headers={"range": "bytes=16-31"})
    assert response.status_code == 206
    assert response.content == TILES[16:32]
    assert response.headers["content-range"] == f"bytes 16-31/{len(TILES)}"


def test_a_range_behind_the_end_names_the_size(client: TestClient[Litestar]) -> None:
    """A reader that knows an older, longer file learns how long this one is."""
    response = client.get("/map/town.pmtiles", headers={"range": "bytes=99999-"})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{len(TILES)}"


def test_settings_are_sent_as_they_were_given(client: TestClient[Litestar]) -> None:
    """Pages learn the hub and the organisation from their own server."""
    response = client.get("/config.json")
    assert response.json() == {"hub": "https://hub.example", "organisation": "Police"}
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/officer/", "/config.json", "/assets/no", "/map/no"])
def test_every_answer_carries_the_policy(client: TestClient[Litestar], path: str) -> None:
    """Redirects and refusals are pages too."""
    headers = client.get(path, follow_redirects=False).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_an_installation_without_pages_says_so(tmp_path: Path) -> None:
    """A broken installation fails at start, not at the first visitor."""
    with pytest.raises(CorruptError, match="install handfast again"):
        static_routes("owner", connect=(), settings={}, static=tmp_path)


def test_a_server_names_at_least_one_page() -> None:
    """Serving nothing is a mistake in the program."""
    with pytest.raises(ValueError, match="at least one page"):
        static_routes(connect=(), settings={})
