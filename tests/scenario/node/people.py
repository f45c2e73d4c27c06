"""Everybody who meets at a school: owner, agency, officers, panel; with fixed keys."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias
from uuid import UUID

from handfast.kit.encoding import b64
from handfast.model.agreement import (
    Agreement,
    AgreementId,
    Clause,
    ClauseId,
    OnRequest,
    Purpose,
    WhileSignal,
)
from handfast.model.camera import AgencyId, Camera, CameraId, NodeId, OwnerId, Place, Site
from handfast.model.media import Rendition, Stream, View
from handfast.node.signals.panels import sign_report
from handfast.protocol.agreement_document import to_document
from handfast.protocol.area_statements import Drawing, StillWish
from handfast.protocol.signing import hash_of, sign
from handfast.protocol.statements import (
    AccessRequestStatement,
    Approval,
    Certificate,
    CertificateKind,
    Closing,
    IncidentStatement,
    Statement,
    Switch,
)
from handfast.protocol.wire import Ask, PanelReport
from handfast.seal.identity import Envelope, SigningKey
from handfast.seal.open import OpeningKey

Outline: TypeAlias = list[tuple[int, int]]
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
AGENCY = "01900000-0000-7000-8000-00000000000a"
OWNER = "01900000-0000-7000-8000-00000000000b"
NODE = "01900000-0000-7000-8000-00000000000c"
GATE = "01900000-0000-7000-8000-0000000000ca"
YARD = "01900000-0000-7000-8000-0000000000cb"
INCIDENT = "01900000-0000-7000-8000-000000000011"
PLACE = Place(lon=24.95, lat=60.18)
SECRET = b"the panel's secret, shared at installation"


def key(name: str) -> SigningKey:
    """Return the same key for the same name, always."""
    return SigningKey.from_bytes(name.encode().ljust(32, b".")[:32])


def _camera(id_: str, name: str) -> Camera:
    return Camera(
        id=CameraId(id_),
        name=name,
        place=PLACE,
        heading_deg=0,
        angle_deg=90,
        range_m=30,
        streams=(Stream.MAIN, Stream.SUB),
    )


SITE = Site(
    node=NodeId(NODE),
    owner=OwnerId(OWNER),
    name="Kallio school",
    kind="school",
    place=PLACE,
    cameras=(_camera(GATE, "Gate"), replace(_camera(YARD, "Yard"), children=True)),
)
ON_ALARM = Clause(
    id=ClauseId("intrusion"),
    roles=frozenset({"officer"}),
    views=frozenset({View.LIVE, View.RECORDED}),
    rendition=Rendition.CLEAR,
    cameras=None,
    purposes=frozenset({Purpose.EMERGENCY}),
    when=WhileSignal(kind="intrusion", linger_us=5 * MINUTE),
    look_back_us=10 * MINUTE,
    longest_us=2 * HOUR,
    needs_incident=False,
)
ON_REQUEST = replace(
    ON_ALARM,
    id=ClauseId("ask"),
    when=OnRequest(approvals=1, answer_within_us=15 * MINUTE),
    look_back_us=HOUR,
    longest_us=30 * MINUTE,
    needs_incident=True,
)


@dataclass(frozen=True, kw_only=True)
class Officer:
    """A person of the agency with a device.

    Attributes:
        chain: Officer's and administrator's certificate.
    """

    sign: SigningKey
    open: OpeningKey
    chain: list[Envelope]

    def ask(self, statement: AccessRequestStatement, incident: Envelope | None) -> Ask:
        """Sign a request."""
        return Ask(request=sign(statement, self.sign), chain=self.chain, incident=incident)


@dataclass(kw_only=True)
class People:
    """All keys of a story; `now_us` is when certificates and agreements are made."""

    now_us: int
    owner_root: SigningKey = field(default_factory=lambda: key("owner root"))
    agency_root: SigningKey = field(default_factory=lambda: key("agency root"))
    administrator: SigningKey = field(default_factory=lambda: key("administrator"))
    dispatch: SigningKey = field(default_factory=lambda: key("dispatch"))
    node: SigningKey = field(default_factory=lambda: key("node"))
    phone: SigningKey = field(default_factory=lambda: key("owner's phone"))
    tablet: SigningKey = field(default_factory=lambda: key("owner's tablet"))
    panel_sequence: int = 0

    def certificate(  # noqa: PLR0913 (keyword-only; what stands in a certificate)
        self,
        kind: CertificateKind,
        subject: SigningKey,
        issuer: SigningKey,
        *,
        organisation: str = AGENCY,
        name: str = "A. Rivera",
        role: str = "officer",
        open_key: bytes | None = None,
        person: str = "01900000-0000-7000-8000-000000000001",
        until_us: int | None = None,
    ) -> Envelope:
        """Certify a key."""
        return sign(
            Certificate(
                suite=1,
                serial=1,
                kind=kind,
                id=person,
                organisation=organisation,
                name=name,
                role=role,
                sign=b64(subject.public),
                open=None if open_key is None else b64(open_key),
                issuer=issuer.fingerprint,
                not_before_us=self.now_us - DAY,
                not_after_us=self.now_us + DAY if until_us is None else until_us,
            ),
            issuer,
        )

    def officer(
        self,
        name: str = "A. Rivera",
        *,
        role: str = "officer",
        root: SigningKey | None = None,
        until_us: int | None = None,
    ) -> Officer:
        """Enrol an officer's device with the administrator."""
        sign_key = key(f"device of {name}")
        open_key = OpeningKey.from_bytes(f"opens {name}".encode().ljust(32, b".")[:32])
        person = str(UUID(bytes=name.encode().ljust(16, b".")[:16]))
        leaf = self.certificate(
            "officer-device",
            sign_key,
            self.administrator,
            name=name,
            role=role,
            open_key=open_key.public,
            person=person,
            until_us=until_us,
        )
        top = self.certificate(
            "administrator", self.administrator, root or self.agency_root, role="administrator"
        )
        return Officer(sign=sign_key, open=open_key, chain=[leaf, top])

    def owner_device(self, device: SigningKey) -> Envelope:
        """Certify a device of the owner's."""
        return self.certificate(
            "owner-device", device, self.owner_root, organisation=OWNER, role="principal"
        )

    def agreement(
        self, *clauses: Clause, log: str, serial: int = 1, name: str = "school"
    ) -> Agreement:
        """Write an agreement; `log` is the vkey of the owner's log."""
        return Agreement(
            id=AgreementId(str(UUID(bytes=name.encode().ljust(16, b".")))),
            serial=serial,
            title="Kallio school and police",
            owner=OwnerId(OWNER),
            owner_name="Kallio school",
            owner_root=self.owner_root.public,
            agency=AgencyId(AGENCY),
            agency_name="Police",
            agency_root=self.agency_root.public,
            node=NodeId(NODE),
            node_key=self.node.public,
            dispatch_key=self.dispatch.public,
            log=log,
            clauses=clauses,
            never=frozenset({Purpose.IMMIGRATION_ENFORCEMENT}),
            not_before_us=self.now_us - DAY,
            not_after_us=self.now_us + DAY,
        )

    def countersigned(self, agreement: Agreement) -> Envelope:
        """Sign an agreement with both roots."""
        return sign(to_document(agreement), self.owner_root, self.agency_root)

    def incident(self, *, by: SigningKey | None = None, place: Place = PLACE) -> Envelope:
        """State an incident."""
        return sign(
            IncidentStatement(
                incident=INCIDENT,
                agency=AGENCY,
                kind="intrusion",
                title="Break-in at Kallio school",
                lon=place.lon,
                lat=place.lat,
                radius_m=200,
                opened_us=self.now_us - MINUTE,
                expires_us=self.now_us + 4 * HOUR,
                signal=None,
            ),
            by or self.dispatch,
        )

    def report(
        self, state: str, *, at_us: int, lease_s: int = 120, test: bool = False
    ) -> PanelReport:
        """Let the school's panel report."""
        self.panel_sequence += 1
        report = PanelReport(
            panel="hall",
            sequence=self.panel_sequence,
            signal="intrusion",
            state=state,  # type: ignore[arg-type] # stories say "raise", "renew" or "clear"
            test=test,
            lease_s=lease_s,
            at_us=at_us,
            mac="",
        )
        return sign_report(report, SECRET)

    def approval(
        self, request: str, *, at_us: int, answer: str = "approve", by: SigningKey | None = None
    ) -> Envelope:
        """Answer a request on the owner's phone, for 20 minutes."""
        device = by or self.phone
        return sign(
            Approval(
                node=NODE,
                request=request,
                answer=answer,  # type: ignore[arg-type] # "approve" or "refuse"
                until_us=at_us + 20 * MINUTE,
                device=device.fingerprint,
                at_us=at_us,
            ),
            device,
        )

    def closing(
        self,
        challenge: str,
        *,
        at_us: int,
        grant: str | None = None,
        by: SigningKey | None = None,
    ) -> Envelope:
        """Close one grant, or everything, on the owner's phone."""
        device = by or self.phone
        return sign(
            Closing(
                node=NODE,
                scope="all" if grant is None else "grant",
                grant=grant,
                device=device.fingerprint,
                challenge=challenge,
                at_us=at_us,
            ),
            device,
        )

    def drawing(  # noqa: PLR0913 (keyword-only; what stands in a drawing)
        self,
        challenge: str,
        *,
        at_us: int,
        camera: str = GATE,
        replaces: int = 0,
        masks: Sequence[Outline] = (),
        children: Sequence[Outline] = (),
        by: SigningKey | None = None,
    ) -> Envelope:
        """Draw a camera's areas on the owner's phone."""
        device = by or self.phone
        return sign(
            Drawing(
                node=NODE,
                camera=camera,
                replaces=replaces,
                masks=[list(each) for each in masks],
                children=[list(each) for each in children],
                device=device.fingerprint,
                challenge=challenge,
                at_us=at_us,
            ),
            device,
        )

    def still(self, challenge: str, *, at_us: int, camera: str = GATE) -> Envelope:
        """Ask for a picture of a camera on the owner's phone."""
        return sign(
            StillWish(
                node=NODE,
                camera=camera,
                device=self.phone.fingerprint,
                challenge=challenge,
                at_us=at_us,
            ),
            self.phone,
        )

    def switch(self, challenge: str, *, up: bool, at_us: int) -> Envelope:
        """Raise or clear the alarm on the owner's phone."""
        return sign(
            Switch(
                node=NODE,
                signal="intrusion",
                state="raise" if up else "clear",
                test=False,
                device=self.phone.fingerprint,
                challenge=challenge,
                at_us=at_us,
            ),
            self.phone,
        )


def request_hash(statement: Statement) -> str:
    """Name a request as approvals must."""
    return hash_of(statement)


def in_order(*envelopes: Envelope) -> Sequence[Envelope]:
    """Return the envelopes as a chain."""
    return list(envelopes)
