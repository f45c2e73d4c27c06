"""Two agreements as owners sign them, and questions about them."""

from dataclasses import replace

from handfast.model.access import AccessRequest, Fingerprint, Hash, PersonId, RequestId, Viewer
from handfast.model.agreement import (
    Agreement,
    AgreementId,
    Clause,
    ClauseId,
    OnRequest,
    Purpose,
    WhileSignal,
)
from handfast.model.camera import AgencyId, CameraId, NodeId, OwnerId, Place
from handfast.model.incident import Incident, IncidentId
from handfast.model.media import Rendition, Stream, View
from handfast.model.signal import EpisodeId, Signal, SignalState
from handfast.policy.facts import Facts

SECOND = 1_000_000
MINUTE = 60 * SECOND
NOON = 1_790_000_000 * SECOND
SITE = Place(lon=24.94, lat=60.17)
GATE = CameraId("gate")

ALARM = Clause(
    id=ClauseId("intrusion"),
    roles=frozenset({"officer", "dispatcher"}),
    views=frozenset({View.LIVE, View.RECORDED}),
    rendition=Rendition.CLEAR,
    cameras=None,
    purposes=frozenset({Purpose.EMERGENCY}),
    when=WhileSignal(kind="intrusion", linger_us=5 * MINUTE),
    look_back_us=10 * MINUTE,
    longest_us=120 * MINUTE,
    needs_incident=False,
)
ASKED = replace(
    ALARM,
    id=ClauseId("ask"),
    when=OnRequest(approvals=1, answer_within_us=15 * MINUTE),
    look_back_us=60 * MINUTE,
    longest_us=30 * MINUTE,
    needs_incident=True,
)
SCHOOL = Agreement(
    id=AgreementId("school"),
    serial=1,
    title="School and police",
    owner=OwnerId("owner"),
    owner_name="Kallio school",
    owner_root=b"o" * 32,
    agency=AgencyId("police"),
    agency_name="Police",
    agency_root=b"a" * 32,
    node=NodeId("node"),
    node_key=b"n" * 32,
    dispatch_key=b"d" * 32,
    log="log",
    clauses=(ALARM,),
    never=frozenset({Purpose.IMMIGRATION_ENFORCEMENT}),
    not_before_us=NOON - 1000 * MINUTE,
    not_after_us=NOON + 1000 * MINUTE,
)
SHOP = replace(SCHOOL, id=AgreementId("shop"), clauses=(ASKED,))
RIVERA = Viewer(
    person=PersonId("rivera"),
    name="A. Rivera",
    role="officer",
    device=Fingerprint("device"),
    certified_until_us=NOON + 500 * MINUTE,
)
ASK = AccessRequest(
    id=RequestId("request"),
    hash=Hash("hash"),
    node=NodeId("node"),
    agreement=Hash("agreement"),
    camera=GATE,
    stream=Stream.MAIN,
    view=View.LIVE,
    rendition=Rendition.CLEAR,
    purpose=Purpose.EMERGENCY,
    incident=IncidentId("incident"),
    from_us=None,
    until_us=None,
    viewer=RIVERA,
)
RAISED = Signal(
    kind="intrusion",
    episode=EpisodeId("episode"),
    state=SignalState.RAISED,
    test=False,
    first_raised_us=NOON - MINUTE,
    raised_us=NOON - MINUTE,
    cleared_us=None,
    lease_until_us=NOON + 2 * MINUTE,
    sequence=1,
)
ROBBERY = Incident(
    id=IncidentId("incident"),
    agency=AgencyId("police"),
    kind="robbery",
    title="Robbery",
    place=SITE,
    radius_m=200,
    opened_us=NOON - MINUTE,
    expires_us=NOON + 60 * MINUTE,
    signal=None,
)
QUIET = Facts(
    now_us=NOON,
    asked_us=NOON,
    opened_us=NOON,
    site=SITE,
    signals={},
    approvals=(),
    incident=None,
)
ALARMED = replace(QUIET, signals={"intrusion": RAISED})


def recorded(since_us: int, until_us: int) -> AccessRequest:
    """The same question about a recorded range."""
    return replace(ASK, view=View.RECORDED, from_us=since_us, until_us=until_us)
