"""People and programs of a small city with real keys: a school, the police, their devices."""

from dataclasses import dataclass, field

from handfast.hub.usecases.admit import Card
from handfast.kit.encoding import b64
from handfast.kit.ids import Ids
from handfast.model.media import Rendition, Stream, View
from handfast.protocol.ceremony import Subject, certify
from handfast.protocol.signing import hash_of, sign
from handfast.protocol.statements import (
    AccessRequestStatement,
    CameraEntry,
    DecisionStatement,
    End,
    GrantStatement,
    IncidentSignal,
    IncidentStatement,
    Login,
    Registration,
    SignalStatement,
)
from handfast.protocol.wire import Ask, LoginAsk
from handfast.seal.identity import Envelope, SigningKey

HUB = "018f0000-0000-7000-8000-000000000001"
SCHOOL = "018f0000-0000-7000-8000-000000000010"
SHOP = "018f0000-0000-7000-8000-000000000011"
POLICE = "018f0000-0000-7000-8000-000000000020"
FIRE = "018f0000-0000-7000-8000-000000000021"
NODE = "018f0000-0000-7000-8000-0000000000a1"
SHOP_NODE = "018f0000-0000-7000-8000-0000000000a2"
YARD = "018f0000-0000-7000-8000-0000000000ca"
GRANT = "018f0000-0000-7000-8000-0000000000aa"
EPISODE = "018f0000-0000-7000-8000-0000000000e1"
INCIDENT = "018f0000-0000-7000-8000-0000000000f1"
HOUR_US = 3600 * 1_000_000
OPEN_KEY = bytes(range(32))


@dataclass(frozen=True, kw_only=True)
class Device:
    """A key and what vouches for it, nearest first."""

    key: SigningKey
    chain: list[Envelope]

    def log_in(self, challenge: str, audience: str, *, at_us: int) -> LoginAsk:
        """Answer a challenge."""
        login = Login(
            audience=audience, challenge=challenge, device=self.key.fingerprint, at_us=at_us
        )
        return LoginAsk(login=sign(login, self.key), chain=self.chain)


@dataclass(kw_only=True)
class Organisation:
    """An owner or agency with its root."""

    id: str
    name: str
    ids: Ids
    now_us: int
    root: SigningKey = field(init=False)

    def __post_init__(self) -> None:
        """Make the root."""
        self.root = self.new_key()

    def new_key(self) -> SigningKey:
        """Return a new signing key."""
        return SigningKey.generate(self.ids.secret(32))

    def card(self, *certificates: Envelope) -> Card:
        """Return what is handed to the hub's operator."""
        return Card(
            id=self.id,
            name=self.name,
            root=b64(self.root.public),
            certificates=list(certificates),
        )

    def certify(self, subject: Subject, *, by: SigningKey | None = None) -> Envelope:
        """Let the root, or another key, vouch for a subject."""
        return certify(subject, by or self.root, serial=1, now_us=self.now_us)

    def node(self, node: str) -> Device:
        """Return a node of this owner."""
        key = self.new_key()
        subject = Subject(
            kind="node",
            id=node,
            organisation=self.id,
            name=self.name,
            role="node",
            sign=key.public,
        )
        return Device(key=key, chain=[self.certify(subject)])

    def dispatch(self) -> Device:
        """Return the dispatch key of this agency."""
        key = self.new_key()
        subject = Subject(
            kind="dispatch",
            id=str(self.ids.uuid7()),
            organisation=self.id,
            name=self.name,
            role="dispatch",
            sign=key.public,
        )
        return Device(key=key, chain=[self.certify(subject)])

    def officer(self, name: str = "A. Officer") -> Device:
        """Return an officer's device certified by an administrator of this agency."""
        administrator, key = self.new_key(), self.new_key()
        above = self.certify(self._person("administrator", "Admin", administrator))
        subject = self._person("officer-device", name, key)
        return Device(key=key, chain=[self.certify(subject, by=administrator), above])

    def _person(self, kind: str, name: str, key: SigningKey) -> Subject:
        return Subject(
            kind="administrator" if kind == "administrator" else "officer-device",
            id=str(self.ids.uuid7()),
            organisation=self.id,
            name=name,
            role="officer",
            sign=key.public,
            open=OPEN_KEY,
        )


def registration(device: Device, *, owner: str = SCHOOL, serial: int = 1) -> Envelope:
    """Return the school's registration with one camera in the yard."""
    yard = CameraEntry(
        id=YARD,
        name="Yard",
        lon=24.9510,
        lat=60.1800,
        heading_deg=90,
        angle_deg=80,
        range_m=40,
        streams=[Stream.MAIN],
        opens=["alarm", "request"],
    )
    return sign(
        Registration(
            node=NODE,
            owner=owner,
            name="Kallio school",
            site_kind="school",
            lon=24.9510,
            lat=60.1800,
            log="log",
            cameras=[yard],
            serial=serial,
            at_us=serial,
        ),
        device.key,
    )


def signal(
    device: Device,
    *,
    sequence: int,
    now_us: int,
    cleared: bool = False,
    test: bool = False,
    episode: str = EPISODE,
) -> Envelope:
    """Return the state of the school's intrusion alarm."""
    return sign(
        SignalStatement(
            node=NODE,
            signal="intrusion",
            episode=episode,
            state="cleared" if cleared else "raised",
            test=test,
            first_raised_us=now_us,
            raised_us=now_us,
            cleared_us=now_us if cleared else None,
            lease_until_us=now_us + 120_000_000,
            sequence=sequence,
        ),
        device.key,
    )


def incident(
    dispatch: Device, *, now_us: int, id_: str = INCIDENT, agency: str = POLICE
) -> Envelope:
    """Return an incident at the school's corner, an hour long."""
    return sign(
        IncidentStatement(
            incident=id_,
            agency=agency,
            kind="robbery",
            title="Robbery, Fleminginkatu",
            lon=24.9515,
            lat=60.1802,
            radius_m=200,
            opened_us=now_us,
            expires_us=now_us + HOUR_US,
            signal=IncidentSignal(node=NODE, episode=EPISODE),
        ),
        dispatch.key,
    )


def access_request(
    officer: Device, *, now_us: int, node: str = NODE, view: View = View.LIVE, number: int = 1
) -> AccessRequestStatement:
    """Return an officer's question for the yard."""
    recorded = view is View.RECORDED
    return AccessRequestStatement(
        request=f"018f0000-0000-7000-8000-{number:012d}",
        node=node,
        agreement="agreement",
        camera=YARD,
        stream=Stream.MAIN,
        view=view,
        rendition=Rendition.CLEAR,
        purpose="emergency",
        incident=INCIDENT,
        from_us=now_us - HOUR_US if recorded else None,
        until_us=now_us if recorded else None,
        comment="",
        challenge="challenge",
        device=officer.key.fingerprint,
        asked_us=now_us,
    )


def ask(officer: Device, request: AccessRequestStatement) -> Ask:
    """Return a request on its way."""
    return Ask(request=sign(request, officer.key), chain=officer.chain, incident=None)


def permit(
    request: AccessRequestStatement, *, now_us: int, grant: str = GRANT, lasts_us: int = HOUR_US
) -> DecisionStatement:
    """Return a permit; what it seals is of no interest to a hub."""
    return DecisionStatement(
        node=request.node,
        request=hash_of(request),
        outcome="permit",
        reason=None,
        explanation=None,
        answer_by_us=None,
        grant=GrantStatement(
            id=grant,
            agreement="agreement",
            clause="1",
            camera=request.camera,
            stream=request.stream,
            view=request.view,
            rendition=request.rendition,
            person="person",
            device=request.device,
            incident=request.incident,
            since_us=now_us,
            until_us=now_us + lasts_us,
            from_us=now_us - HOUR_US,
            range_until_us=request.until_us,
        ),
        log=None,
        sealed="sealed",
        decided_us=now_us,
    )


def refusal(
    request: AccessRequestStatement, *, now_us: int, pending: bool
) -> DecisionStatement:
    """Return a denial, or that the owner is asked first."""
    return DecisionStatement(
        node=request.node,
        request=hash_of(request),
        outcome="pending" if pending else "deny",
        reason=None if pending else "signal-not-active",
        explanation=None if pending else "No alarm is raised.",
        answer_by_us=now_us + HOUR_US if pending else None,
        grant=None,
        log=None,
        sealed=None,
        decided_us=now_us,
    )


def end(device: Device, *, now_us: int, grant: str = GRANT) -> Envelope:
    """Return the end of a grant."""
    return sign(
        End(node=NODE, grant=grant, reason="owner-closed", ended_us=now_us, log=None),
        device.key,
    )
