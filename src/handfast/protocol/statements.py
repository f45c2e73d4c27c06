"""Statements: what is signed, field by field (docs/reference/protocol.md).

Instants are integer microseconds since 1970 UTC (`*_us`), ids are UUID text, keys and
hashes are unpadded base64url of 32 bytes. A statement with unknown fields is refused:
a new meaning needs a new version in the payload type.
"""

from typing import ClassVar, Literal

import msgspec

from handfast.model.media import Rendition, Stream, TrackKind, View

CertificateKind = Literal["node", "owner-device", "dispatch", "administrator", "officer-device"]


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of everything that is signed; `kind` names it in the DSSE payload type."""

    kind_name: ClassVar[str]


class Certificate(Statement, frozen=True, kw_only=True):
    """Who holds a key, vouched for by `issuer`.

    Attributes:
        kind: What the key may do.
        id: The node's or the person's id; two devices of one person share it.
        organisation: Id of the owner or agency.
        sign: Ed25519 public key.
        open: X25519 public key that releases are sealed to; only viewers have one.
        issuer: Fingerprint of the key that signs this.
    """

    kind_name: ClassVar[str] = "certificate"
    suite: int
    serial: int
    kind: CertificateKind
    id: str
    organisation: str
    name: str
    role: str
    sign: str
    open: str | None
    issuer: str
    not_before_us: int
    not_after_us: int


class Enrolment(Statement, frozen=True, kw_only=True):
    """A new device asks to be certified; signed by its own key to show that it holds it."""

    kind_name: ClassVar[str] = "enrolment"
    suite: int
    label: str
    sign: str
    open: str
    at_us: int


class Revocation(Statement, frozen=True, kw_only=True):
    """All fingerprints that `issuer` no longer vouches for; the highest serial counts."""

    kind_name: ClassVar[str] = "revocation"
    suite: int
    issuer: str
    serial: int
    revoked: list[str]


class Login(Statement, frozen=True, kw_only=True):
    """A device answers a challenge of exactly one audience."""

    kind_name: ClassVar[str] = "login"
    audience: str
    challenge: str
    device: str
    at_us: int


class CameraEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One camera of a registration; `view` is its field of view as a ring of lon, lat."""

    id: str
    name: str
    lon: float
    lat: float
    heading_deg: float
    angle_deg: float
    range_m: float
    streams: list[Stream]
    opens: list[Literal["alarm", "request"]] = []
    view: list[tuple[float, float]] = []


class Registration(Statement, frozen=True, kw_only=True):
    """What a node makes known of its site; a higher serial replaces a lower."""

    kind_name: ClassVar[str] = "registration"
    node: str
    owner: str
    name: str
    site_kind: str
    lon: float
    lat: float
    log: str
    cameras: list[CameraEntry]
    serial: int
    at_us: int


class SignalStatement(Statement, frozen=True, kw_only=True):
    """The state of one signal as its node sees it; a higher sequence replaces a lower."""

    kind_name: ClassVar[str] = "signal"
    node: str
    signal: str
    episode: str
    state: Literal["raised", "cleared"]
    test: bool
    first_raised_us: int
    raised_us: int
    cleared_us: int | None
    lease_until_us: int
    sequence: int


class IncidentSignal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The alarm that opened an incident."""

    node: str
    episode: str


class IncidentStatement(Statement, frozen=True, kw_only=True):
    """What the agency works on, signed by its dispatch key."""

    kind_name: ClassVar[str] = "incident"
    incident: str
    agency: str
    kind: str
    title: str
    lon: float
    lat: float
    radius_m: float
    opened_us: int
    expires_us: int
    signal: IncidentSignal | None


class AccessRequestStatement(Statement, frozen=True, kw_only=True):
    """An officer asks one node for one camera; `from_us` and `until_us` for recorded only.

    Attributes:
        track: Which person or vehicle of the redacted range `[from_us, until_us)` is to become
            clear; with the rendition `unmasked`, and only then.
        track_kind: What the officer saw there. The site refuses another word than its own.
        seen_in: Id of the segment of the live redacted picture in which `track` was seen,
            base64url; with the rendition `unmasked` live, and only then.
    """

    kind_name: ClassVar[str] = "access-request"
    request: str
    node: str
    agreement: str
    camera: str
    stream: Stream
    view: View
    rendition: Rendition
    purpose: str
    incident: str
    from_us: int | None
    until_us: int | None
    comment: str
    challenge: str
    device: str
    asked_us: int
    track: int | msgspec.UnsetType = msgspec.UNSET
    track_kind: TrackKind | msgspec.UnsetType = msgspec.UNSET
    seen_in: str | msgspec.UnsetType = msgspec.UNSET


class Approval(Statement, frozen=True, kw_only=True):
    """An owner's device answers exactly one access request (its statement hash)."""

    kind_name: ClassVar[str] = "approval"
    node: str
    request: str
    answer: Literal["approve", "refuse"]
    until_us: int
    device: str
    at_us: int


class Closing(Statement, frozen=True, kw_only=True):
    """An owner's device ends one grant or everything."""

    kind_name: ClassVar[str] = "closing"
    node: str
    scope: Literal["all", "grant"]
    grant: str | None
    device: str
    challenge: str
    at_us: int


class Switch(Statement, frozen=True, kw_only=True):
    """An owner's device raises or clears a signal by hand."""

    kind_name: ClassVar[str] = "switch"
    node: str
    signal: str
    state: Literal["raise", "clear"]
    test: bool
    device: str
    challenge: str
    at_us: int


class LogProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An opened leaf of the owner's log and its inclusion in a signed checkpoint.

    Attributes:
        salt: 32 bytes; leaf data is SHA-256(salt || entry).
        entry: The canonical JSON of the entry, base64url.
        hashes: RFC 9162 inclusion proof, leaf to root.
        checkpoint: C2SP signed note, as text.
    """

    origin: str
    index: int
    salt: str
    entry: str
    size: int
    hashes: list[str]
    checkpoint: str


class GrantStatement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An opened permit; `until_us` is its absolute end, exclusive.

    A recorded view opens `[from_us, range_until_us)`, a live one what runs while it lasts,
    from `from_us`. With the rendition `unmasked` only `track` is clear, and only as long as
    the site takes it for a `track_kind`.
    """

    id: str
    agreement: str
    clause: str
    camera: str
    stream: Stream
    view: View
    rendition: Rendition
    person: str
    device: str
    incident: str
    since_us: int
    until_us: int
    from_us: int
    range_until_us: int | None
    track: int | msgspec.UnsetType = msgspec.UNSET
    track_kind: TrackKind | msgspec.UnsetType = msgspec.UNSET
    seen_in: str | msgspec.UnsetType = msgspec.UNSET


class DecisionStatement(Statement, frozen=True, kw_only=True):
    """The node's answer to one request; `sealed` only with a permit (protocol.md)."""

    kind_name: ClassVar[str] = "decision"
    node: str
    request: str
    outcome: Literal["permit", "pending", "deny"]
    reason: str | None
    explanation: str | None
    answer_by_us: int | None
    grant: GrantStatement | None
    log: LogProof | None
    sealed: str | None
    decided_us: int


class Window(Statement, frozen=True, kw_only=True):
    """Keys of runs that begin in `[from_us, until_us)` are released under this log entry."""

    kind_name: ClassVar[str] = "window"
    node: str
    grant: str
    window: int
    from_us: int
    until_us: int
    log: LogProof


class End(Statement, frozen=True, kw_only=True):
    """A grant has ended and why."""

    kind_name: ClassVar[str] = "end"
    node: str
    grant: str
    reason: str
    ended_us: int
    log: LogProof | None


class LastRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest finished run and the hash of its ciphertext."""

    segment: str
    run: int
    sha256: str


class Closes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a grant ends as things stand; an alarm that is renewed makes it later.

    Attributes:
        at_us: Never after the grant's own `until_us`; an end comes earlier when somebody
            closes access.
    """

    grant: str
    at_us: int


class Redaction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How carefully a redacted picture is covered just now.

    Attributes:
        state: `normal`: what was found and what moves; `more`: also what is barely detected;
            `whole`: the whole picture.
        reason: Why more than usual is covered, as a word; empty when the state is normal.
    """

    state: Literal["normal", "more", "whole"]
    reason: str


class Alive(Statement, frozen=True, kw_only=True):
    """The node answers a viewer's nonce: what is newest, how old it is, when access ends.

    Attributes:
        unit: Number of the newest sealed unit of `run`; its `pts` beside it.
        age_us: How long before signing the node received that unit.
        closes: Of the grant that the nonce was asked for; older nodes do not say it.
        redaction: Of redacted pictures only, once the node knows.
    """

    kind_name: ClassVar[str] = "alive"
    node: str
    camera: str
    stream: Stream
    rendition: Rendition
    nonce: str
    segment: str
    run: int
    unit: int
    pts: int
    age_us: int
    last: LastRun | None
    at_us: int
    closes: Closes | msgspec.UnsetType = msgspec.UNSET
    redaction: Redaction | msgspec.UnsetType = msgspec.UNSET


class Predecessor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The segment before, and the hash of its manifest."""

    segment: str
    manifest: str


class ManifestRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run of a segment: where it lies in the file and the hash of its bytes."""

    run: int
    key: bool
    leaf: int
    start_us: int
    end_us: int
    offset: int
    length: int
    units: int
    first_pts: int
    sha256: str


class Manifest(Statement, frozen=True, kw_only=True):
    """The node vouches for every run of one segment (docs/reference/segment-format.md)."""

    kind_name: ClassVar[str] = "manifest"
    suite: int
    owner: str
    node: str
    camera: str
    stream: Stream
    rendition: Rendition
    period: str
    period_start_us: int
    segment: str
    predecessor: Predecessor | None
    start_us: int
    end_us: int
    bytes: int
    recovered: bool
    lost_units: int
    runs: list[ManifestRun]
