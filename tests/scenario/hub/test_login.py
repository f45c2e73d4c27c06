"""Who gets in at the hub: named people on certified devices, certified nodes, nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from handfast.hub.usecases.admit import keep_revocation
from handfast.kit.encoding import b64, unb64
from handfast.protocol.ceremony import Subject
from handfast.protocol.signing import parse, sign
from handfast.protocol.statements import Certificate, Login, Revocation
from handfast.protocol.wire import LoginAsk
from handfast.seal.identity import fingerprint
from tests.city.hub_world import LocalHub, local_hub
from tests.city.people import NODE, SHOP, Device, Organisation


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[LocalHub]:
    """Run a hub in process."""
    async with local_hub(tmp_path) as world:
        yield world


async def answer(city: LocalHub, device: Device, *, of: str = "/login") -> LoginAsk:
    """Return a device's answer to a fresh challenge."""
    challenge = await city.challenge(device, of=of)
    return device.log_in(challenge.challenge, challenge.audience, at_us=city.clock.now_us())


async def refused(city: LocalHub, ask: object, *, of: str = "/login") -> str:
    """Return the reason of a refused login."""
    said = await city.post(of, ask)
    assert said.status_code == 403, said.text
    assert said.headers["content-type"].startswith("application/problem+json")
    return str(said.json()["reason"])


async def test_an_officer_logs_in_and_is_named(city: LocalHub) -> None:
    """The session carries name and role from the certificate, for twelve hours."""
    said = await city.post("/login", await answer(city, city.officer))
    assert said.status_code == 200
    body = said.json()
    assert (body["name"], body["role"]) == ("A. Officer", "officer")
    assert body["expires_us"] == city.clock.now_us() + 12 * 3600 * 1_000_000


async def test_p7_named_people_only_the_hub_cannot_mint_an_officer(city: LocalHub) -> None:
    """A chain that ends in anything but an enrolled agency root is refused, a new root too."""
    stranger = Organisation(
        id=city.police.id, name="Police", ids=city.ids, now_us=city.clock.now_us()
    )
    assert await refused(city, await answer(city, stranger.officer())) == "agency-not-party"


async def test_p7_named_people_only_an_owner_makes_no_officers(city: LocalHub) -> None:
    """The root of a school may certify nodes, not administrators who certify officers."""
    ask = await answer(city, city.school.officer())
    assert await refused(city, ask) == "certificate-invalid"


async def test_p7_named_people_only_an_officer_certifies_nobody(city: LocalHub) -> None:
    """A chain below an officer's device does not hold."""
    key = city.police.new_key()
    subject = Subject(
        kind="officer-device",
        id="x",
        organisation=city.police.id,
        name="N. Obody",
        role="officer",
        sign=key.public,
    )
    below = city.police.certify(subject, by=city.officer.key)
    device = Device(key=key, chain=[below, city.officer.chain[0]])
    assert await refused(city, await answer(city, device)) == "agency-not-party"
    device = Device(key=key, chain=[below, *city.officer.chain])
    assert await refused(city, await answer(city, device)) == "certificate-invalid"


async def test_a_challenge_is_good_for_once(city: LocalHub) -> None:
    """The same answer again is refused."""
    ask = await answer(city, city.officer)
    assert (await city.post("/login", ask)).status_code == 200
    assert await refused(city, ask) == "challenge-unknown"


async def test_an_old_challenge_is_refused(city: LocalHub) -> None:
    """After a minute it is gone."""
    ask = await answer(city, city.officer)
    city.manual.move(60)
    assert await refused(city, ask) == "challenge-unknown"


async def test_another_devices_challenge_is_refused(city: LocalHub) -> None:
    """A challenge belongs to the device that fetched it."""
    challenge = await city.challenge(city.police.officer())
    ask = city.officer.log_in(
        challenge.challenge, challenge.audience, at_us=city.clock.now_us()
    )
    assert await refused(city, ask) == "challenge-unknown"


async def test_an_answer_for_another_audience_is_refused(city: LocalHub) -> None:
    """What was signed for the agency or the bus opens nothing here."""
    challenge = await city.challenge(city.officer)
    for audience in ("agency:x", "bus:x", "hub:another"):
        ask = city.officer.log_in(challenge.challenge, audience, at_us=city.clock.now_us())
        assert await refused(city, ask) == "wrong-node"


async def test_an_answer_by_another_key_is_refused(city: LocalHub) -> None:
    """A stolen certificate chain without its key is worth nothing."""
    challenge = await city.challenge(city.officer)
    login = Login(
        audience=challenge.audience,
        challenge=challenge.challenge,
        device=city.officer.key.fingerprint,
        at_us=city.clock.now_us(),
    )
    thief = city.police.new_key()
    ask = LoginAsk(login=sign(login, thief), chain=city.officer.chain)
    assert await refused(city, ask) == "certificate-invalid"


async def test_clocks_far_apart_are_named(city: LocalHub) -> None:
    """The person is told to set the clock, not left to guess."""
    challenge = await city.challenge(city.officer)
    late = city.clock.now_us() - 121_000_000
    ask = city.officer.log_in(challenge.challenge, challenge.audience, at_us=late)
    assert await refused(city, ask) == "clock-apart"


async def test_an_expired_certificate_is_refused(city: LocalHub) -> None:
    """Officers' certificates last 90 days."""
    city.manual.move(91 * 24 * 3600)
    assert await refused(city, await answer(city, city.officer)) == "certificate-expired"


async def test_a_revoked_administrator_takes_their_officers_along(city: LocalHub) -> None:
    """The agency's root withdraws an administrator: nobody they certified logs in."""
    above = city.officer.chain[1]
    administrator = fingerprint(unb64(parse(unb64(above.payload), Certificate).sign))
    listed = Revocation(
        suite=1,
        issuer=city.police.root.fingerprint,
        serial=1,
        revoked=[administrator],
    )
    text = msgspec.json.encode(sign(listed, city.police.root))
    await city.hub.services.store.transact(lambda tables: keep_revocation(tables, text))
    assert await refused(city, await answer(city, city.officer)) == "certificate-revoked"


async def test_a_session_ends_after_twelve_hours(city: LocalHub) -> None:
    """The token opens nothing any more."""
    token = await city.log_in(city.officer)
    assert (await city.get("/registry", token)).status_code == 200
    city.manual.move(12 * 3600)
    late = await city.get("/registry", token)
    assert (late.status_code, late.json()["reason"]) == (401, "session-unknown")


@pytest.mark.parametrize(
    "path", ["/registry", "/incidents", "/requests/x", f"/nodes/{NODE}/challenge"]
)
async def test_without_a_session_nothing_is_told(city: LocalHub, path: str) -> None:
    """No token, a made-up one, or another scheme."""
    assert (await city.get(path)).status_code == 401
    assert (await city.get(path, "made-up")).status_code == 401


async def test_a_node_logs_in_to_the_bus_only(city: LocalHub) -> None:
    """Its token is for the bus; its challenge is no officer's."""
    ask = await answer(city, city.node_device, of="/nodes/login")
    said = await city.post("/nodes/login", ask)
    assert said.status_code == 200
    assert said.json()["node"] == NODE
    assert (await city.get("/registry", said.json()["token"])).status_code == 401
    officer = await answer(city, city.officer, of="/nodes/login")
    assert await refused(city, officer, of="/nodes/login") == "certificate-invalid"


async def test_a_node_cannot_bear_another_owners_nodes_id(city: LocalHub) -> None:
    """Whoever came first keeps the id: frames of one site never pass for another's."""
    await city.post("/nodes/login", await answer(city, city.node_device, of="/nodes/login"))
    shop = Organisation(id=SHOP, name="Shop", ids=city.ids, now_us=city.clock.now_us())
    await city.admit_owner(shop)
    ask = await answer(city, shop.node(NODE), of="/nodes/login")
    assert await refused(city, ask, of="/nodes/login") == "wrong-node"
    pattern = await answer(city, shop.node("*"), of="/nodes/login")
    assert await refused(city, pattern, of="/nodes/login") == "certificate-invalid"


async def test_too_many_logins_wait(tmp_path: Path) -> None:
    """One address cannot try for ever; it is told how long to wait."""
    async with local_hub(tmp_path, logins_per_minute=3) as city:
        body = {"device": city.officer.key.fingerprint}
        for _ in range(3):
            assert (await city.post("/login/challenge", body)).status_code == 200
        said = await city.post("/login/challenge", body)
        assert (said.status_code, said.headers["retry-after"]) == (429, "20")
        city.manual.move(20)
        assert (await city.post("/login/challenge", body)).status_code == 200


async def test_a_challenge_needs_a_fingerprint(city: LocalHub) -> None:
    """Anything else is named as malformed."""
    for device in ("", "x", b64(bytes(31)), "!" * 43):
        said = await city.post("/login/challenge", {"device": device})
        assert (said.status_code, said.json()["code"]) == (400, "invalid")
