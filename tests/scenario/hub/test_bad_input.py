"""What is malformed, foreign or too much is refused by name, counted, and costs no more."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from handfast.protocol.statements import AccessRequestStatement, DecisionStatement
from handfast.protocol.wire import Ask
from tests.city.hub_world import ORIGIN, LocalHub, ServedHub, local_hub, served_hub
from tests.city.people import (
    GRANT,
    NODE,
    SHOP_NODE,
    Device,
    access_request,
    ask,
    permit,
    refusal,
)

POSTS = ("/login/challenge", "/login", "/nodes/login", "/incidents", f"/nodes/{NODE}/access")
ACCESS = f"/nodes/{NODE}/access"


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[LocalHub]:
    """Run a hub in process that is patient with mistakes."""
    async with local_hub(tmp_path, malformed_per_minute=100_000) as world:
        yield world


@pytest.mark.parametrize("path", POSTS)
async def test_malformed_json_is_a_problem_not_a_failure(city: LocalHub, path: str) -> None:
    """RFC 9457, with what to do; never a 500."""
    token = await city.log_in(city.officer)
    for body in (b"", b"{", b"null", b"[]", b'{"device":7}', b"\xff\xfe", b'{"a":' * 2000):
        said = await city.post(path, body, token)
        assert said.status_code == 400
        assert said.headers["content-type"].startswith("application/problem+json")
        assert said.json()["code"] == "invalid"


async def test_a_body_too_large_is_refused(city: LocalHub) -> None:
    """Without reading it all."""
    said = await city.post("/login", b"x" * (256 * 1024 + 1))
    assert said.status_code == 413


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_login_survives_anything(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever JSON or bytes arrive, the answer is a refusal with a code."""
    json = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=8,
    )
    bodies = st.binary(max_size=200) | json.map(msgspec.json.encode)
    posts = st.tuples(st.sampled_from(POSTS[:3]), bodies)
    plan = data.draw(st.lists(posts, min_size=20, max_size=60))

    async def post_all() -> set[tuple[int, str]]:
        async with local_hub(tmp_path_factory.mktemp("hub")) as city:
            said = [await city.post(path, body) for path, body in plan]
            return {(each.status_code, str(each.json().get("code"))) for each in said}

    assert asyncio.run(post_all()) <= {(400, "invalid"), (403, "denied")}


async def test_a_flood_of_mistakes_writes_one_line_and_then_waits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Counted each, logged once a minute, and after enough of them refused unread."""
    caplog.set_level(logging.INFO)
    async with local_hub(tmp_path, malformed_per_minute=20) as city:
        token = await city.log_in(city.officer)
        for _ in range(20):
            assert (await city.post("/incidents", b"{", token)).status_code == 400
        assert (await city.get("/registry", token)).status_code == 429
        text = city.hub.services.metrics.text().decode()
        assert 'handfast_hub_malformed_total{source="http"} 20.0' in text
        city.manual.move(60)
        assert (await city.get("/registry", token)).status_code == 200
    lines = [record for record in caplog.records if record.name == "test.hub"]
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("twist", "reason"),
    [
        (lambda r: msgspec.structs.replace(r, node=SHOP_NODE), "wrong-node"),
        (lambda r: msgspec.structs.replace(r, device="x" * 43), "certificate-invalid"),
    ],
)
async def test_a_request_for_others_is_refused_before_it_travels(
    city: LocalHub,
    twist: Callable[[AccessRequestStatement], AccessRequestStatement],
    reason: str,
) -> None:
    """The node is not even asked."""
    now_us = city.clock.now_us()
    node = await city.node(lambda request: permit(request, now_us=now_us))
    token = await city.log_in(city.officer)
    request = twist(access_request(city.officer, now_us=now_us))
    said = await city.post(ACCESS, ask(city.officer, request), token)
    assert (said.status_code, said.json()["reason"]) == (403, reason)
    assert node.asks == []


async def test_another_devices_request_is_refused(city: LocalHub) -> None:
    """A session cannot carry what somebody else has signed."""
    now_us = city.clock.now_us()
    node = await city.node(lambda request: permit(request, now_us=now_us))
    token = await city.log_in(city.officer)
    other = city.police.officer("B. Other")
    said = await city.post(ACCESS, ask(other, access_request(other, now_us=now_us)), token)
    assert said.json()["reason"] == "certificate-invalid"
    assert node.asks == []


async def test_a_node_that_is_not_there_is_said_so(city: LocalHub) -> None:
    """Unknown is 404, known but gone 503."""
    now_us = city.clock.now_us()
    token = await city.log_in(city.officer)
    body = ask(city.officer, access_request(city.officer, now_us=now_us))
    for name in (NODE, "*", ">", "x.y"):
        assert (await city.post(f"/nodes/{name}/access", body, token)).status_code == 404
        assert (await city.get(f"/nodes/{name}/challenge", token)).status_code == 404
    await city.node(lambda request: permit(request, now_us=now_us))
    await city.stop()
    assert (await city.get(f"/nodes/{NODE}/challenge", token)).status_code == 503


Forge = Callable[[DecisionStatement], DecisionStatement]


@pytest.mark.parametrize(
    "forge",
    [
        lambda d: msgspec.structs.replace(d, request="x" * 43),
        lambda d: msgspec.structs.replace(d, node=SHOP_NODE),
        lambda d: msgspec.structs.replace(
            d, grant=msgspec.structs.replace(d.grant, device="y" * 43)
        ),
    ],
    ids=["another request", "another node", "another device"],
)
async def test_a_decision_that_does_not_fit_is_not_passed_on(
    city: LocalHub, forge: Forge
) -> None:
    """The officer gets 503 and no grant, rather than something that opens the wrong door."""
    now_us = city.clock.now_us()
    await city.node(lambda request: forge(permit(request, now_us=now_us)))
    token = await city.log_in(city.officer)
    request = access_request(city.officer, now_us=now_us)
    said = await city.post(ACCESS, ask(city.officer, request), token)
    assert said.status_code == 503
    grant = f"/grants/{GRANT}/recordings?from_us=0&until_us=1"
    assert (await city.get(grant, token)).status_code == 404


@pytest.mark.parametrize("pending", [True, False])
async def test_a_denial_and_a_question_to_the_owner_are_answers(
    city: LocalHub, *, pending: bool
) -> None:
    """Not errors: they are signed values with a reason (P5), and open no grant."""
    now_us = city.clock.now_us()
    await city.node(lambda request: refusal(request, now_us=now_us, pending=pending))
    token = await city.log_in(city.officer)
    request = access_request(city.officer, now_us=now_us)
    said = await city.post(ACCESS, ask(city.officer, request), token)
    assert said.status_code == 200
    assert msgspec.json.decode(said.content, type=dict[str, object]).keys() == {"decision"}


async def test_an_expired_grant_opens_nothing(city: LocalHub) -> None:
    """Its absolute end needs nobody (P3)."""
    now_us = city.clock.now_us()
    await city.node(lambda request: permit(request, now_us=now_us, lasts_us=5_000_000))
    token = await city.log_in(city.officer)
    request = access_request(city.officer, now_us=now_us)
    await city.post(ACCESS, ask(city.officer, request), token)
    path = f"/grants/{GRANT}/recordings?from_us=0&until_us=1"
    assert (await city.get(path, token)).status_code == 200
    city.manual.move(5)
    late = await city.get(path, token)
    assert (late.status_code, late.json()["reason"]) == (403, "time-box-ended")


@pytest.mark.parametrize(
    "query", ["from_us=x&until_us=1", "from_us=1", "from_us=-1&until_us=2", ""]
)
async def test_a_malformed_query_is_refused(city: LocalHub, query: str) -> None:
    """Named as invalid."""
    token = await city.log_in(city.officer)
    said = await city.get(f"/grants/{GRANT}/recordings?{query}", token)
    assert said.status_code == 400


async def test_pages_of_strange_origins_get_no_permission(city: LocalHub) -> None:
    """Browsers may call from the configured agencies only."""
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    path = "/api/v1/login"
    known = await city.client.options(path, headers=headers)
    assert known.headers["access-control-allow-origin"] == ORIGIN
    strange = {**headers, "Origin": "https://evil.example"}
    refused = await city.client.options(path, headers=strange)
    assert "access-control-allow-origin" not in refused.headers


async def test_every_answer_carries_the_security_headers(city: LocalHub) -> None:
    """Errors too."""
    for path in ("/healthz", "/api/v1/registry", "/nothing"):
        said = await city.client.get(path)
        assert said.headers["x-content-type-options"] == "nosniff"
        assert said.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in said.headers["content-security-policy"]


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[ServedHub]:
    """Serve a hub for real."""
    async with served_hub(tmp_path, malformed_per_minute=100_000) as world:
        yield world


async def closing(url: str, *said: str | bytes, origin: str | None = None) -> int:
    """Say something on a WebSocket and return the code it is closed with."""
    headers = {} if origin is None else {"Origin": origin}
    async with connect(url, additional_headers=headers) as socket:
        with contextlib.suppress(ConnectionClosed):
            for each in said:
                await socket.send(each)
            while True:
                await asyncio.wait_for(socket.recv(), 10)
        return socket.close_code or 0


@pytest.mark.parametrize("path", ["/events", f"/grants/{GRANT}/live"])
async def test_a_socket_begins_with_a_token(served: ServedHub, path: str) -> None:
    """Everything else closes it with 4401: binary, noise, too long, or a made-up token."""
    url = served.socket_url(path)
    for said in (
        "",
        "{",
        "[]",
        '{"token":7}',
        '{"token":"made-up"}',
        b"\x00",
        "x" * 5000,
        "[" * 4000,
    ):
        assert await closing(url, said) == 4401
    assert await closing(url, "x" * 20_000) in {1009, 4401}


async def test_a_socket_from_a_strange_page_is_refused(served: ServedHub) -> None:
    """A token is not enough when another site's page holds it."""
    token = await served.log_in(served.officer)
    hello = msgspec.json.encode({"token": token}).decode()
    url = served.socket_url(f"/grants/{GRANT}/live")
    assert await closing(url, hello, origin="https://evil.example") == 4401
    assert await closing(url, hello, origin=ORIGIN) == 4404


async def live_ready(served: ServedHub) -> tuple[str, str]:
    """Bring an officer to a live grant; return the socket's URL and its first message."""
    now_us = served.clock.now_us()
    await served.node(lambda request: permit(request, now_us=now_us))
    token = await served.log_in(served.officer)
    body: Ask = ask(served.officer, access_request(served.officer, now_us=now_us))
    await served.post(ACCESS, body, token)
    hello = msgspec.json.encode({"token": token}).decode()
    return served.socket_url(f"/grants/{GRANT}/live"), hello


async def test_a_viewer_that_talks_nonsense_is_closed(served: ServedHub) -> None:
    """4400, whatever the nonsense; `stop` ends it politely."""
    url, hello = await live_ready(served)
    for said in (
        "{",
        "[]",
        '{"type":"dance"}',
        b"\x00",
        '{"type":"alive","nonce":"%s"}' % ("n" * 99),
    ):
        assert await closing(url, hello, said) == 4400
    assert await closing(url, hello, '{"type":"stop"}') == 1000


async def test_a_person_without_device_gets_nothing(served: ServedHub) -> None:
    """No key, no session; a session of another agency's officer sees no grant of ours."""
    url, _ = await live_ready(served)
    stranger: Device = served.fire.officer()
    token = await served.log_in(stranger)
    assert await closing(url, msgspec.json.encode({"token": token}).decode()) == 4404
