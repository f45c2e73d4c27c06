"""What the node makes known of its site: places, streams, and how agreements open them."""

from collections.abc import Iterable, Sequence
from typing import Literal

from handfast.model.agreement import Clause, OnRequest
from handfast.model.camera import Camera, Site
from handfast.model.sight import Ring, clipped_view
from handfast.node.trust import Trusted
from handfast.protocol.statements import CameraEntry, Registration


def describe_site(
    site: Site,
    *,
    log: str,
    trusted: Trusted,
    buildings: Iterable[Ring],
    serial: int,
    at_us: int,
) -> Registration:
    """Write the registration.

    Args:
        site: The premises.
        log: vkey of the owner's log.
        trusted: Agreements in force, for how each camera opens.
        buildings: Footprints that clip the cameras' views.
        serial: Above every earlier one.
        at_us: Now.
    """
    clauses = [
        clause
        for standing in trusted.standing.values()
        if standing.agreement.not_before_us <= at_us < standing.agreement.not_after_us
        for clause in standing.agreement.clauses
    ]
    footprints = list(buildings)
    return Registration(
        node=site.node,
        owner=site.owner,
        name=site.name,
        site_kind=site.kind,
        lon=site.place.lon,
        lat=site.place.lat,
        log=log,
        cameras=[_entry(camera, clauses, footprints) for camera in site.cameras],
        serial=serial,
        at_us=at_us,
    )


def _entry(camera: Camera, clauses: Sequence[Clause], buildings: Sequence[Ring]) -> CameraEntry:
    return CameraEntry(
        id=camera.id,
        name=camera.name,
        lon=camera.place.lon,
        lat=camera.place.lat,
        heading_deg=camera.heading_deg,
        angle_deg=camera.angle_deg,
        range_m=camera.range_m,
        streams=list(camera.streams),
        opens=_opens(camera, clauses),
        view=clipped_view(camera, buildings),
    )


def _opens(camera: Camera, clauses: Sequence[Clause]) -> list[Literal["alarm", "request"]]:
    ways: set[Literal["alarm", "request"]] = {
        "request" if isinstance(clause.when, OnRequest) else "alarm"
        for clause in clauses
        if clause.cameras is None or camera.id in clause.cameras
    }
    return sorted(ways)
