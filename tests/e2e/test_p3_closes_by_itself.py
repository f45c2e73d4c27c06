"""P3 on real processes: what leaves the node is counted around the end of a grant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from handfast.kit.encoding import b64
from handfast.seal.format import FrameType
from tests.e2e.city import LINGER_S, SCHOOL, SHOP, TRANSIT, RunningCity
from tests.e2e.lying_hub import LyingHub, lying_hub
from tests.e2e.officer import IDS, officer
from tests.e2e.owner import Owner
from tests.e2e.waiting import CLOCK, eventually
from tests.e2e.watching import watching

pytestmark = pytest.mark.timeout(120)
KEYS = "handfast_node_run_keys_total"
SECOND = 1_000_000


@asynccontextmanager
async def pretending(liar: LyingHub, node: str, grant: str) -> AsyncIterator[list[str]]:
    """Attach and ask for signs of life over and over, as if nothing had ended."""
    refused: list[str] = []
    stop = asyncio.Event()

    async def _pretend() -> None:
        while not stop.is_set():
            attached = await liar.ask(node, "attach", {"grant": grant})
            if not attached.get("ok"):
                refused.append(str(attached.get("reason")))
            await liar.ask(node, "alive", {"grant": grant, "nonce": b64(IDS.secret(16))})

    task = asyncio.create_task(_pretend())
    try:
        yield refused
    finally:
        stop.set()  # an ask that is cancelled in the middle would be asked for ever
        await task


async def test_p3_closes_by_itself_with_the_hub_killed_at_the_end(city: RunningCity) -> None:
    """The hub dies, another takes its place and pretends: no key for what begins later."""
    node = city.node_id(SCHOOL)
    async with officer(city.city) as rivera:
        known = await rivera.site(SCHOOL)
        city.panel(SCHOOL, "raise")
        answer = await rivera.asks(known)
        async with watching(rivera, known, answer) as view:
            await view.sees(30)
            city.kill("hub")
            city.panel(SCHOOL, "clear")
            ends_us = CLOCK.now_us() + LINGER_S * SECOND
        async with lying_hub(city) as liar, pretending(liar, node, answer.grant.id) as refused:
            await eventually(
                lambda: _three(refused), within_s=LINGER_S + 10, what="the node refuses"
            )
            counted = city.metric(SCHOOL, KEYS)
            asked = len(refused)
            await eventually(
                lambda: _more(refused, asked + 200), within_s=20, what="more pretending"
            )
            assert city.metric(SCHOOL, KEYS) == counted
            assert liar.frames_since(ends_us - 2 * SECOND)  # it did hear while it was open
            assert liar.frames_since(ends_us + SECOND) == []
    city.hub_again()


async def test_p3_closes_by_itself_when_the_owner_taps(city: RunningCity) -> None:
    """The owner closes everything; the last ciphertext comes within a second.

    A panel that flaps opens nothing again; the owner's own hand does.
    """
    owner = Owner(city=city, site=TRANSIT).pair()
    node = city.node_id(TRANSIT)
    async with officer(city.city) as rivera, lying_hub(city) as liar:
        known = await rivera.site(TRANSIT)
        city.panel(TRANSIT, "raise")
        answer = await rivera.asks(known)
        async with watching(rivera, known, answer) as view:
            await view.sees(30)
            owner.close()
            closed_us = CLOCK.now_us()
            await view.until(lambda: bool(view.ends), 5, "the end")
            assert view.ends[0].reason == "owner-closed"
            assert view.last_media_us() <= closed_us + SECOND
            async with pretending(liar, node, answer.grant.id) as refused:
                await eventually(lambda: _more(refused, 100), within_s=20, what="pretending")
        assert liar.frames_since(closed_us + SECOND) == []
        denied = await rivera.asks(known)
        assert denied.decision.reason == "owner-closed"
        city.panel(TRANSIT, "clear")
        city.panel(TRANSIT, "raise")
        flapping = await rivera.asks(known)
        assert flapping.decision.reason == "owner-closed"
        owner.switch("raise")
        assert (await rivera.asks(known)).decision.outcome == "permit"
        owner.switch("clear")


async def test_p3_closes_by_itself_at_the_absolute_end(city: RunningCity) -> None:
    """An approval for a few seconds ends after them; nobody has to do anything."""
    owner = Owner(city=city, site=SHOP).pair()
    async with officer(city.city) as rivera, lying_hub(city) as liar:
        known = await rivera.site(SHOP)
        incident = await rivera.incident(known)
        pending = await rivera.asks(known, incident=incident)
        assert pending.decision.outcome == "pending"
        until_us = CLOCK.now_us() + 6 * SECOND
        owner.approve(pending.decision.request, until_us=until_us)
        answer = await rivera.settled(known, pending.decision.request)
        assert answer.grant.until_us <= until_us
        async with watching(rivera, known, answer) as view:
            await view.sees(30)
            await view.until(lambda: bool(view.ends), 15, "the end")
            assert view.last_media_us() <= until_us + SECOND
            async with pretending(liar, known.registration.node, answer.grant.id) as refused:
                await eventually(lambda: _more(refused, 100), within_s=20, what="pretending")
        assert liar.frames_since(until_us + SECOND) == []
        starts = [view.runs[place].start_us for place in view.keys if place in view.runs]
        assert starts
        assert max(starts) < until_us
        assert liar.frames_since(0, FrameType.KEY)


async def _three(refused: list[str]) -> bool:
    return len(refused) >= 3


async def _more(refused: list[str], many: int) -> bool:
    return len(refused) >= many
