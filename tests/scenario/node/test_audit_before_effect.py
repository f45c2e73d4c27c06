"""P2: no key leaves before the entry that explains it is durable."""

from itertools import pairwise

import msgspec

from handfast.audit.proof import Proof, verify_proof
from handfast.kit.encoding import unb64
from handfast.protocol.signing import verify
from handfast.protocol.statements import End, LogProof, Window
from handfast.seal.format import FrameType
from handfast.seal.identity import Envelope
from tests.scenario.node.people import SECOND
from tests.scenario.node.school import School, Watching


def entry_of(school: School, proof: LogProof) -> dict[str, object]:
    """Check a proof against the owner's log and return the entry it opens."""
    travelled = msgspec.convert(msgspec.to_builtins(proof), Proof)
    entry: dict[str, object] = msgspec.json.decode(
        verify_proof(travelled, school.heart.pep.log_vkey)
    )
    return entry


def windows(watching: Watching) -> list[Window]:
    """Return the release windows a viewer was shown, checked."""
    node = watching.school.people.node
    sent = watching.school.viewers.of(watching.grant.id)
    return [
        verify(
            msgspec.json.decode(frame[1:], type=Envelope),
            Window,
            trusted={node.fingerprint: node.public},
        )
        for frame in sent
        if frame[0] == FrameType.WINDOW
    ]


async def test_p2_audit_before_effect_a_permit_brings_the_proof_of_its_entry() -> None:
    """Request, decision, agreement, grant, first window and end stand in the log."""
    school = School()
    await school.alarm()
    decision = await school.asks(school.people.officer())
    assert decision.log is not None
    assert decision.grant is not None
    entry = entry_of(school, decision.log)
    assert entry["kind"] == "decision"
    assert entry["request"] == decision.request
    assert entry["name"] == "A. Rivera"
    grant = entry["grant"]
    assert isinstance(grant, dict)
    assert grant["until_us"] == decision.grant.until_us
    assert grant["agreement"] == school.agreement
    window = entry["window"]
    assert isinstance(window, dict)
    assert window["until_us"] == decision.grant.since_us + 10 * SECOND


async def test_p2_audit_before_effect_every_key_lies_in_a_window_shown_before_it() -> None:
    """For each key frame a window with a proof was sent earlier, and covers its run."""
    school = School()
    await school.films(1)
    await school.alarm(lease_s=600)
    watching = await school.watches(school.people.officer())
    for _ in range(35):
        watching.alive()
        await school.films(1)
    shown = windows(watching)
    assert [window.window for window in shown] == list(range(len(shown)))
    assert len(shown) >= 4
    entries = [entry_of(school, window.log) for window in shown]
    assert [entry["kind"] for entry in entries] == ["decision", *["window"] * (len(shown) - 1)]
    spans = [(window.from_us, window.until_us) for window in shown]
    assert all(after[0] == before[1] for before, after in pairwise(spans))  # no entry twice
    assert len(school.keys.live) > 30
    for _, since_us, _ in school.keys.live:
        assert any(from_us <= since_us < until_us for from_us, until_us in spans)
    kinds = [frame[0] for frame in school.viewers.of(watching.grant.id)]
    assert kinds.index(FrameType.WINDOW) < kinds.index(FrameType.KEY)


async def test_p2_audit_before_effect_a_full_disk_opens_nothing() -> None:
    """The log takes nothing: denied, with that reason, and no key."""
    school = School()
    await school.films(1)
    await school.alarm()
    school.disk.full = True
    decision = await school.asks(school.people.officer())
    assert (decision.outcome, decision.reason) == ("deny", "log-not-writable")
    assert decision.sealed is None
    assert school.heart.grants.all() == ()
    school.disk.full = False
    assert (await school.asks(school.people.officer())).outcome == "permit"


async def test_p2_audit_before_effect_a_log_that_fills_up_ends_the_live_view() -> None:
    """Keys stop with the last window that is in the log; the end is logged later."""
    school = School()
    await school.films(1)
    await school.alarm(lease_s=600)
    watching = await school.watches(school.people.officer())
    await school.films(2)
    school.disk.full = True
    last_us = max(window.until_us for window in windows(watching))
    for _ in range(15):
        watching.alive()
        await school.films(1)
    assert max(since for _, since, _ in school.keys.live) < last_us
    (end,) = watching.ends()
    assert (end.reason, end.log) == ("log-not-writable", None)
    school.disk.full = False
    await school.passes(1)
    (line,) = await school.heart.who_looked.list_accesses(before_us=school.now_us, limit=9)
    assert line.closed is not None
    assert msgspec.json.decode(unb64(line.closed.entry))["kind"] == "end"


async def test_p2_audit_before_effect_denials_and_ends_are_logged() -> None:
    """Whoever was refused is in the log, and each access ends with a summary."""
    school = School()
    await school.films(1)
    denied = await school.asks(school.people.officer())
    assert denied.log is not None
    assert entry_of(school, denied.log)["reason"] == "signal-not-active"
    await school.alarm(lease_s=600)
    watching = await school.watches(school.people.officer())
    for _ in range(20):
        watching.alive()
        await school.films(1)
    await school.alarm("clear")
    await school.passes(301, tick_s=1)
    (envelope,) = school.memory.outbox.envelopes("ended")
    node = school.people.node
    end = verify(envelope, End, trusted={node.fingerprint: node.public})
    assert end.log is not None
    entry = entry_of(school, end.log)
    assert entry["name"] == "A. Rivera"
    assert entry["camera"] == watching.grant.camera
    assert entry["viewed_us"] in range(20 * SECOND, 40 * SECOND)


async def test_a_flood_of_strangers_does_not_fill_the_log() -> None:
    """Asks that nobody vouches for are counted; only the first are logged."""
    school = School()
    stranger = school.people.officer(root=school.people.dispatch)
    for _ in range(100):
        decision = await school.asks(stranger)
        assert decision.reason == "agency-not-party"
    assert school.memory.log.size() <= 70
    flood = school.metrics.registry.get_sample_value("handfast_node_unlogged_denials_total")
    assert flood == 40
