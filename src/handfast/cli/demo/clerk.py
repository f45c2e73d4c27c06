"""What people with root keys do by hand, done at once, for the demo only.

In real life an administrator compares a device's fingerprint with its person in front of
them, and an owner's root is fetched from its safe. The clerk certifies whoever asks, which
is why it exists only here, on loopback, with keys that were made for the demo.
"""

import asyncio
import logging
from dataclasses import dataclass

import httpx
import msgspec

from handfast.agency.http.routes import PendingDevice, PendingDevices
from handfast.cli.demo.city import ADMINISTRATOR_KEY, City
from handfast.cli.demo.places import OFFICER_ROLE
from handfast.cli.files import read_envelope, read_signing_key
from handfast.kit.clock import Clock
from handfast.kit.encoding import unb64
from handfast.kit.ids import Ids
from handfast.protocol.ceremony import Subject, certify
from handfast.protocol.chain import read_enrolment
from handfast.protocol.signing import sign
from handfast.protocol.statements import Login
from handfast.protocol.wire import LoginAnswer, LoginAsk, LoginChallenge
from handfast.seal.identity import Envelope, SigningKey

_LOG = logging.getLogger(__name__)
_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """The demo's administrator at work."""

    client: httpx.AsyncClient
    key: SigningKey
    certificate: Envelope
    agency: str
    clock: Clock
    ids: Ids


async def certify_officers(city: City, agency: str, *, clock: Clock, ids: Ids) -> None:
    """Certify every officer's device that asks, until cancelled."""
    root = city.agency_root
    key = read_signing_key(root / ADMINISTRATOR_KEY)
    certificate = read_envelope(root / "demo-administrator.cert.json")
    async with httpx.AsyncClient(base_url=city.agency_url, timeout=5) as client:
        desk = _Desk(
            client=client, key=key, certificate=certificate, agency=agency, clock=clock, ids=ids
        )
        headers: dict[str, str] = {}
        while True:
            headers = await _serve(desk, headers)
            await asyncio.sleep(_PAUSE_S)


async def _serve(desk: _Desk, headers: dict[str, str]) -> dict[str, str]:
    """Answer whoever waits; returns the headers of a session that still holds."""
    try:
        answer = await desk.client.get("/api/v1/enrolments", headers=headers)
        if answer.status_code == httpx.codes.FORBIDDEN:
            return await _log_in(desk)
        answer.raise_for_status()
        for device in msgspec.json.decode(answer.content, type=PendingDevices).enrolments:
            await _certify(desk, device, headers)
    except httpx.HTTPError as error:
        _LOG.warning("the agency did not answer the demo's administrator: %s", error)
    return headers


async def _log_in(desk: _Desk) -> dict[str, str]:
    answer = await desk.client.post("/api/v1/login/challenge")
    given = msgspec.json.decode(answer.content, type=LoginChallenge)
    login = Login(
        audience=given.audience,
        challenge=given.challenge,
        device=desk.key.fingerprint,
        at_us=desk.clock.now_us(),
    )
    ask = LoginAsk(login=sign(login, desk.key), chain=[desk.certificate])
    answer = await desk.client.post("/api/v1/login", content=msgspec.json.encode(ask))
    answer.raise_for_status()
    token = msgspec.json.decode(answer.content, type=LoginAnswer).token
    return {"authorization": f"Bearer {token}"}


async def _certify(desk: _Desk, device: PendingDevice, headers: dict[str, str]) -> None:
    enrolment = read_enrolment(device.enrolment)
    now_us = desk.clock.now_us()
    subject = Subject(
        kind="officer-device",
        id=str(desk.ids.uuid7()),
        organisation=desk.agency,
        name=device.name,
        role=OFFICER_ROLE,
        sign=unb64(enrolment.sign),
        open=unb64(enrolment.open),
    )
    certificate = certify(subject, desk.key, serial=now_us, now_us=now_us)
    body = msgspec.json.encode({"certificate": certificate})
    answer = await desk.client.post("/api/v1/certificates", content=body, headers=headers)
    answer.raise_for_status()
