"""Unmasking in a live picture: one track, as the site counts now, for one grant alone."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from handfast.kit.encoding import b64, unb64
from handfast.media.units import KeptTrack, StreamKey
from handfast.model.agreement import Clause, ClauseId, OnRequest
from handfast.model.media import Rendition, Stream, TrackKind, View
from handfast.protocol.statements import (
    AccessRequestStatement,
    DecisionStatement,
    GrantStatement,
    LogProof,
)
from handfast.protocol.wire import Attached
from handfast.seal.format import RunFrame, decode_frame
from handfast.seal.keytree import LeafWalker, run_key, stream_label
from tests.fakes.node_media import FakeCamera
from tests.scenario.node.people import GATE, MINUTE, ON_ALARM, ON_REQUEST, YARD, Officer
from tests.scenario.node.school import School, Watching

UNMASK = replace(
    ON_REQUEST, id=ClauseId("unmask"), rendition=Rendition.UNMASKED, needs_incident=False
)
BY_TWO = replace(UNMASK, when=OnRequest(approvals=2, answer_within_us=15 * MINUTE))
RECORDED_ONLY = replace(UNMASK, views=frozenset({View.RECORDED}))
REDACTED = replace(ON_ALARM, id=ClauseId("redacted"), rendition=Rendition.REDACTED)
SEEN_IN = b"a live segment!!"
COVERED = StreamKey(UUID(GATE), "main", Rendition.REDACTED)


def wished(**changed: Any) -> Any:
    """Ask to unmask track 12 of the live picture, changed as a test wants."""
    wanted = {
        "rendition": Rendition.UNMASKED,
        "track": 12,
        "track_kind": TrackKind.PERSON,
        "seen_in": b64(SEEN_IN),
        "comment": "the child with the red coat is missing",
        **changed,
    }

    def _change(asked: AccessRequestStatement) -> AccessRequestStatement:
        return msgspec.structs.replace(asked, **wanted)

    return _change


async def guarded(*clauses: Clause) -> School:
    """Open a school with an alarm, in whose covered live picture person 12 is followed."""
    school = School(*clauses)
    school.live_tracks.followed[COVERED, 12, SEEN_IN] = TrackKind.PERSON
    await school.alarm()
    return school


async def approved(school: School, pending: DecisionStatement) -> DecisionStatement:
    """Let the owner's phone say yes; return what the node decides then."""
    assert pending.outcome == "pending", pending
    approval = school.people.approval(pending.request, at_us=school.now_us)
    await school.heart.ask_owner.answer(approval)
    return school.read(school.memory.outbox.envelopes("decision")[-1])


async def unmasked(school: School, officer: Officer) -> Watching:
    """Ask, have it approved, and attach."""
    pending = await school.asks(officer, wished())
    decision = await approved(school, pending)
    assert decision.outcome == "permit", decision
    watching = Watching(school=school, officer=officer, decision=decision)
    assert await school.heart.live.attach(watching.grant.id) == Attached(ok=True)
    return watching


def own_stream(grant: GrantStatement) -> StreamKey:
    """Name the stream that is made for an unmasking grant."""
    kept = KeptTrack(grant.id, 12, TrackKind.PERSON, SEEN_IN)
    return StreamKey(UUID(GATE), "main", Rendition.UNMASKED, kept)


class Film:
    """What a redaction process seals of one stream."""

    def __init__(self, school: School, stream: StreamKey) -> None:
        """Begin with the next picture."""
        self._school = school
        self.camera = FakeCamera(
            stream.camera, school.periods, started_us=school.now_us - 1_000_000, key=stream
        )
        self._count = 0

    async def runs(self, pictures: int = 50) -> None:
        """Let two seconds pass."""
        for _ in range(pictures):
            self._school.clock.move(0.04)
            is_key = self._count % 25 == 0
            self._count += 1
            for event in self.camera.picture(self._school.now_us, key=is_key):
                await self._school.heart.hear(event)


def runs_to(school: School, name: str) -> list[RunFrame]:
    """Return the runs that were sent to a grant, or to all viewers (`stream`)."""
    frames = [decode_frame(each) for each in school.viewers.of(name)]
    return [each for each in frames if isinstance(each, RunFrame)]


async def test_p6_redacted_by_default_live_unmasking_is_a_right_of_its_own() -> None:
    """It has a clause, an approval, a grant and an entry of its own in the owner's log."""
    school = await guarded(REDACTED, UNMASK)
    officer = school.people.officer()
    covered = wished(
        rendition=Rendition.REDACTED,
        track=msgspec.UNSET,
        track_kind=msgspec.UNSET,
        seen_in=msgspec.UNSET,
        comment="",
    )
    first = await school.asks(officer, covered)
    assert first.grant is not None
    assert (first.grant.rendition, first.grant.clause) == (Rendition.REDACTED, "redacted")
    watching = await unmasked(school, officer)
    grant = watching.grant
    assert (grant.id != first.grant.id, grant.clause) == (True, "unmask")
    assert (grant.rendition, grant.view) == (Rendition.UNMASKED, View.LIVE)
    assert (grant.track, grant.track_kind, grant.seen_in) == (12, "person", b64(SEEN_IN))
    assert school.recorder.attached == [own_stream(grant)]
    proof = watching.decision.log
    assert isinstance(proof, LogProof)
    entry = msgspec.json.decode(unb64(proof.entry))
    assert entry["grant"]["track"] == 12
    assert entry["grant"]["rendition"] == "unmasked"
    assert entry["grant"]["seen_in"] == b64(SEEN_IN)
    lines = await school.heart.who_looked.list_accesses(before_us=school.now_us + 1, limit=9)
    assert {line.grant for line in lines} == {first.grant.id, grant.id}


async def test_p6_redacted_by_default_unmasked_pictures_reach_their_grant_alone() -> None:
    """Others who look at the covered picture get neither their bytes nor their keys."""
    school = await guarded(REDACTED, UNMASK)
    covered = await school.asks(
        school.people.officer(),
        wished(
            rendition=Rendition.REDACTED,
            track=msgspec.UNSET,
            track_kind=msgspec.UNSET,
            seen_in=msgspec.UNSET,
        ),
    )
    other = Watching(school=school, officer=school.people.officer(), decision=covered)
    assert await school.heart.live.attach(other.grant.id) == Attached(ok=True)
    for_all = Film(school, COVERED)
    await for_all.runs()
    watching = await unmasked(school, school.people.officer())
    for_one = Film(school, own_stream(watching.grant))
    for _ in range(2):
        await for_one.runs()
        await for_all.runs()
    own = {each.segment for each in runs_to(school, watching.grant.id)}
    shared = {each.segment for each in runs_to(school, "stream")}
    assert own == set(for_one.camera.files)
    assert shared == set(for_all.camera.files)
    assert {each.segment for each in watching.key_frames()} == own
    assert {each.segment for each in other.key_frames()} == shared
    for keys, camera, rendition in (
        (watching.run_keys(), for_one.camera, Rendition.UNMASKED),
        (other.run_keys(), for_all.camera, Rendition.REDACTED),
    ):
        assert keys
        assert set(keys) <= all_keys(school, camera, rendition)


def all_keys(school: School, camera: FakeCamera, rendition: Rendition) -> set[bytes]:
    """Return the key of every run that a film may have, from the root of its own period."""
    keys = set()
    for segment in camera.segments.values():
        root = school.periods.find(segment.period).root
        label = stream_label(UUID(GATE), Stream.MAIN.code, rendition.code)
        walker = LeafWalker(root)
        for leaf in range(60):
            key = walker.leaf(leaf)
            keys |= {run_key(key, label, segment.id, run) for run in range(60)}
    return keys


@pytest.mark.parametrize(
    "changed",
    [
        {"track": 13},
        {"seen_in": b64(b"another segment!")},
        {"track_kind": TrackKind.VEHICLE},
        {"camera": YARD},
        {"stream": Stream.SUB},
    ],
)
async def test_p4_the_site_decides_who_a_number_means(changed: dict[str, Any]) -> None:
    """A number that the site does not know as such, there and now, opens nothing."""
    school = await guarded(REDACTED, BY_TWO)
    decision = await school.asks(school.people.officer(), wished(**changed))
    assert (decision.outcome, decision.reason) == ("deny", "track-not-seen")
    assert (await school.asks(school.people.officer(), wished())).outcome == "pending"


async def test_p4_the_site_decides_anew_when_the_owner_has_answered() -> None:
    """A process that has restarted in between counts anew: the approval opens nothing."""
    school = await guarded(REDACTED, UNMASK)
    pending = await school.asks(school.people.officer(), wished())
    school.live_tracks.followed = {(COVERED, 12, b"its next segment"): TrackKind.PERSON}
    decision = await approved(school, pending)
    assert (decision.outcome, decision.reason) == ("deny", "track-not-seen")


@pytest.mark.parametrize(
    "changed",
    [
        {"track": msgspec.UNSET, "track_kind": msgspec.UNSET},
        {"seen_in": msgspec.UNSET},
        {"seen_in": "not sixteen bytes"},
        {"seen_in": b64(b"15 bytes are not")[:-2]},
        {"comment": " "},
        {"rendition": Rendition.REDACTED},
        {"rendition": Rendition.CLEAR},
        {"view": View.RECORDED, "from_us": 1, "until_us": 2},
    ],
)
async def test_what_is_no_whole_wish_is_not_understood(changed: dict[str, Any]) -> None:
    """One track of a live picture, seen in a segment of it, for a stated reason."""
    school = await guarded(REDACTED, UNMASK)
    decision = await school.asks(school.people.officer(), wished(**changed))
    assert (decision.outcome, decision.reason) == ("deny", "not-understood")


async def test_an_agreement_about_recordings_opens_no_live_picture() -> None:
    """What an owner signed before stays what it was."""
    school = await guarded(RECORDED_ONLY)
    decision = await school.asks(school.people.officer(), wished())
    assert (decision.outcome, decision.reason) == ("deny", "view-not-agreed")


@pytest.mark.parametrize(("clause", "outcome"), [(UNMASK, "deny"), (BY_TWO, "pending")])
async def test_p6_redacted_by_default_where_children_are_it_takes_two_live_as_well(
    clause: Clause, outcome: str
) -> None:
    """An agreement that lets one person unmask does not do so in a children's zone."""
    school = await guarded(clause)
    yard = StreamKey(UUID(YARD), "main", Rendition.REDACTED)
    school.live_tracks.followed[yard, 12, SEEN_IN] = TrackKind.PERSON
    decision = await school.asks(school.people.officer(), wished(camera=YARD))
    assert decision.outcome == outcome
    if outcome == "deny":
        assert decision.reason == "rendition-not-agreed"


async def test_p3_closes_by_itself_when_whoever_is_unmasked_has_gone() -> None:
    """Nothing more is sent, the viewer is told why, and the owner's log too."""
    school = await guarded(REDACTED, UNMASK)
    watching = await unmasked(school, school.people.officer())
    film = Film(school, own_stream(watching.grant))
    await film.runs()
    assert watching.key_frames()
    school.live_tracks.followed.clear()
    await school.heart.tick()
    assert [end.reason for end in watching.ends()] == ["track-not-seen"]
    assert school.recorder.attached == []
    sent = len(school.viewers.frames)
    await film.runs()
    assert len(school.viewers.frames) == sent
    assert await school.heart.live.attach(watching.grant.id) == Attached(
        ok=False, reason="time-box-ended"
    )


async def test_a_track_that_goes_before_anybody_attaches_is_not_made() -> None:
    """Its grant ends like any other whose track has gone."""
    school = await guarded(REDACTED, UNMASK)
    pending = await school.asks(school.people.officer(), wished())
    decision = await approved(school, pending)
    assert decision.grant is not None
    school.live_tracks.followed.clear()
    refused = await school.heart.live.attach(decision.grant.id)
    assert refused == Attached(ok=False, reason="track-not-seen")
    await school.heart.tick()
    assert school.heart.grants.all() == ()
    assert school.recorder.attached == []


async def test_p3_closes_by_itself_unmasking_ends_with_its_clause_whoever_is_in_sight() -> None:
    """The longest time runs out, though the alarm goes on that opens the covered picture."""
    school = await guarded(REDACTED, UNMASK)
    watching = await unmasked(school, school.people.officer())
    for number in range(31 * 12):
        if number % 12 == 0:
            await school.alarm()
        await school.passes(5, tick_s=5)
        watching.alive()
    assert [end.reason for end in watching.ends()] == ["time-box-ended"]
    assert school.recorder.attached == []
