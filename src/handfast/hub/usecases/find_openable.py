"""Which cameras an incident makes openable: a preview, the node decides (P4)."""

from math import cos, radians
from typing import Final

from handfast.hub.views import OpenableView
from handfast.model.camera import Place
from handfast.model.incident import distance_m
from handfast.storage.hub_rows import CameraRow, IncidentRow, SignalRow
from handfast.storage.sqlite_hub import HubTransaction

_METRES_PER_DEGREE: Final = 111_000.0  # of latitude, rounded down so that the box is larger
_NEAR_POLE: Final = 0.01


def find_openable(tables: HubTransaction, incident: IncidentRow) -> list[OpenableView]:
    """Return the cameras around an incident and those of the sites whose alarms it gathers.

    A camera that opens by alarm counts while a real signal of its site is raised, otherwise
    by request where its agreement knows requests.
    """
    if incident.closed_us is not None:
        return []
    cameras = {(row.node, row.camera): row for row in _around(tables, incident)}
    for node, _ in tables.incidents.episodes(incident.id):
        cameras |= {(row.node, row.camera): row for row in tables.sites.cameras_of(node)}
    raised = {row.node for row in tables.sites.signals() if is_raised(row)}
    found = (_openable(row, row.node in raised) for _, row in sorted(cameras.items()))
    return [each for each in found if each is not None]


def is_raised(row: SignalRow) -> bool:
    """Tell whether a real alarm holds, as far as the hub has heard."""
    return row.cleared_us is None and not row.is_test


def _openable(row: CameraRow, is_alarmed: bool) -> OpenableView | None:  # noqa: FBT001
    if row.by_alarm and is_alarmed:
        return OpenableView(node=row.node, camera=row.camera, how="alarm")
    if row.by_request:
        return OpenableView(node=row.node, camera=row.camera, how="request")
    return None


def _around(tables: HubTransaction, incident: IncidentRow) -> list[CameraRow]:
    centre = Place(lon=incident.lon, lat=incident.lat)
    high = incident.radius_m / _METRES_PER_DEGREE
    wide = high / max(cos(radians(incident.lat)), _NEAR_POLE)
    boxed = tables.sites.cameras_in(
        west=incident.lon - wide,
        south=incident.lat - high,
        east=incident.lon + wide,
        north=incident.lat + high,
    )
    return [
        row
        for row in boxed
        if distance_m(centre, Place(lon=row.lon, lat=row.lat)) <= incident.radius_m
    ]
