"""From a new browser to a named officer: enrol, certify, log in, revoke."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from litestar.testing import TestClient

from handfast.agency.app import DATABASE, build_app, open_agency
from handfast.agency.config import AgencyConfig, read_config
from handfast.agency.ports import Agency
from handfast.agency.usecases.certify_device import install_certificate, revoke_devices
from handfast.cli.agency import CONFIG, ROOT_KEY
from handfast.cli.files import read_signing_key
from handfast.cli.main import main
from handfast.kit.clock import SystemClock
from handfast.kit.ids import SystemIds
from handfast.protocol.ceremony import Subject, certify, enrol
from handfast.protocol.revocation_lists import believe_lists
from handfast.protocol.signing import sign, verify
from handfast.protocol.statements import IncidentStatement, Login, Revocation
from handfast.protocol.wire import LoginAsk, RevocationLists
from handfast.seal.identity import Envelope, SigningKey
from tests.unit.protocol.people import key

CLOCK = SystemClock()


class Office:
    """An agency that runs, with its offline root at hand."""

    def __init__(self, folder: Path) -> None:
        """Make the agency with the very commands its people use."""
        commands = ["agency", "init", str(folder / "agency"), "--root", str(folder / "root")]
        assert (
            main([*commands, "--name", "Police", "--hub-id", "h", "--hub-url", "http://h"]) == 0
        )
        self.config: AgencyConfig = read_config(folder / "agency" / CONFIG)
        self.root: SigningKey = read_signing_key(folder / "root" / ROOT_KEY)
        self.agency: Agency = open_agency(self.config, clock=CLOCK, ids=SystemIds(CLOCK))
        self.client = TestClient(build_app(self.config, self.agency))

    def certificate(self, holder: SigningKey, issuer: SigningKey, *, kind: str) -> Envelope:
        """Sign a certificate for a person's device."""
        subject = Subject(
            kind="administrator" if kind == "administrator" else "officer-device",
            id=f"{kind}-person",
            organisation=self.agency.id,
            name=f"The {kind}",
            role=kind,
            sign=holder.public,
            open=b"o" * 32,
        )
        return certify(subject, issuer, serial=1, now_us=CLOCK.now_us())

    def administrator(self) -> dict[str, str]:
        """Certify an administrator by the root, log them in, return their headers."""
        envelope = self.certificate(key("administrator"), self.root, kind="administrator")
        install_certificate(self.agency, envelope)
        return self.log_in(key("administrator"), [envelope])

    def log_in(self, device: SigningKey, chain: list[Envelope]) -> dict[str, str]:
        """Log a device in and return the headers of its session."""
        given = self.client.post("/api/v1/login/challenge").json()
        login = Login(
            audience=given["audience"],
            challenge=given["challenge"],
            device=device.fingerprint,
            at_us=CLOCK.now_us(),
        )
        ask = LoginAsk(login=sign(login, device), chain=chain)
        answer = self.client.post("/api/v1/login", content=msgspec.json.encode(ask))
        assert answer.status_code == 200, answer.text
        return {"authorization": f"Bearer {answer.json()['token']}"}

    def ask_to_enrol(self, device: SigningKey, *, name: str = "A. Rivera") -> int:
        """Send a device's request; return the status."""
        request = enrol(device, label="Desk", open_key=b"o" * 32, now_us=CLOCK.now_us())
        body = {"enrolment": msgspec.to_builtins(request), "name": name}
        return self.client.post("/api/v1/enrolments", json=body).status_code


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A fresh agency."""
    office = Office(tmp_path)
    with office.client:
        yield office


def test_an_officer_enrols_is_certified_by_an_administrator_and_logs_in(office: Office) -> None:
    """The whole way, with the administrator's signature made by the administrator's key."""
    device, headers = key("desk"), office.administrator()
    assert office.ask_to_enrol(device) == 201
    waiting = office.client.get("/api/v1/enrolments", headers=headers).json()["enrolments"]
    assert [w["fingerprint"] for w in waiting] == [device.fingerprint]
    envelope = office.certificate(device, key("administrator"), kind="officer")
    body = {"certificate": msgspec.to_builtins(envelope)}
    assert (
        office.client.post("/api/v1/certificates", json=body, headers=headers).status_code
        == 201
    )
    status = office.client.get(f"/api/v1/enrolments/{device.fingerprint}").json()
    assert (status["state"], len(status["chain"])) == ("certified", 2)
    chain = [msgspec.convert(each, Envelope) for each in status["chain"]]
    officer = office.log_in(device, chain)
    assert office.client.get("/api/v1/agreements", headers=officer).json() == {"agreements": []}
    assert office.client.get("/api/v1/people", headers=officer).status_code == 403
    people = office.client.get("/api/v1/people", headers=headers).json()["people"]
    assert {person["name"] for person in people} == {"The administrator", "The officer"}


def test_p7_named_people_only_no_one_but_an_administrator_certifies(office: Office) -> None:
    """Strangers, officers' keys and other keys than asked for are refused."""
    device, headers = key("desk"), office.administrator()
    office.ask_to_enrol(device)
    forged = office.certificate(device, key("hub"), kind="officer")
    unasked = office.certificate(key("other"), key("administrator"), kind="officer")
    good = office.certificate(device, key("administrator"), kind="officer")
    cases = [(forged, headers, 403), (unasked, headers, 404), (good, {}, 403)]
    for envelope, who, status in cases:
        body = {"certificate": msgspec.to_builtins(envelope)}
        answer = office.client.post("/api/v1/certificates", json=body, headers=who)
        assert answer.status_code == status, answer.text
        assert answer.json()["detail"]
    assert office.client.get(f"/api/v1/enrolments/{device.fingerprint}").json()["chain"] == []


def test_a_revoked_device_cannot_log_in_and_old_lists_are_refused(office: Office) -> None:
    """The newest list of each issuer counts."""
    device, headers = key("desk"), office.administrator()
    office.ask_to_enrol(device)
    envelope = office.certificate(device, key("administrator"), kind="officer")
    body = {"certificate": msgspec.to_builtins(envelope)}
    office.client.post("/api/v1/certificates", json=body, headers=headers)
    for serial, status in ((2, 201), (2, 409), (1, 409)):
        listed = Revocation(
            suite=1,
            issuer=key("administrator").fingerprint,
            serial=serial,
            revoked=[device.fingerprint],
        )
        body = {"revocation": msgspec.to_builtins(sign(listed, key("administrator")))}
        answer = office.client.post("/api/v1/revocations", json=body, headers=headers)
        assert answer.status_code == status
    with pytest.raises(AssertionError, match="certificate-revoked"):
        office.log_in(device, office_chain(office, envelope))


def test_nodes_get_what_they_need_to_check_an_administrators_list(office: Office) -> None:
    """Without a login: the list, and the certificate up to the root that they pin."""
    assert office.client.get("/api/v1/revocations").json() == {
        "revocations": [],
        "certificates": [],
    }
    office.administrator()
    for issuer in (key("administrator"), office.root):
        listed = Revocation(
            suite=1, issuer=issuer.fingerprint, serial=1, revoked=[key("desk").fingerprint]
        )
        revoke_devices(office.agency, sign(listed, issuer))
    given = office.client.get("/api/v1/revocations")
    lists = msgspec.json.decode(given.content, type=RevocationLists)
    believed = believe_lists(lists, root=office.root.public, organisation=office.agency.id)
    assert set(believed.newest) == {key("administrator").fingerprint, office.root.fingerprint}
    assert (believed.refused, len(lists.certificates)) == ((), 1)


def office_chain(office: Office, envelope: Envelope) -> list[Envelope]:
    """Return an officer's chain with the administrator's certificate."""
    row = office.agency.store.certificate(key("administrator").fingerprint)
    assert row is not None
    return [envelope, row.envelope]


@pytest.mark.parametrize("change", ["challenge", "audience", "device"])
def test_a_login_for_somebody_else_or_twice_is_refused(office: Office, change: str) -> None:
    """Each field of a login is checked."""
    envelope = office.certificate(key("administrator"), office.root, kind="administrator")
    given = office.client.post("/api/v1/login/challenge").json()
    fields = {
        "audience": given["audience"],
        "challenge": given["challenge"],
        "device": key("administrator").fingerprint,
    }
    login = Login(**{**fields, change: "other"}, at_us=1)
    ask = LoginAsk(login=sign(login, key("administrator")), chain=[envelope])
    answer = office.client.post("/api/v1/login", content=msgspec.json.encode(ask))
    assert answer.status_code == 403


def test_the_dispatch_key_signs_an_incident_for_an_officer(office: Office) -> None:
    """The statement verifies with the dispatch key and carries what was filled in."""
    headers = office.administrator()
    draft = {
        "incident": None,
        "kind": "robbery",
        "title": "Robbery",
        "lon": 24.94,
        "lat": 60.17,
        "radius_m": 200,
        "signal": None,
    }
    answer = office.client.post("/api/v1/incidents", json=draft, headers=headers)
    dispatch = office.agency.dispatch
    statement = verify(
        msgspec.convert(answer.json()["statement"], Envelope),
        IncidentStatement,
        trusted={dispatch.fingerprint: dispatch.public},
    )
    assert (statement.kind, statement.agency) == ("robbery", office.agency.id)
    for wrong in ({"lat": 91}, {"radius_m": 0}, {"title": " "}, {"radius_m": "far"}):
        answer = office.client.post(
            "/api/v1/incidents", json={**draft, **wrong}, headers=headers
        )
        assert answer.status_code == 400
    assert office.client.post("/api/v1/incidents", json=draft).status_code == 403


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"enrolment":1}', b"\xff" * 100])
def test_malformed_bodies_get_problem_details(office: Office, body: bytes) -> None:
    """Bad input costs a sentence, nothing else."""
    answer = office.client.post("/api/v1/enrolments", content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 400


def test_everything_is_still_there_after_a_restart(office: Office) -> None:
    """Certificates live in the database, sessions do not."""
    headers = office.administrator()
    again = open_agency(office.config, clock=CLOCK, ids=SystemIds(CLOCK))
    assert (office.config.folder / DATABASE).exists()
    assert again.store.certificate(key("administrator").fingerprint) is not None
    with TestClient(build_app(office.config, again)) as client:
        assert client.get("/api/v1/people", headers=headers).status_code == 403


def test_an_enrolment_signed_by_another_key_is_refused(office: Office) -> None:
    """A device must hold the key it asks with."""
    request = enrol(key("desk"), label="Desk", open_key=b"o" * 32, now_us=1)
    other = enrol(key("other"), label="Desk", open_key=b"o" * 32, now_us=1)
    forged = Envelope(
        payloadType=request.payloadType, payload=request.payload, signatures=other.signatures
    )
    body = {"enrolment": msgspec.to_builtins(forged), "name": "A. Rivera"}
    answer = office.client.post("/api/v1/enrolments", json=body)
    assert answer.status_code in {403, 500}
