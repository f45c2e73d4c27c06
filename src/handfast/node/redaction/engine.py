"""From what an owner has decided about a camera to an engine that does it."""

from collections.abc import Iterable

from handfast.node.redaction.orders import Area, CameraRedaction, Covers
from handfast.vision.boxes import Kind
from handfast.vision.settings import Fill, Settings
from handfast.vision.zones import Point, Polygon, Zone

_KINDS = {
    Covers.PERSONS: Kind.PERSON,
    Covers.FACES: Kind.FACE,
    Covers.VEHICLES: Kind.VEHICLE,
}


def kinds_of(covers: Iterable[Covers]) -> frozenset[Kind]:
    """Return what has to be found."""
    return frozenset(_KINDS[each] for each in covers)


def settings_of(how: CameraRedaction, *, live: bool = False) -> Settings:
    """Return the engine's settings; `live` for pictures that nobody can wait for.

    Raises:
        InvalidError: An area has no area or leaves the picture, or nothing is covered.
    """
    return Settings(
        kinds=kinds_of(how.covers),
        motion=how.fixed,
        faces_rest=live,
        fill=Fill.MOSAIC if how.mosaic else Fill.SOLID,
        masks=tuple(_polygon(each) for each in how.masks),
        zones=tuple(Zone(area=_polygon(each)) for each in how.children),
    )


def _polygon(area: Area) -> Polygon:
    return Polygon(points=tuple(Point(x, y) for x, y in area.points))
