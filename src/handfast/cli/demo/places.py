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
        place=Place(lon=24.9453, lat=60.1722),
        template="school",
        cameras=(
            _camera("Main entrance", (24.94542, 60.17207), 240, 0),
            _camera("Yard", (24.94466, 60.17207), 180, 1),
            _camera("Bicycle gate", (24.94517, 60.17283), 345, 2),
        ),
    ),
    DemoSite(
        folder="shop",
        name="Kauppa on Aleksi",
        kind="shop",
        principal="Jari Laine",
        role="manager",
        place=Place(lon=24.9430, lat=60.1693),
        template="shop",
        cameras=(
            _camera("Street door", (24.94299, 60.16963), 0, 3),
            _camera("Corner window", (24.94273, 60.16894), 135, 5),
        ),
    ),
    DemoSite(
        folder="transit",
        name="Central station stop",
        kind="transit",
        principal="Sari Nieminen",
        role="duty-manager",
        place=Place(lon=24.9412, lat=60.1715),
        template="transit",
        cameras=(
            # Fixed cameras: of a film that moves as a whole only a covered picture would show.
            _camera("Platform north", (24.94196, 60.17151), 315, 4),
            _camera("Platform south", (24.94082, 60.17164), 45, 6),
        ),
    ),
)
AGENCY = "Helsinki police (demo)"
OFFICER_ROLE = "officer"
ADMINISTRATOR = "Kaisa Korhonen"
