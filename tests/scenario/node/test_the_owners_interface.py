"""The owner's devices and the panels reach the node over HTTP: logged in, signed, refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.exceptions import WebSocketDisconnect
from litestar.testing import TestClient

from handfast.kit.encoding import b64
from handfast.node.bell import OwnerBell
from handfast.node.config import NodeConfig, NodeTable, OwnerTable, SiteTable
from handfast.node.http.doors import Doors
from handfast.node.http.site import build_http
from handfast.node.ports import Bell
from handfast.node.usecases.pair_device import PairDevice
from handfast.node.usecases.record import Record, RecordParts
from handfast.node.usecases.watch_site import WatchSite
from handfast.protocol.signing import sign
from handfast.protocol.statements import Enrolment, Login
from handfast.protocol.wire import LoginAsk
from handfast.seal.identity import Envelope, SigningKey
from handfast.storage.files import read_or_create_key
from handfast.storage.segment_files import SegmentFiles
from handfast.storage.segment_index import SegmentIndex
from handfast.storage.sqlite_periods import SqlitePeriods
from handfast.storage.startup_scan import StartupScan
from handfast.web.allowance import Allowance
from handfast.web.sessions import Challenges, Sessions
from tests.fakes.steady import CountingIds
from tests.scenario.node.people import NODE, ON_REQUEST, OWNER, SITE, key
from tests.scenario.node.school import School


def interface(school: School, folder: Path, bell: OwnerBell | None = None) -> Litestar:
    """Build the node's HTTP interface around a school's heart."""
    clock, ids, heart = school.clock, CountingIds(), school.heart
    doors = Doors(
        site=SITE,
        heart=heart,
        watch=WatchSite(
            site=SITE,
            clock=heart.steady,
            board=heart.board,
            grants=heart.grants,
            live=heart.live,
            closing=heart.close_access,
            record=_record(school, folder, school.bell),
            hub_connected=lambda: False,
        ),
        bell=bell or OwnerBell(),
        log=school.memory.log,
        pairing=PairDevice(folder / "pairing", clock=clock, ids=ids),
        certificate=lambda device: dict(school.trusted.devices).get(device),
        agreements=list,
        metrics=school.metrics,
        challenges=Challenges(clock, ids),
        sessions=Sessions(clock, ids),
        strangers=Allowance(clock, burst=10, per_minute=10),
        panels=Allowance(clock, burst=10, per_minute=10),
    )
    table = NodeTable(
        id=NODE,
        owner=OwnerTable(id=OWNER, name="Kallio", root=b64(school.people.owner_root.public)),
        site=SiteTable(name="Kallio", kind="school", lon=24.95, lat=60.18),
    )
    config = NodeConfig(folder=folder, table=table)
    return build_http(config, doors, node_key=school.people.node.public, log="vkey")


def _record(school: School, folder: Path, bell: Bell) -> Record:
    read_or_create_key(folder / "periods.key", CountingIds())
    index, files = SegmentIndex(folder / "segments.db"), SegmentFiles([folder])
    periods = SqlitePeriods(
        folder / "periods.db", key_file=folder / "periods.key", ids=CountingIds()
    )
    scan = StartupScan(files=files, index=index, periods=periods)
    parts = RecordParts(node=NODE, key=school.people.node, index=index, scan=scan, bell=bell)
    return Record(parts)


@asynccontextmanager
async def client_of(school: School, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Talk to the interface on the story's own loop."""
    transport = httpx.ASGITransport(app=interface(school, folder))  # type: ignore[arg-type] # an ASGI application
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
        yield client


def login_ask(school: School, audience: str, challenge: str, device: SigningKey) -> bytes:
    """Sign a login."""
    statement = Login(
        audience=audience,
        challenge=challenge,
        device=device.fingerprint,
        at_us=school.now_us,
    )
    return msgspec.json.encode(LoginAsk(login=sign(statement, device), chain=[]))


async def logged_in(school: School, client: httpx.AsyncClient) -> dict[str, str]:
    """Log the owner's phone in and return the header that says so."""
    given = (await client.post("/api/v1/login/challenge")).json()
    ask = login_ask(school, given["audience"], given["challenge"], school.people.phone)
    answer = await client.post("/api/v1/login", content=ask)
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['token']}"}


def signed(envelope: Envelope) -> bytes:
    """Return the body of a call that carries a statement."""
    return msgspec.json.encode({"statement": envelope})


async def test_the_owner_sees_closes_and_reads_who_looked(tmp_path: Path) -> None:
    """Login, site, closing, accesses with proofs."""
    school = School()
    await school.alarm()
    await school.watches(school.people.officer())
    async with client_of(school, tmp_path) as client:
        header = await logged_in(school, client)
        site = (await client.get("/api/v1/site", headers=header)).json()
        assert [each["name"] for each in site["cameras"]] == ["Gate", "Yard"]
        assert site["cameras"][0]["watchers"] == 1
        assert site["signals"][0]["state"] == "raised"
        assert site["grants"][0]["name"] == "A. Rivera"
        challenge = (await client.get("/api/v1/challenge", headers=header)).json()["challenge"]
        closing = school.people.closing(challenge, at_us=school.now_us)
        answer = await client.post("/api/v1/closings", headers=header, content=signed(closing))
        assert answer.json()["ended"] == 1
        again = await client.post("/api/v1/closings", headers=header, content=signed(closing))
        assert again.status_code == 403
        looked = (await client.get("/api/v1/accesses?limit=5", headers=header)).json()
        assert looked["accesses"][0]["reason"] == "owner-closed"
        assert looked["accesses"][0]["closed"]["checkpoint"]


async def test_the_owner_approves_in_the_inbox(tmp_path: Path) -> None:
    """The question is there, the signed answer opens it."""
    school = School(ON_REQUEST)
    pending = await school.asks(school.people.officer(), incident=school.people.incident())
    async with client_of(school, tmp_path) as client:
        header = await logged_in(school, client)
        inbox = (await client.get("/api/v1/inbox", headers=header)).json()["requests"]
        assert inbox[0]["request"] == pending.request
        approval = school.people.approval(pending.request, at_us=school.now_us)
        answer = await client.post(
            "/api/v1/approvals", headers=header, content=signed(approval)
        )
        assert answer.status_code == 204
        assert len(school.heart.grants.all()) == 1


async def test_nobody_reads_anything_without_a_session(tmp_path: Path) -> None:
    """Every owner's route says so in the same words."""
    school = School()
    async with client_of(school, tmp_path) as client:
        told = ("accesses", "refusals", "stills")
        for path in ("site", "inbox", "challenge", "agreements", *told):
            answer = await client.get(f"/api/v1/{path}")
            assert (answer.status_code, answer.json()["code"]) == (403, "denied")
        for path in ("approvals", "closings", "switches"):
            body = signed(school.people.closing("x", at_us=school.now_us))
            assert (await client.post(f"/api/v1/{path}", content=body)).status_code == 403


@pytest.mark.parametrize("lie", ["stranger", "audience", "replay", "old"])
async def test_a_login_that_lies_is_refused(lie: str, tmp_path: Path) -> None:
    """A stranger's key, another site's login, a used or stale challenge."""
    school = School()
    async with client_of(school, tmp_path) as client:
        given = (await client.post("/api/v1/login/challenge")).json()
        device = key("stranger") if lie == "stranger" else school.people.phone
        audience = "node:elsewhere" if lie == "audience" else given["audience"]
        ask = login_ask(school, audience, given["challenge"], device)
        if lie == "replay":
            assert (await client.post("/api/v1/login", content=ask)).status_code == 200
        if lie == "old":
            school.clock.move(61)
        assert (await client.post("/api/v1/login", content=ask)).status_code == 403


async def test_a_session_ends_when_its_device_is_revoked(tmp_path: Path) -> None:
    """The certificate is looked at with every call."""
    school = School()
    async with client_of(school, tmp_path) as client:
        header = await logged_in(school, client)
        assert (await client.get("/api/v1/site", headers=header)).status_code == 200
        school.trusted = type(school.trusted)(standing=school.trusted.standing)
        assert (await client.get("/api/v1/site", headers=header)).status_code == 403


async def test_a_panel_reports_over_http_and_a_flood_is_refused(tmp_path: Path) -> None:
    """A true report raises; forged and malformed ones are problems; floods wait."""
    school = School()
    async with client_of(school, tmp_path) as client:
        report = school.people.report("raise", at_us=school.now_us)
        answer = await client.post("/api/v1/signals", content=msgspec.json.encode(report))
        assert answer.json()["state"] == "raised"
        forged = msgspec.structs.replace(report, sequence=9)
        answer = await client.post("/api/v1/signals", content=msgspec.json.encode(forged))
        assert (answer.status_code, answer.json()["code"]) == (403, "denied")
        answer = await client.post("/api/v1/signals", content=b"{}")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert answer.headers["content-type"] == "application/problem+json"
        statuses = [
            (await client.post("/api/v1/signals", content=b"{}")).status_code for _ in range(10)
        ]
        assert statuses[-1] == 503


async def test_bodies_and_tries_have_limits(tmp_path: Path) -> None:
    """A large body is refused unread; guessing pairing codes is slow."""
    school = School()
    async with client_of(school, tmp_path) as client:
        answer = await client.post("/api/v1/login", content=b"x" * 100_000)
        assert answer.status_code in {400, 413}
        statuses = [
            (await client.post("/api/v1/login/challenge")).status_code for _ in range(12)
        ]
        assert statuses[-1] == 503


async def test_a_new_phone_is_paired_certified_and_told(tmp_path: Path) -> None:
    """Code, request, pending, certificate."""
    school = School()
    phone = key("new phone")
    enrolment = sign(
        Enrolment(
            suite=1,
            label="phone",
            sign=b64(phone.public),
            open=b64(bytes(32)),
            at_us=school.now_us,
        ),
        phone,
    )
    ids = CountingIds()
    for _ in range(50):
        ids.secret(1)  # the interface counts from one: codes must differ
    code = PairDevice(tmp_path / "pairing", clock=school.clock, ids=ids).new_code()
    async with client_of(school, tmp_path) as client:
        body = msgspec.json.encode({"code": code, "enrolment": enrolment})
        assert (await client.post("/api/v1/devices", content=body)).status_code == 201
        assert (await client.post("/api/v1/devices", content=body)).status_code == 403
        path = f"/api/v1/devices/{phone.fingerprint}/certificate"
        assert (await client.get(path)).json()["state"] == "pending"
        devices = {
            **school.trusted.devices,
            phone.fingerprint: school.people.owner_device(phone),
        }
        school.trusted = type(school.trusted)(devices=devices)
        assert (await client.get(path)).json()["state"] == "certified"
        unknown = f"/api/v1/devices/{key('x').fingerprint}/certificate"
        assert (await client.get(unknown)).status_code == 404


async def test_the_log_health_and_metrics_are_open_and_name_nobody(tmp_path: Path) -> None:
    """Anybody's verifier reads the log; counts hold no names."""
    school = School()
    await school.alarm()
    await school.watches(school.people.officer())
    async with client_of(school, tmp_path) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        checkpoint = await client.get("/log/checkpoint")
        assert checkpoint.text.splitlines()[1] == str(school.memory.log.size())
        tile = await client.get(f"/log/tile/0/000.p/{school.memory.log.size()}")
        assert len(tile.content) == 32 * school.memory.log.size()
        assert (await client.get("/log/secrets")).status_code == 404
        metrics = (await client.get("/metrics")).text
        assert "handfast_node_open_grants 1.0" in metrics
        assert "Rivera" not in metrics + checkpoint.text
        page = await client.get("/owner/")
        assert page.status_code == 200
        assert "content-security-policy" in page.headers


def test_an_open_page_is_told_of_changes(tmp_path: Path) -> None:
    """First all three, then what changed; without a token nothing."""
    school, bell = School(), OwnerBell()
    with TestClient(interface(school, tmp_path, bell)) as client:
        given = client.post("/api/v1/login/challenge").json()
        ask = login_ask(school, given["audience"], given["challenge"], school.people.phone)
        token = client.post("/api/v1/login", content=ask).json()["token"]
        with client.websocket_connect("/api/v1/events") as socket:
            socket.send_text(msgspec.json.encode({"token": token}).decode())
            told = {socket.receive_json(timeout=5)["type"] for _ in range(3)}
            assert told == {"site", "inbox", "accesses"}
            with client.portal() as loop:
                loop.call(bell.ring, "inbox")
            assert socket.receive_json(timeout=5) == {"type": "inbox"}
        with client.websocket_connect("/api/v1/events") as socket:
            socket.send_text('{"token": "guess"}')
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive(timeout=5)
            assert closed.value.code == 4403
