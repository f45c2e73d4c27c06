"""P4: a hub that lies can withhold; it cannot approve, raise an alarm, mint or replace."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from handfast.kit.errors import HandfastError, Kind
from handfast.model.camera import Place
from handfast.node.chain import Revoked
from handfast.node.signals.panels import sign_report
from handfast.protocol.chain import Revocations
from handfast.protocol.signing import sign
from handfast.protocol.statements import AccessRequestStatement, Revocation
from handfast.protocol.wire import PanelReport
from handfast.seal.identity import Envelope, Signature
from tests.scenario.node.people import (
    MINUTE,
    NODE,
    ON_ALARM,
    ON_REQUEST,
    SECRET,
    key,
)
from tests.scenario.node.school import School


async def refused(school: School, report: PanelReport) -> Kind:
    """Let a report be refused and return why."""
    with pytest.raises(HandfastError) as caught:
        await school.heart.report_signal.report(msgspec.json.encode(report))
    assert all(row.signal.sequence == 0 for row in school.heart.board.rows())
    return caught.value.kind


async def test_p4_the_site_decides_a_forged_alarm_opens_nothing() -> None:
    """Without the panel's secret nobody raises a signal."""
    school = School()
    true = school.people.report("raise", at_us=school.now_us)
    forged = [
        msgspec.structs.replace(true, mac="A" * 43),
        sign_report(true, b"another secret of 16 bytes"),
        msgspec.structs.replace(true, lease_s=900),
        sign_report(msgspec.structs.replace(true, panel="attic"), SECRET),
        sign_report(msgspec.structs.replace(true, signal="fire"), SECRET),
    ]
    for report in forged:
        assert await refused(school, report) is Kind.DENIED
    assert (await school.asks(school.people.officer())).reason == "signal-not-active"


async def test_p4_the_site_decides_a_replayed_alarm_opens_nothing() -> None:
    """A report works once, and only while it is fresh."""
    school = School()
    report = school.people.report("raise", at_us=school.now_us)
    body = msgspec.json.encode(report)
    await school.heart.report_signal.report(body)
    await school.alarm("clear")
    with pytest.raises(HandfastError) as caught:
        await school.heart.report_signal.report(body)
    assert caught.value.kind is Kind.CONFLICT
    old = school.people.report("raise", at_us=school.now_us - 3 * MINUTE)
    with pytest.raises(HandfastError) as caught:
        await school.heart.report_signal.report(msgspec.json.encode(old))
    assert caught.value.kind is Kind.INVALID
    school.start()
    with pytest.raises(HandfastError):
        await school.heart.report_signal.report(body)


async def test_p4_the_site_decides_approvals_come_from_the_owners_devices_only() -> None:
    """An approval by the hub, an officer or a revoked phone changes nothing."""
    school = School(ON_REQUEST)
    officer = school.people.officer()
    pending = await school.asks(officer, incident=school.people.incident())
    assert pending.outcome == "pending"
    liars = [key("hub"), officer.sign, school.people.agency_root, school.people.owner_root]
    for liar in liars:
        forged = school.people.approval(pending.request, at_us=school.now_us, by=liar)
        with pytest.raises(HandfastError) as caught:
            await school.heart.ask_owner.answer(forged)
        assert caught.value.kind is Kind.DENIED
    lost = Revocation(
        suite=1,
        issuer=school.people.owner_root.fingerprint,
        serial=1,
        revoked=[school.people.phone.fingerprint],
    )
    school.revoke(Revoked(lists=Revocations(newest={lost.issuer: lost})))
    with pytest.raises(HandfastError):
        await school.heart.ask_owner.answer(
            school.people.approval(pending.request, at_us=school.now_us)
        )
    assert school.memory.outbox.envelopes("decision") == []


async def test_p4_the_site_decides_an_approval_is_for_exactly_one_request() -> None:
    """An answer to one request cannot be moved to another."""
    school = School(ON_REQUEST)
    incident = school.people.incident()
    first = await school.asks(school.people.officer("A. Rivera"), incident=incident)
    second = await school.asks(school.people.officer("B. Chen"), incident=incident)
    approval = school.people.approval(first.request, at_us=school.now_us)
    await school.heart.ask_owner.answer(approval)
    (envelope,) = school.memory.outbox.envelopes("decision")
    assert school.read(envelope).request == first.request
    waiting = [each.request for each in await school.heart.ask_owner.inbox()]
    assert waiting == [second.request]
    moved = msgspec.structs.replace(
        approval, signatures=(Signature(keyid="x", sig=approval.signatures[0].sig),)
    )
    with pytest.raises(HandfastError):
        await school.heart.ask_owner.answer(moved)


async def test_p4_the_site_decides_an_agreement_nobody_signed_is_unknown() -> None:
    """A request under a wider agreement that the hub made up is denied."""
    school = School()
    await school.alarm()

    def widened(asked: AccessRequestStatement) -> AccessRequestStatement:
        return msgspec.structs.replace(asked, agreement="A" * 43)

    decision = await school.asks(school.people.officer(), widened)
    assert (decision.outcome, decision.reason) == ("deny", "agreement-unknown")


async def test_p4_the_site_decides_an_old_agreement_is_refused() -> None:
    """Once a newer serial is in force the older one opens nothing."""
    school = School()
    await school.alarm()
    old = school.agreement
    school.terms_of(replace(ON_ALARM, longest_us=MINUTE), serial=2)

    def rolled_back(asked: AccessRequestStatement) -> AccessRequestStatement:
        return msgspec.structs.replace(asked, agreement=old)

    decision = await school.asks(school.people.officer(), rolled_back)
    assert decision.reason == "agreement-unknown"


CHANGES: list[tuple[str, Callable[[AccessRequestStatement], AccessRequestStatement], str]] = [
    ("node", lambda a: msgspec.structs.replace(a, node=NODE[:-1] + "d"), "wrong-node"),
    ("challenge", lambda a: msgspec.structs.replace(a, challenge="x"), "challenge-unknown"),
    (
        "clock",
        lambda a: msgspec.structs.replace(a, asked_us=a.asked_us - 5 * MINUTE),
        "clock-apart",
    ),
    ("device", lambda a: msgspec.structs.replace(a, device="x"), "certificate-invalid"),
    ("camera", lambda a: msgspec.structs.replace(a, camera="x"), "camera-not-shared"),
    ("purpose", lambda a: msgspec.structs.replace(a, purpose="fun"), "not-understood"),
    ("range", lambda a: msgspec.structs.replace(a, from_us=1), "not-understood"),
]


@pytest.mark.parametrize(("what", "change", "reason"), CHANGES)
async def test_p4_the_site_decides_a_changed_request_is_denied(
    what: str,
    change: Callable[[AccessRequestStatement], AccessRequestStatement],
    reason: str,
) -> None:
    """Each field that ties a request to this site and moment is checked."""
    school = School()
    await school.alarm()
    decision = await school.asks(school.people.officer(), change)
    assert (decision.outcome, decision.reason) == ("deny", reason), what


async def test_p4_the_site_decides_a_replayed_ask_is_denied() -> None:
    """The same signed request works once."""
    school = School()
    await school.alarm()
    officer = school.people.officer()
    ask = officer.ask(school.question(officer), None)
    first = school.read(await school.heart.answers.answer(ask))
    again = school.read(await school.heart.answers.answer(ask))
    assert (first.outcome, again.reason) == ("permit", "challenge-unknown")
    school.start()
    after_restart = school.read(await school.heart.answers.answer(ask))
    assert after_restart.reason == "challenge-unknown"


async def test_p4_the_site_decides_an_incident_is_stated_by_the_pinned_dispatch() -> None:
    """A forged incident, one of elsewhere, one that nobody brings: three reasons."""
    school = School(replace(ON_ALARM, needs_incident=True))
    await school.alarm()
    officer = school.people.officer()
    none = await school.asks(officer)
    forged = await school.asks(officer, incident=school.people.incident(by=key("hub")))
    far = school.people.incident(place=Place(lon=25.5, lat=60.5))
    elsewhere = await school.asks(officer, incident=far)
    true = await school.asks(officer, incident=school.people.incident())
    assert none.reason == "incident-not-stated"
    assert forged.reason == "incident-not-stated"
    assert elsewhere.reason == "incident-elsewhere"
    assert true.outcome == "permit"


async def test_p4_the_site_decides_closings_and_switches_are_the_owners_alone() -> None:
    """Forged, replayed or meant for another site: nothing happens."""
    school = School()
    await school.alarm()
    await school.watches(school.people.officer())
    challenge = school.heart.challenges.issue().challenge
    forged = school.people.closing(challenge, at_us=school.now_us, by=key("hub"))
    with pytest.raises(HandfastError):
        await school.heart.close_access.close(forged)
    assert len(school.heart.grants.all()) == 1
    true = school.people.closing(challenge, at_us=school.now_us)
    assert (await school.heart.close_access.close(true)).ended == 1
    with pytest.raises(HandfastError):
        await school.heart.close_access.close(true)
    up = school.people.switch("never issued", up=True, at_us=school.now_us)
    with pytest.raises(HandfastError):
        await school.heart.close_access.switch(up)


async def test_p4_the_site_decides_another_kind_of_statement_is_no_approval() -> None:
    """A switch signed by the owner's phone can never pass for an approval."""
    school = School(ON_REQUEST)
    switch = school.people.switch("c", up=True, at_us=school.now_us)
    disguised = Envelope(
        payloadType="application/vnd.handfast.approval.v1+json",
        payload=switch.payload,
        signatures=switch.signatures,
    )
    with pytest.raises(HandfastError):
        await school.heart.ask_owner.answer(disguised)


async def test_p4_the_site_decides_nobody_but_the_node_signs_decisions() -> None:
    """What a hub answers in the node's place does not verify."""
    school = School()
    decision = await school.asks(school.people.officer())
    forged = sign(msgspec.structs.replace(decision, outcome="permit"), key("hub"))
    with pytest.raises(HandfastError):
        school.read(forged)
