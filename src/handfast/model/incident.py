"""Incidents: something being worked on, with a place, a time and an end."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import NewType

from handfast.model.camera import AgencyId, NodeId, Place
from handfast.model.signal import EpisodeId

IncidentId = NewType("IncidentId", str)
_EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalReference:
    """The alarm at a site that an incident was opened by."""

    node: NodeId
    episode: EpisodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What an agency says it works on; signed by its dispatch key when it travels.

    Attributes:
        kind: e.g. `intrusion`, `robbery`, `missing-person`.
        radius_m: Around `place`, metres, above 0.
        expires_us: Exclusive; nothing is opened under the statement after it.
        signal: Present when an alarm opened it.
    """

    id: IncidentId
    agency: AgencyId
    kind: str
    title: str
    place: Place
    radius_m: float
    opened_us: int
    expires_us: int
    signal: SignalReference | None

    def covers(self, place: Place, *, at_us: int) -> bool:
        """Tell whether it overlaps `place` and the instant in place and time (P8)."""
        near = distance_m(self.place, place) <= self.radius_m
        return near and self.opened_us <= at_us < self.expires_us


def distance_m(one: Place, other: Place) -> float:
    """Return the great-circle distance in metres (haversine)."""
    lat1, lat2 = radians(one.lat), radians(other.lat)
    half_lat = sin((lat2 - lat1) / 2) ** 2
    half_lon = sin(radians(other.lon - one.lon) / 2) ** 2
    return 2 * _EARTH_RADIUS_M * asin(sqrt(half_lat + cos(lat1) * cos(lat2) * half_lon))
