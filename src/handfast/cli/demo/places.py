"""The demo city: three partners in central Helsinki. Names of partners are made up."""

from dataclasses import dataclass

from handfast.model.camera import Place
from handfast.protocol.drafting import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCamera:
    """A camera of the demo; `source` is the number of the simulated camera it shows."""

    name: str
    place: Place
    heading_deg: float
    angle_deg: float
    range_m: float
    source: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSite:
    """A partner with a node.

    Attributes:
        folder: Name of its folder, and of its command-line examples.
        template: The agreement it begins with.
    """

    folder: str
    name: str
    kind: str
    principal: str
    role: str
    place: Place
    template: Template
    cameras: tuple[DemoCamera, ...]


def _camera(
    name: str, lon_lat: tuple[float, float], heading_deg: float, source: int
) -> DemoCamera:
    return DemoCamera(
        name=name,
        place=Place(lon=lon_lat[0], lat=lon_lat[1]),
        heading_deg=heading_deg,
        angle_deg=82,
        range_m=60,
        source=source,
    )


SITES = (
    DemoSite(
        folder="school",
        name="Kluuvi school",
        kind="school",
        principal="Minna Virtanen",
        role="principal",
        place=Place(lon=24.9479, lat=60.1713),
        template="school",
        cameras=(
            _camera("Main entrance", (24.9474, 60.1715), 245, 0),
            _camera("Yard", (24.9482, 60.1711), 150, 1),
            _camera("Bicycle gate", (24.9480, 60.1716), 20, 2),
        ),
    ),
    DemoSite(
        folder="shop",
        name="Kauppa on Aleksi",
        kind="shop",
        principal="Jari Laine",
        role="manager",
        place=Place(lon=24.9440, lat=60.1690),
        template="shop",
        cameras=(
            _camera("Street door", (24.9436, 60.1689), 180, 3),
            _camera("Corner window", (24.9444, 60.1690), 95, 4),
        ),
    ),
    DemoSite(
        folder="transit",
        name="Central station stop",
        kind="transit",
        principal="Sari Nieminen",
        role="duty-manager",
        place=Place(lon=24.9415, lat=60.1708),
        template="shop",
        cameras=(
            _camera("Platform north", (24.9413, 60.1712), 200, 5),
            _camera("Platform south", (24.9417, 60.1704), 10, 6),
        ),
    ),
)
AGENCY = "Helsinki police (demo)"
OFFICER_ROLE = "officer"
ADMINISTRATOR = "Kaisa Korhonen"
