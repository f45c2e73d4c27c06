"""Unmasking: one track of a recorded range, for a stated reason, under a clause of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import msgspec
import pytest

from handfast.kit.encoding import unb64
from handfast.media.feed import TrackFound
from handfast.media.units import StreamKey
from handfast.model.agreement import Clause, ClauseId, OnRequest
from handfast.model.media import Rendition, TrackKind, View
from handfast.protocol.statements import AccessRequestStatement
from tests.scenario.node.people import GATE, MINUTE, ON_ALARM, ON_REQUEST, SECOND, YARD
from tests.scenario.node.school import School

UNMASK = replace(
    ON_REQUEST,
    id=ClauseId("unmask"),
    rendition=Rendition.UNMASKED,
    views=frozenset({View.RECORDED}),
    needs_incident=False,
)
BY_TWO = replace(UNMASK, when=OnRequest(approvals=2, answer_within_us=15 * MINUTE))
REDACTED = replace(ON_ALARM, id=ClauseId("redacted"), rendition=Rendition.REDACTED)


@asynccontextmanager
async def filmed(folder: Path, *clauses: Clause) -> AsyncIterator[School]:
    """Open a school whose gate has been filmed, and which can make ranges."""
    school = School(*clauses, ranges=folder)
    await school.films(8, ticks=False)
    async with anyio.create_task_group() as group:
        group.start_soon(school.heart.redacted_ranges.run)
        await anyio.wait_all_tasks_blocked()
        yield school
        group.cancel_scope.cancel()


async def asks(school: School, **changed: Any) -> Any:
    """Ask to unmask track 12 of the last seconds, changed as a test wants."""
    span = {"from_us": school.now_us - 5 * SECOND, "until_us": school.now_us - 2 * SECOND}
    wanted = {
        "view": View.RECORDED,
        "rendition": Rendition.UNMASKED,
        "track": 12,
        "comment": "the child with the red coat is missing",
        **span,
        **changed,
    }

    def _change(asked: AccessRequestStatement) -> AccessRequestStatement:
        return msgspec.structs.replace(asked, **wanted)

    return await school.asks(school.people.officer(), _change)


async def test_p6_redacted_by_default_unmasking_is_a_right_of_its_own(tmp_path: Path) -> None:
    """Redacted pictures by the alarm do not unmask; an approved request keeps one track."""
    async with filmed(tmp_path, REDACTED, UNMASK) as school:
        await school.alarm()
        pending = await asks(school)
        assert pending.outcome == "pending"
        approval = school.people.approval(pending.request, at_us=school.now_us)
        await school.heart.ask_owner.answer(approval)
        (envelope,) = school.memory.outbox.envelopes("decision")
        decision = school.read(envelope)
        assert decision.outcome == "permit"
        assert decision.grant is not None
        assert (decision.grant.rendition, decision.grant.track) == (Rendition.UNMASKED, 12)
        await anyio.wait_all_tasks_blocked()
        (order,) = school.darkroom.orders
        assert order.keep == 12
        assert order.making.stream.rendition is Rendition.UNMASKED
        assert order.from_us == decision.grant.from_us


async def sees(school: School, track: int, kind: TrackKind) -> None:
    """Open the same range redacted, in which the engine follows one thing."""
    stream = StreamKey(UUID(GATE), "sub", Rendition.REDACTED)
    school.darkroom.events = [TrackFound(stream=stream, track=track, kind=kind)]
    redacted = {"rendition": Rendition.REDACTED, "track": msgspec.UNSET, "comment": ""}
    assert (await asks(school, **redacted)).outcome == "permit"
    await anyio.wait_all_tasks_blocked()


async def test_p6_redacted_by_default_the_site_says_what_is_unmasked(tmp_path: Path) -> None:
    """A vehicle that was asked for as a person is not opened; as a vehicle it is logged."""
    async with filmed(tmp_path, REDACTED, UNMASK) as school:
        await school.alarm()
        await sees(school, 12, TrackKind.VEHICLE)
        wrong = await asks(school, track_kind=TrackKind.PERSON)
        assert (wrong.outcome, wrong.reason) == ("deny", "track-not-seen")
        pending = await asks(school, track_kind=TrackKind.VEHICLE)
        assert pending.outcome == "pending"
        approval = school.people.approval(pending.request, at_us=school.now_us)
        await school.heart.ask_owner.answer(approval)
        (envelope,) = school.memory.outbox.envelopes("decision")
        decision = school.read(envelope)
        grant, proof = decision.grant, decision.log
        assert grant is not None
        assert proof is not None
        assert (grant.track, grant.track_kind) == (12, TrackKind.VEHICLE)
        entry = msgspec.json.decode(unb64(proof.entry))
        assert (entry["grant"]["track"], entry["grant"]["track_kind"]) == (12, "vehicle")
        await anyio.wait_all_tasks_blocked()
        order = school.darkroom.orders[-1]
        assert (order.keep, order.keep_kind) == (12, TrackKind.VEHICLE)


@pytest.mark.parametrize("changed", [{"track": 13}, {"camera": YARD}, {"from_us": 1}])
async def test_what_the_site_has_not_shown_there_is_not_unmasked(
    changed: dict[str, Any], tmp_path: Path
) -> None:
    """A number means something only in the range and camera that it was seen in."""
    async with filmed(tmp_path, REDACTED, BY_TWO) as school:
        await school.alarm()
        await sees(school, 12, TrackKind.PERSON)
        decision = await asks(school, track_kind=TrackKind.PERSON, **changed)
        assert (decision.outcome, decision.reason) == ("deny", "track-not-seen")


async def test_p6_redacted_by_default_a_redacted_range_keeps_nobody(tmp_path: Path) -> None:
    """What the alarm opens is made without any track left clear."""
    async with filmed(tmp_path, REDACTED) as school:
        await school.alarm()
        decision = await asks(
            school, rendition=Rendition.REDACTED, track=msgspec.UNSET, comment=""
        )
        assert decision.outcome == "permit"
        await anyio.wait_all_tasks_blocked()
        assert [order.keep for order in school.darkroom.orders] == [None]


@pytest.mark.parametrize(
    "changed",
    [
        {"track": msgspec.UNSET},
        {"comment": "  "},
        {"view": View.LIVE, "from_us": None, "until_us": None},
        {"rendition": Rendition.REDACTED},
        {"rendition": Rendition.CLEAR},
        {"rendition": Rendition.CLEAR, "track": msgspec.UNSET, "track_kind": TrackKind.PERSON},
    ],
)
async def test_unmasking_is_one_track_of_a_recorded_range_for_a_reason(
    changed: dict[str, Any], tmp_path: Path
) -> None:
    """Anything else is not understood, and nothing is made."""
    async with filmed(tmp_path, REDACTED, UNMASK) as school:
        await school.alarm()
        decision = await asks(school, **changed)
        assert (decision.outcome, decision.reason) == ("deny", "not-understood")
        assert school.darkroom.orders == []


@pytest.mark.parametrize(("clause", "outcome"), [(UNMASK, "deny"), (BY_TWO, "pending")])
async def test_p6_redacted_by_default_where_children_are_it_takes_two(
    clause: Clause, outcome: str, tmp_path: Path
) -> None:
    """An agreement that lets one person unmask does not do so in a children's zone."""
    async with filmed(tmp_path, clause) as school:
        assert (await asks(school, camera=GATE)).outcome == "pending"
        decision = await asks(school, camera=YARD)
        assert decision.outcome == outcome
        if outcome == "deny":
            assert decision.reason == "rendition-not-agreed"


async def test_a_range_ends_with_its_grant(tmp_path: Path) -> None:
    """Its folder goes, and nothing can be listed any more."""
    async with filmed(tmp_path, REDACTED) as school:
        await school.alarm()
        decision = await asks(
            school, rendition=Rendition.REDACTED, track=msgspec.UNSET, comment=""
        )
        folder = tmp_path / decision.grant.id
        assert folder.is_dir()
        await school.alarm("clear")
        await school.passes(301, tick_s=10)
        with anyio.fail_after(10):
            while folder.exists():
                await anyio.wait_all_tasks_blocked()
