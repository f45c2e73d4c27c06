"""What pages are told, field by field (protocol.md, "Officer's browser <-> hub")."""

from typing import Literal

import msgspec

from handfast.seal.identity import Envelope


class SiteView(msgspec.Struct, frozen=True, kw_only=True):
    """A registered site; its registration and signals as the node signed them.

    Attributes:
        seen_us: Newest heartbeat; `None` when there was none since the hub started.
    """

    node: str
    registration: Envelope
    online: bool
    seen_us: int | None
    signals: list[Envelope]


class RegistryView(msgspec.Struct, frozen=True, kw_only=True):
    """All sites."""

    sites: list[SiteView]


class AlarmView(msgspec.Struct, frozen=True, kw_only=True):
    """The alarm that opened an incident."""

    node: str
    episode: str


class OpenableView(msgspec.Struct, frozen=True, kw_only=True):
    """A camera that its agreement may open now; only the node decides (P4)."""

    node: str
    camera: str
    how: Literal["alarm", "request"]


class IncidentView(msgspec.Struct, frozen=True, kw_only=True):
    """An incident and what has become openable by it."""

    id: str
    kind: str
    title: str
    lon: float
    lat: float
    radius_m: float
    opened_us: int
    closed_us: int | None
    opened_by: str
    signal: AlarmView | None
    openable: list[OpenableView]
    statement: Envelope | None


class IncidentsView(msgspec.Struct, frozen=True, kw_only=True):
    """Open incidents and those closed lately, newest first."""

    incidents: list[IncidentView]


class SiteEvent(msgspec.Struct, frozen=True, kw_only=True, tag="site"):
    """A site is new, changed, came or went."""

    site: SiteView


class SignalEvent(msgspec.Struct, frozen=True, kw_only=True, tag="signal"):
    """A signal was raised, renewed or cleared."""

    node: str
    signal: Envelope


class IncidentEvent(msgspec.Struct, frozen=True, kw_only=True, tag="incident"):
    """An incident was opened, changed or closed."""

    incident: IncidentView


class DecisionEvent(msgspec.Struct, frozen=True, kw_only=True, tag="decision"):
    """A node has decided a request of the device that is told."""

    request: str
    decision: Envelope


class EndedEvent(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """A node has ended a grant of the device that is told."""

    grant: str
    ended: Envelope


class ReadyEvent(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """The present state has been told; what follows is news."""

    at_us: int


Event = SiteEvent | SignalEvent | IncidentEvent | DecisionEvent | EndedEvent | ReadyEvent


def envelope(stored: bytes) -> Envelope:
    """Read an envelope from the bytes in which it is stored."""
    return msgspec.json.decode(stored, type=Envelope)
