"""One access: the question, the answer and the grant that a permit opens."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from handfast.model.agreement import ClauseId, Purpose
from handfast.model.camera import CameraId, NodeId
from handfast.model.incident import IncidentId
from handfast.model.media import Rendition, Stream, TrackKind, View

GrantId = NewType("GrantId", str)
RequestId = NewType("RequestId", str)
PersonId = NewType("PersonId", str)
Fingerprint = NewType("Fingerprint", str)
Hash = NewType("Hash", str)


class Reason(StrEnum):
    """Why access is denied or has ended; both sides read it (P5). Values are stable."""

    NOT_UNDERSTOOD = "not-understood"
    WRONG_NODE = "wrong-node"
    AGENCY_NOT_PARTY = "agency-not-party"
    CERTIFICATE_INVALID = "certificate-invalid"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_REVOKED = "certificate-revoked"
    CHALLENGE_UNKNOWN = "challenge-unknown"
    CLOCK_APART = "clock-apart"
    AGREEMENT_UNKNOWN = "agreement-unknown"
    AGREEMENT_NOT_IN_FORCE = "agreement-not-in-force"
    CAMERA_NOT_SHARED = "camera-not-shared"
    ROLE_NOT_NAMED = "role-not-named"
    PURPOSE_NOT_AGREED = "purpose-not-agreed"
    PURPOSE_NEVER = "purpose-never"
    VIEW_NOT_AGREED = "view-not-agreed"
    RENDITION_NOT_AGREED = "rendition-not-agreed"
    SIGNAL_NOT_ACTIVE = "signal-not-active"
    SIGNAL_IS_A_TEST = "signal-is-a-test"
    OUTSIDE_LOOK_BACK = "outside-look-back"
    INCIDENT_NOT_STATED = "incident-not-stated"
    INCIDENT_ELSEWHERE = "incident-elsewhere"
    APPROVAL_REFUSED = "approval-refused"
    APPROVAL_NOT_GIVEN = "approval-not-given"
    OWNER_CLOSED = "owner-closed"
    TIME_BOX_ENDED = "time-box-ended"
    EVALUATION_ERROR = "evaluation-error"
    LOG_NOT_WRITABLE = "log-not-writable"
    NOTHING_RECORDED = "nothing-recorded"
    VIEWER_LEFT = "viewer-left"
    NODE_RESTARTED = "node-restarted"
    TRACK_NOT_SEEN = "track-not-seen"
    AREAS_CHANGED = "areas-changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A named person on an enrolled device, as their certificate chain says (P7).

    Attributes:
        device: Fingerprint of the device's signing key.
        certified_until_us: Exclusive end of the shortest certificate of the chain.
    """

    person: PersonId
    name: str
    role: str
    device: Fingerprint
    certified_until_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """The question. `from_us <= t < until_us` for recorded views, both `None` for live.

    Attributes:
        track: The one that is to become clear, of an unmasked rendition; `None` for others.
        track_kind: What it is, as the site itself found; `None` where nobody said so.
        seen_in: Segment of the live redacted picture in which it was seen, 16 bytes; `None` for
            recorded views. It ties the number to the process that has given it.
    """

    id: RequestId
    hash: Hash
    node: NodeId
    agreement: Hash
    camera: CameraId
    stream: Stream
    view: View
    rendition: Rendition
    purpose: Purpose
    incident: IncidentId
    from_us: int | None
    until_us: int | None
    viewer: Viewer
    track: int | None = None
    track_kind: TrackKind | None = None
    seen_in: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Access may start now.

    Attributes:
        clause: The sentence that opens it.
        until_us: Absolute end of the grant, exclusive; needs nobody (P3).
        from_us: Earliest instant whose pictures the clause opens; for a live view that
            is how far the group of pictures in progress may reach back.
    """

    clause: ClauseId
    until_us: int
    from_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The owner is asked first; refused when nobody answers before `answer_by_us`."""

    clause: ClauseId
    approvals_missing: int
    answer_by_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """Access may not start; `explanation` is one plain sentence that says what is missing."""

    reason: Reason
    explanation: str


Decision = Permit | Pending | Deny


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An opened permit: one person, one device, one camera, one rendition, for a time.

    Attributes:
        since_us: When it was opened.
        until_us: Absolute end, exclusive.
        from_us: Earliest picture it opens.
        range_until_us: Recorded views: exclusive end of the range; `None` for live.
        track: The one that is clear, of an unmasked rendition; `None` for others.
        track_kind: What it is, as the site itself found; nothing else of that number becomes
            clear. `None` where nobody said so.
        seen_in: See `AccessRequest`.
    """

    id: GrantId
    request: Hash
    agreement: Hash
    clause: ClauseId
    camera: CameraId
    stream: Stream
    view: View
    rendition: Rendition
    incident: IncidentId
    viewer: Viewer
    since_us: int
    until_us: int
    from_us: int
    range_until_us: int | None
    track: int | None = None
    track_kind: TrackKind | None = None
    seen_in: bytes | None = None

    def opens(self, *, since_us: int, until_us: int) -> bool:
        """Tell whether pictures received in `[since_us, until_us)` may be opened (P3).

        A run that ended before the grant's start or begins at or after its end never may.
        """
        end = self.until_us if self.range_until_us is None else self.range_until_us
        return until_us > self.from_us and since_us < end
