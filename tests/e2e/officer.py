"""An officer without a browser: the same messages, signatures and checks, in Python.

Everything is verified as the pages verify it; what does not hold raises.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx
import msgspec

from handfast.audit.proof import Proof, verify_proof
from handfast.cli.demo.city import City
from handfast.cli.demo.places import DemoSite
from handfast.kit.encoding import unb64
from handfast.kit.ids import SystemIds
from handfast.model.media import Rendition, Stream, View
from handfast.protocol.agreement_document import AgreementDocument
from handfast.protocol.ceremony import enrol
from handfast.protocol.signing import hash_of, parse, sign, verify
from handfast.protocol.statements import (
    AccessRequestStatement,
    DecisionStatement,
    GrantStatement,
    Login,
    LogProof,
    Registration,
)
from handfast.protocol.wire import Ask, LoginAsk, LoginChallenge
from handfast.seal.identity import Envelope, SigningKey, fingerprint
from handfast.seal.open import OpeningKey, open_release
from handfast.seal.release import release_info
from tests.e2e.waiting import CLOCK, eventually

IDS = SystemIds(CLOCK)
_API = "/api/v1"


@dataclass(frozen=True, kw_only=True)
class KnownSite:
    """A site as its countersigned agreement and its registration describe it."""

    agreement: AgreementDocument
    agreement_hash: str
    registration: Registration

    @property
    def node_keys(self) -> dict[str, bytes]:
        """The only key that may sign for the node."""
        key = unb64(self.agreement.node.sign)
        return {fingerprint(key): key}

    def camera(self, number: int) -> str:
        """Return a camera's id."""
        return self.registration.cameras[number].id


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A decision whose signature, log proof and release held.

    Attributes:
        entry: The log entry that explains it.
        keys: What was sealed to this device; empty without a permit.
    """

    decision: DecisionStatement
    entry: dict[str, Any]
    keys: dict[str, Any] = field(repr=False)

    @property
    def grant(self) -> GrantStatement:
        """The grant of a permit."""
        assert self.decision.grant is not None, self.decision.reason
        return self.decision.grant


class Officer:
    """One person's device, enrolled and logged in. Use as an asynchronous context."""

    def __init__(self, city: City, name: str) -> None:
        """Make the device's keys."""
        self.city = city
        self.name = name
        self.sign = SigningKey.generate(IDS.secret(32))
        self.open = OpeningKey.generate(IDS.secret(32))
        self.chain: list[Envelope] = []
        self.hub_token = ""
        self.agency_headers: dict[str, str] = {}
        self.agency = httpx.AsyncClient(base_url=city.agency_url, timeout=15)
        self.hub = httpx.AsyncClient(base_url=city.hub_url, timeout=15)

    async def __aenter__(self) -> Self:
        """Enrol the device and log in at agency and hub."""
        await self._enrol()
        token = await self._log_in(self.agency)
        self.agency_headers = {"authorization": f"Bearer {token}"}
        await self.log_in_hub()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up."""
        await self.agency.aclose()
        await self.hub.aclose()

    async def log_in_hub(self) -> None:
        """Log in at the hub, again after it was started again."""
        self.hub_token = await self._log_in(self.hub)
        self.hub.headers["authorization"] = f"Bearer {self.hub_token}"

    async def _enrol(self) -> None:
        enrolment = enrol(
            self.sign, label="test", open_key=self.open.public, now_us=CLOCK.now_us()
        )
        await _post(self.agency, "/enrolments", {"enrolment": enrolment, "name": self.name})

        async def _chain() -> list[Envelope]:
            state = await _get(self.agency, f"/enrolments/{self.sign.fingerprint}")
            return msgspec.convert(state["chain"], list[Envelope])

        self.chain = await eventually(_chain, within_s=15, what="the device is certified")

    async def _log_in(self, at: httpx.AsyncClient) -> str:
        body = {"device": self.sign.fingerprint}
        given = msgspec.convert(await _post(at, "/login/challenge", body), LoginChallenge)
        login = Login(
            audience=given.audience,
            challenge=given.challenge,
            device=self.sign.fingerprint,
            at_us=CLOCK.now_us(),
        )
        ask = LoginAsk(login=sign(login, self.sign), chain=self.chain)
        return str((await _post(at, "/login", ask))["token"])

    async def site(self, site: DemoSite) -> KnownSite:
        """Read a site: the agreement from the agency, the registration from the hub."""
        node = str(msgspec.json.decode((self.city.node(site) / "node.json").read_bytes())["id"])
        listed = await _get(self.agency, "/agreements", self.agency_headers)
        agreements = [
            parse(unb64(envelope["payload"]), AgreementDocument)
            for envelope in listed["agreements"]
        ]
        (agreement,) = (each for each in agreements if each.node.id == node)
        key = unb64(agreement.node.sign)

        async def _registered() -> Registration | None:
            for each in (await _get(self.hub, "/registry"))["sites"]:
                if each["node"] == node:
                    envelope = msgspec.convert(each["registration"], Envelope)
                    return verify(envelope, Registration, trusted={fingerprint(key): key})
            return None

        registration = await eventually(_registered, within_s=15, what=f"{site.name} registers")
        return KnownSite(
            agreement=agreement,
            agreement_hash=hash_of(agreement),
            registration=registration,
        )

    async def incident(self, known: KnownSite) -> Envelope:
        """Let the agency's dispatch key state an incident at a site."""
        draft = {
            "incident": None,
            "kind": "robbery",
            "title": "Robbery",
            "lon": known.registration.lon,
            "lat": known.registration.lat,
            "radius_m": 150.0,
            "signal": None,
        }
        stated = await _post(self.agency, "/incidents", draft, self.agency_headers)
        return msgspec.convert(stated["statement"], Envelope)

    async def asks(
        self,
        known: KnownSite,
        *,
        camera: int = 0,
        span_us: tuple[int, int] | None = None,
        incident: Envelope | None = None,
        **changed: Any,
    ) -> Answer:
        """Ask for live pictures, or for the recorded ones of a span, and check the answer.

        Args:
            known: Whom to ask.
            camera: Its place among the site's cameras.
            span_us: Recorded `[from, until)`; `None` for live.
            incident: What it is for.
            **changed: Fields of the request to change before it is signed.
        """
        node = known.registration.node
        challenge = (await _get(self.hub, f"/nodes/{node}/challenge"))["challenge"]
        named = "" if incident is None else msgspec.json.decode(unb64(incident.payload))
        request = AccessRequestStatement(
            request=str(IDS.uuid7()),
            node=node,
            agreement=known.agreement_hash,
            camera=known.camera(camera),
            stream=Stream.SUB,
            view=View.LIVE if span_us is None else View.RECORDED,
            rendition=Rendition.CLEAR,
            purpose="emergency",
            incident=named["incident"] if isinstance(named, dict) else str(IDS.uuid7()),
            from_us=None if span_us is None else span_us[0],
            until_us=None if span_us is None else span_us[1],
            comment="",
            challenge=challenge,
            device=self.sign.fingerprint,
            asked_us=CLOCK.now_us(),
        )
        request = msgspec.structs.replace(request, **changed)
        ask = Ask(request=sign(request, self.sign), chain=self.chain, incident=incident)
        answer = await _post(self.hub, f"/nodes/{node}/access", ask)
        envelope = msgspec.convert(answer["decision"], Envelope)
        return self.check(known, envelope, request=hash_of(request))

    async def settled(self, known: KnownSite, request: str) -> Answer:
        """Wait until a pending request has been decided, and check the decision."""

        async def _decided() -> Answer | None:
            answer = await _get(self.hub, f"/requests/{request}")
            envelope = msgspec.convert(answer["decision"], Envelope)
            checked = self.check(known, envelope, request=request)
            return None if checked.decision.outcome == "pending" else checked

        return await eventually(_decided, within_s=10, what="the owner's answer arrives")

    def check(self, known: KnownSite, envelope: Envelope, *, request: str) -> Answer:
        """Verify the node's signature and the log's proof; open what was sealed to us."""
        decision = verify(envelope, DecisionStatement, trusted=known.node_keys)
        assert decision.request == request
        assert decision.log is not None
        entry = open_proof(known, decision.log)
        assert entry["kind"] == "decision"
        assert entry["request"] == request
        keys: dict[str, Any] = {}
        if decision.sealed is not None and decision.grant is not None:
            info = release_info(request, UUID(decision.grant.id), decision.log.checkpoint)
            plain = open_release(self.open, info, unb64(decision.sealed))
            keys = msgspec.json.decode(plain)
            assert keys["grant"] == decision.grant.id
        return Answer(decision=decision, entry=entry, keys=keys)

    async def recordings(self, grant: str, since_us: int, until_us: int) -> dict[str, Any]:
        """List the segments of a range."""
        query = f"from_us={since_us}&until_us={until_us}"
        found: dict[str, Any] = await _get(self.hub, f"/grants/{grant}/recordings?{query}")
        return found

    async def segment_bytes(self, grant: str, segment: str, offset: int, length: int) -> bytes:
        """Fetch a piece of a sealed segment."""
        query = f"offset={offset}&length={length}"
        answer = await self.hub.get(f"{_API}/grants/{grant}/segments/{segment}?{query}")
        assert answer.status_code == 200, answer.text
        return answer.content


def open_proof(known: KnownSite, proof: LogProof) -> dict[str, Any]:
    """Verify that an entry is in the owner's log, and return it."""
    travelled = msgspec.convert(msgspec.to_builtins(proof), Proof)
    entry: dict[str, Any] = msgspec.json.decode(
        verify_proof(travelled, known.agreement.node.log)
    )
    return entry


@asynccontextmanager
async def officer(city: City, name: str = "Aino Rivera") -> AsyncIterator[Officer]:
    """Enrol an officer and log in."""
    async with Officer(city, name) as enrolled:
        yield enrolled


async def _get(
    at: httpx.AsyncClient, path: str, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    return _read(await at.get(_API + path, headers=headers))


async def _post(
    at: httpx.AsyncClient, path: str, body: object, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    return _read(await at.post(_API + path, content=msgspec.json.encode(body), headers=headers))


def _read(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, f"{answer.url}: {answer.status_code} {answer.text}"
    read: dict[str, Any] = msgspec.json.decode(answer.content)
    return read
