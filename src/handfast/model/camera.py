"""Cameras and the sites they belong to, as the owner registers them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from handfast.model.media import Stream

CameraId = NewType("CameraId", str)
NodeId = NewType("NodeId", str)
OwnerId = NewType("OwnerId", str)
AgencyId = NewType("AgencyId", str)
_TURN_DEG = 360
_LON_DEG = 180
_LAT_DEG = 90


class CameraState(StrEnum):
    """Whether a camera's stream arrives at its node."""

    CONNECTING = "connecting"
    RECORDING = "recording"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point on the map.

    Attributes:
        lon: Degrees east, WGS 84, -180..180.
        lat: Degrees north, WGS 84, -90..90.
    """

    lon: float
    lat: float

    def __post_init__(self) -> None:
        """Refuse what is not on the globe."""
        if not (abs(self.lon) <= _LON_DEG and abs(self.lat) <= _LAT_DEG):
            message = f"({self.lon}, {self.lat}) is no longitude and latitude in degrees"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """One camera, where it stands and what it looks at.

    Attributes:
        name: What the owner calls it.
        heading_deg: Where it looks, degrees clockwise from north, 0 <= heading < 360.
        angle_deg: Horizontal field of view, degrees, 0 < angle <= 360.
        range_m: How far a person can be made out, metres.
        streams: What it delivers; always at least `Stream.MAIN`.
        children: Its picture holds a children's zone, where rules are strictest.
    """

    id: CameraId
    name: str
    place: Place
    heading_deg: float
    angle_deg: float
    range_m: float
    streams: tuple[Stream, ...]
    children: bool = False

    def __post_init__(self) -> None:
        """Hold the ranges above."""
        looks = 0 <= self.heading_deg < _TURN_DEG and 0 < self.angle_deg <= _TURN_DEG
        if not (looks and self.range_m > 0):
            message = f"camera {self.id}: heading 0..360, angle above 0 to 360, range above 0"
            raise ValueError(message)
        if Stream.MAIN not in self.streams:
            message = f"camera {self.id} has no main stream; name one in its configuration"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A partner's premises with one node.

    Attributes:
        kind: What it is to people, e.g. `school`, `shop`, `transit`.
    """

    node: NodeId
    owner: OwnerId
    name: str
    kind: str
    place: Place
    cameras: tuple[Camera, ...]
