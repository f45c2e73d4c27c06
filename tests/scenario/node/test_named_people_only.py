"""P7: every viewer is a named person on a device certified by the agency the agreement pins."""

from handfast.node.chain import Revoked
from handfast.protocol.chain import Revocations
from handfast.protocol.statements import Revocation
from handfast.protocol.wire import Ask
from handfast.seal.identity import SigningKey
from tests.scenario.node.people import AGENCY, OWNER, SECOND, Officer, key
from tests.scenario.node.school import School


def revocation(issuer: SigningKey, *revoked: SigningKey) -> Revoked:
    """Return a list in force."""
    listed = Revocation(
        suite=1,
        issuer=issuer.fingerprint,
        serial=1,
        revoked=[each.fingerprint for each in revoked],
    )
    return Revoked(lists=Revocations(newest={issuer.fingerprint: listed}))


async def reason(school: School, officer: Officer) -> str | None:
    """Ask during an alarm and return why it was denied."""
    return (await school.asks(officer)).reason


async def alarmed() -> School:
    """Return a school with its alarm raised."""
    school = School()
    await school.alarm()
    return school


async def test_p7_named_people_only_the_hub_cannot_mint_an_officer() -> None:
    """A chain from any root but the pinned one is of no agency here."""
    school = await alarmed()
    school.people.administrator = key("hub's administrator")
    assert await reason(school, school.people.officer(root=key("hub"))) == "agency-not-party"
    # The pinned root's name on a chain that it did not sign.
    true_top = school.people.certificate(
        "administrator", key("administrator"), school.people.agency_root
    )
    forged = school.people.officer()
    forged = Officer(sign=forged.sign, open=forged.open, chain=[forged.chain[0], true_top])
    assert await reason(school, forged) == "certificate-invalid"


async def test_p7_named_people_only_the_person_stands_in_the_log() -> None:
    """The grant names person and device, and the release opens with that device alone."""
    school = await alarmed()
    officer = school.people.officer("B. Chen")
    decision = await school.asks(officer)
    assert decision.grant is not None
    assert decision.grant.device == officer.sign.fingerprint
    (line,) = await school.heart.who_looked.list_accesses(
        before_us=school.now_us + SECOND, limit=1
    )
    assert (line.name, line.role, line.agency_name) == ("B. Chen", "officer", "Police")


async def test_p7_named_people_only_other_kinds_of_certificate_open_nothing() -> None:
    """An administrator, a dispatcher's key or an owner's device is no officer's device."""
    school = await alarmed()
    people = school.people
    officer = people.officer()
    top = officer.chain[1]
    for kind in ("administrator", "dispatch", "owner-device", "node"):
        leaf = people.certificate(
            kind,
            officer.sign,
            people.administrator,
            open_key=officer.open.public,
        )
        wrong = Officer(sign=officer.sign, open=officer.open, chain=[leaf, top])
        assert await reason(school, wrong) == "certificate-invalid"


async def test_p7_named_people_only_no_device_certifies_another() -> None:
    """An officer's device cannot vouch for a friend's."""
    school = await alarmed()
    people = school.people
    officer, friend = people.officer(), people.officer("Friend")
    leaf = people.certificate(
        "officer-device", friend.sign, officer.sign, open_key=friend.open.public
    )
    long = Officer(sign=friend.sign, open=friend.open, chain=[leaf, *officer.chain])
    short = Officer(sign=friend.sign, open=friend.open, chain=[leaf, officer.chain[0]])
    assert await reason(school, long) == "certificate-invalid"
    assert await reason(school, short) == "agency-not-party"


async def test_p7_named_people_only_a_role_must_be_named_by_the_agreement() -> None:
    """The agreement speaks of officers; a planner is none."""
    school = await alarmed()
    assert await reason(school, school.people.officer(role="planner")) == "role-not-named"


async def test_p7_named_people_only_expired_and_revoked_devices_are_out() -> None:
    """Certificates end, and can be taken back at every level of the chain."""
    school = await alarmed()
    people = school.people
    expired = people.officer(until_us=school.now_us - SECOND)
    assert await reason(school, expired) == "certificate-expired"
    officer = people.officer()
    for revoked in (
        revocation(people.administrator, officer.sign),
        revocation(people.agency_root, people.administrator),
        revocation(people.agency_root, officer.sign),
        Revoked(lost=frozenset({people.administrator.fingerprint})),
    ):
        school.revoke(revoked)
        assert await reason(school, officer) == "certificate-revoked"
    school.revoke(Revoked())
    assert await reason(school, officer) is None


async def test_p7_named_people_only_a_revocation_ends_what_is_open() -> None:
    """Within the second, and with that reason."""
    school = await alarmed()
    officer = school.people.officer()
    await school.films(1)
    watching = await school.watches(officer)
    await school.films(2)
    school.revoke(revocation(school.people.administrator, officer.sign))
    await school.films(1)
    (end,) = watching.ends()
    assert end.reason == "certificate-revoked"


async def test_p7_named_people_only_another_organisation_is_not_ours() -> None:
    """A certificate that names another organisation does not hold under this root."""
    school = await alarmed()
    people = school.people
    officer = people.officer()
    leaf = people.certificate(
        "officer-device",
        officer.sign,
        people.administrator,
        organisation=OWNER,
        open_key=officer.open.public,
    )
    wrong = Officer(sign=officer.sign, open=officer.open, chain=[leaf, officer.chain[1]])
    assert AGENCY != OWNER
    assert await reason(school, wrong) == "certificate-invalid"


async def test_p7_named_people_only_a_stolen_chain_without_its_key_is_nothing() -> None:
    """Certificates are public; only the device's key asks."""
    school = await alarmed()
    officer, thief = school.people.officer(), school.people.officer("Thief")
    statement = school.question(officer)
    stolen = Ask(request=thief.ask(statement, None).request, chain=officer.chain, incident=None)
    decision = school.read(await school.heart.answers.answer(stolen))
    assert (decision.outcome, decision.reason) == ("deny", "not-understood")
