"""P4 on real processes: a hub that forges everything a hub could forge."""

from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import pytest

from handfast.kit.encoding import b64, unb64
from handfast.model.media import Rendition, Stream, View
from handfast.protocol.ceremony import Subject, certify
from handfast.protocol.signing import hash_of, parse, sign, verify
from handfast.protocol.statements import (
    AccessRequestStatement,
    Approval,
    Certificate,
    Closing,
    DecisionStatement,
    IncidentStatement,
    Statement,
    Switch,
)
from handfast.protocol.wire import Ask
from handfast.seal.format import FrameType
from handfast.seal.identity import Envelope, SignatureError, SigningKey
from handfast.seal.open import OpeningKey
from tests.e2e.city import SCHOOL, SHOP, RunningCity
from tests.e2e.lying_hub import LyingHub, lying_hub
from tests.e2e.officer import IDS, KnownSite, Officer, officer
from tests.e2e.waiting import CLOCK

pytestmark = pytest.mark.timeout(120)


def new_key() -> SigningKey:
    """Make a key that nobody confirmed."""
    return SigningKey.generate(IDS.secret(32))


@dataclass(frozen=True, kw_only=True)
class Forger:
    """An officer that the hub made up, with roots, dispatch and certificates of its own."""

    known: KnownSite
    root: SigningKey
    administrator: SigningKey
    dispatch: SigningKey
    device: SigningKey
    opening: OpeningKey

    @classmethod
    def of(cls, known: KnownSite) -> "Forger":
        """Make all keys."""
        keys = [new_key() for _ in range(4)]
        root, administrator, dispatch, device = keys
        return cls(
            known=known,
            root=root,
            administrator=administrator,
            dispatch=dispatch,
            device=device,
            opening=OpeningKey.generate(IDS.secret(32)),
        )

    def certificate(self, kind: Any, key: SigningKey, issuer: SigningKey) -> Envelope:
        """Certify a key as if we were the agency."""
        subject = Subject(
            kind=kind,
            id=str(IDS.uuid7()),
            organisation=self.known.agreement.agency.id,
            name="A. Forged",
            role="officer",
            sign=key.public,
            open=self.opening.public,
        )
        return certify(subject, issuer, serial=1, now_us=CLOCK.now_us())

    def chain(self) -> list[Envelope]:
        """Return a chain up to our own root."""
        return [
            self.certificate("officer-device", self.device, self.administrator),
            self.certificate("administrator", self.administrator, self.root),
        ]

    def incident(self, place: tuple[float, float]) -> Envelope:
        """State an incident with our own dispatch key."""
        now_us = CLOCK.now_us()
        statement = IncidentStatement(
            incident=str(IDS.uuid7()),
            agency=self.known.agreement.agency.id,
            kind="robbery",
            title="There never was one",
            lon=place[0],
            lat=place[1],
            radius_m=500.0,
            opened_us=now_us,
            expires_us=now_us + 3_600_000_000,
            signal=None,
        )
        return sign(statement, self.dispatch)


def request_of(
    known: KnownSite, device: SigningKey, challenge: str, **changed: Any
) -> AccessRequestStatement:
    """Write a request that would be permitted, were it not forged."""
    request = AccessRequestStatement(
        request=str(IDS.uuid7()),
        node=known.registration.node,
        agreement=known.agreement_hash,
        camera=known.camera(0),
        stream=Stream.SUB,
        view=View.LIVE,
        rendition=Rendition.CLEAR,
        purpose="emergency",
        incident=str(IDS.uuid7()),
        from_us=None,
        until_us=None,
        comment="",
        challenge=challenge,
        device=device.fingerprint,
        asked_us=CLOCK.now_us(),
    )
    return msgspec.structs.replace(request, **changed)


async def put(liar: LyingHub, known: KnownSite, ask: Ask) -> DecisionStatement:
    """Put an ask straight to the node, and read what it signed."""
    node = known.registration.node
    answer = await liar.ask(node, "access", ask)
    envelope = msgspec.convert(answer["decision"], Envelope)
    return verify(envelope, DecisionStatement, trusted=known.node_keys)


async def challenge_of(liar: LyingHub, known: KnownSite) -> str:
    """Fetch a real challenge: a hub may do that."""
    return str((await liar.ask(known.registration.node, "challenge", b""))["challenge"])


async def test_p4_the_site_decides_though_the_hub_forges_people(city: RunningCity) -> None:
    """Own roots, own administrators, swapped device keys: denied with a reason, no key."""
    city.panel(SCHOOL, "raise")
    async with officer(city.city) as rivera, lying_hub(city) as liar:
        known = await rivera.site(SCHOOL)
        before = city.metric(SCHOOL, "handfast_node_run_keys_total")
        forger = Forger.of(known)
        real = rivera.chain
        swapped = msgspec.structs.replace(
            parse(unb64(real[0].payload), Certificate), sign=b64(forger.device.public)
        )
        chains: dict[str, tuple[list[Envelope], SigningKey]] = {
            "own root": (forger.chain(), forger.device),
            "real administrator, forged officer": ([forger.chain()[0], real[1]], forger.device),
            "stolen chain": (real, forger.device),
            "swapped key": ([sign(swapped, forger.administrator), real[1]], forger.device),
            "nobody": ([], forger.device),
        }
        reasons = {}
        for name, (chain, device) in chains.items():
            request = request_of(known, device, await challenge_of(liar, known))
            ask = Ask(request=sign(request, device), chain=chain, incident=None)
            decision = await put(liar, known, ask)
            assert (decision.outcome, decision.sealed) == ("deny", None), name
            reasons[name] = decision.reason
        assert set(reasons.values()) <= {
            "agency-not-party",
            "certificate-invalid",
            "not-understood",
        }, reasons
        assert city.metric(SCHOOL, "handfast_node_run_keys_total") == before
        assert liar.frames_since(0, FrameType.KEY) == []
    city.panel(SCHOOL, "clear")


async def test_p4_the_site_decides_though_the_hub_forges_the_world(city: RunningCity) -> None:
    """Signals, incidents, approvals, closings, agreements: each has a key the hub lacks."""
    async with officer(city.city) as rivera, lying_hub(city) as liar:
        known = await rivera.site(SHOP)
        forger = Forger.of(known)
        node = city.city.node_url(SHOP)
        now_us = CLOCK.now_us()
        report = city.panel_report(SHOP, "raise", lease_s=60)
        forged = msgspec.structs.replace(report, mac=b64(bytes(32)))
        assert send(f"{node}/api/v1/signals", forged) == 403
        for hand, path in forged_hand(known, forger.device, now_us):
            envelope = sign(hand, forger.device)
            assert send(f"{node}/api/v1/{path}", {"statement": envelope}) == 403
        place = (known.registration.lon, known.registration.lat)
        stated, made_up = await rivera.incident(known), forger.incident(place)
        strange = {"agreement": b64(bytes(32))}
        never = {"purpose": "immigration-enforcement"}
        for statement, changed, reason in (
            (made_up, {}, "incident-not-stated"),
            (stated, strange, "agreement-unknown"),
            (stated, never, "purpose-never"),
        ):
            named = parse(unb64(statement.payload), IncidentStatement).incident
            decision = await ask_as(
                rivera, known, liar, statement, **{"incident": named, **changed}
            )
            assert (decision.outcome, decision.sealed) == ("deny", None), reason
            assert decision.reason == reason
        assert liar.frames_since(0, FrameType.KEY) == []


async def test_p4_the_site_decides_and_no_other_node_can_answer(city: RunningCity) -> None:
    """A decision that some other key signed is refused by whoever asked."""
    async with officer(city.city) as rivera, lying_hub(city) as liar:
        known = await rivera.site(SCHOOL)
        challenge = await challenge_of(liar, known)
        request = request_of(known, rivera.sign, challenge)
        ask = Ask(request=sign(request, rivera.sign), chain=rivera.chain, incident=None)
        real = await put(liar, known, ask)
        permit = msgspec.structs.replace(real, outcome="permit", reason=None)
        forged = sign(permit, new_key())
        moved = Envelope(
            payloadType=forged.payloadType,
            payload=forged.payload,
            signatures=(
                msgspec.structs.replace(
                    forged.signatures[0], keyid=next(iter(known.node_keys))
                ),
            ),
        )
        for envelope, error in ((forged, Exception), (moved, SignatureError)):
            with pytest.raises(error):
                rivera.check(known, envelope, request=hash_of(request))


async def ask_as(
    rivera: Officer, known: KnownSite, liar: LyingHub, statement: Envelope, **changed: Any
) -> DecisionStatement:
    """Let a real officer ask with what the hub made up."""
    challenge = await challenge_of(liar, known)
    request = request_of(known, rivera.sign, challenge, **changed)
    ask = Ask(request=sign(request, rivera.sign), chain=rivera.chain, incident=statement)
    return await put(liar, known, ask)


def forged_hand(
    known: KnownSite, device: SigningKey, now_us: int
) -> list[tuple[Statement, str]]:
    """Return what only an owner's device may sign, made with another key."""
    node, name = known.registration.node, device.fingerprint
    challenge = b64(IDS.secret(32))
    return [
        (
            Approval(
                node=node,
                request=b64(bytes(32)),
                answer="approve",
                until_us=now_us + 60_000_000,
                device=name,
                at_us=now_us,
            ),
            "approvals",
        ),
        (
            Closing(
                node=node,
                scope="all",
                grant=None,
                device=name,
                challenge=challenge,
                at_us=now_us,
            ),
            "closings",
        ),
        (
            Switch(
                node=node,
                signal="intrusion",
                state="raise",
                test=False,
                device=name,
                challenge=challenge,
                at_us=now_us,
            ),
            "switches",
        ),
    ]


def send(url: str, body: object) -> int:
    """Send something to the node's own door, and return the status."""
    return httpx.post(url, content=msgspec.json.encode(body)).status_code
