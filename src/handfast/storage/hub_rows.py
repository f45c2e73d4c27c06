"""What the hub keeps, as values. Envelopes are stored as the JSON bytes they came in.

Nothing here is secret from the hub's operator, and nothing here opens a picture.
"""

from dataclasses import dataclass
from typing import Literal

OrganisationKind = Literal["owner", "agency"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationRow:
    """An enrolled owner or agency, by the root that was compared by hand.

    Attributes:
        root: Raw Ed25519 public key, 32 bytes.
    """

    id: str
    kind: OrganisationKind
    name: str
    root: bytes
    admitted_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRow:
    """A key that an enrolled root, or an administrator under it, vouches for.

    Attributes:
        fingerprint: Of `key`.
        kind: As in the certificate, e.g. `node`.
        holder: Id of the node or person.
        issuer: Fingerprint of the key that signed it.
    """

    fingerprint: str
    kind: str
    holder: str
    organisation: str
    key: bytes
    issuer: str
    serial: int
    not_before_us: int
    not_after_us: int
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationRow:
    """The newest revocation list of one issuer."""

    issuer: str
    serial: int
    revoked: frozenset[str]
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRow:
    """Where a registered camera stands and how the agreement can open it."""

    node: str
    camera: str
    lon: float
    lat: float
    by_alarm: bool
    by_request: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """A node's newest registration."""

    node: str
    owner: str
    name: str
    serial: int
    lon: float
    lat: float
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """The newest state of one signal of one node.

    Attributes:
        cleared_us: `None` while raised.
    """

    node: str
    signal: str
    sequence: int
    episode: str
    is_test: bool
    first_raised_us: int
    cleared_us: int | None
    lease_until_us: int
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """An incident, open until `closed_us`.

    Attributes:
        opened_by: `signal`, or the id of the agency whose dispatch key signed.
        expires_us: Exclusive end that its statement names; `None` without a statement.
        node: With `episode`, the alarm that opened it.
    """

    id: str
    kind: str
    title: str
    lon: float
    lat: float
    radius_m: float
    opened_us: int
    closed_us: int | None
    expires_us: int | None
    opened_by: str
    node: str | None
    episode: str | None
    statement: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """An access request on its way, and the node's newest answer."""

    hash: str
    node: str
    device: str
    asked_us: int
    decided_us: int | None
    decision: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRow:
    """An opened permit, as the node's decision names it."""

    id: str
    request: str
    node: str
    device: str
    camera: str
    stream: str
    rendition: str
    view: str
    until_us: int
    ended_us: int | None
    reason: str | None
