"""Walls end what a camera sees."""

from math import cos, hypot, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.model.camera import Camera, CameraId, Place
from handfast.model.media import Stream
from handfast.model.sight import clipped_view

HERE = Place(lon=24.94, lat=60.17)
DEGREE_M = 111_195.0


def camera(*, heading_deg: float = 0, angle_deg: float = 90) -> Camera:
    """A camera that sees 50 m."""
    return Camera(
        id=CameraId("gate"),
        name="Gate",
        place=HERE,
        heading_deg=heading_deg,
        angle_deg=angle_deg,
        range_m=50,
        streams=(Stream.MAIN,),
    )


def at(east_m: float, north_m: float) -> tuple[float, float]:
    """A point some metres from the camera."""
    return (
        HERE.lon + east_m / (DEGREE_M * cos(radians(HERE.lat))),
        HERE.lat + north_m / DEGREE_M,
    )


def distances(ring: list[tuple[float, float]]) -> list[float]:
    """How far each point of a ring is from the camera, metres."""
    scale = DEGREE_M * cos(radians(HERE.lat))
    return [hypot((x - HERE.lon) * scale, (y - HERE.lat) * DEGREE_M) for x, y in ring]


def test_without_buildings_the_view_is_the_whole_sector() -> None:
    """Every point but the camera itself lies at its range."""
    reached = distances(clipped_view(camera(), []))
    assert reached[0] == reached[-1] == 0
    assert reached[1:-1] == pytest.approx([50] * len(reached[1:-1]), abs=0.2)


def test_a_wall_across_the_view_ends_it_there() -> None:
    """A long wall 20 m ahead leaves nothing beyond it."""
    wall = [at(-200, 20), at(200, 20), at(200, 30), at(-200, 30), at(-200, 20)]
    ring = clipped_view(camera(), [wall])
    north_m = [(lat - HERE.lat) * DEGREE_M for _, lat in ring]
    assert max(north_m) == pytest.approx(20, abs=0.2)


def test_a_wall_behind_the_camera_or_the_one_it_hangs_on_does_not_matter() -> None:
    """Only what is ahead, and farther than its mounting, counts."""
    behind = [at(-200, -20), at(200, -20), at(200, -30), at(-200, -20)]
    mounting = [at(-20, 1), at(20, 1), at(20, -10), at(-20, -10), at(-20, 1)]
    free = clipped_view(camera(), [])
    assert clipped_view(camera(), [behind, mounting]) == free


@given(st.floats(0, 359.9), st.floats(1, 360))
def test_a_view_is_closed_and_never_longer_than_its_range(heading: float, angle: float) -> None:
    """For every direction and angle."""
    box = [at(5, 5), at(30, 5), at(30, 30), at(5, 30), at(5, 5)]
    ring = clipped_view(camera(heading_deg=heading, angle_deg=angle), [box])
    assert ring[0] == ring[-1]
    assert max(distances(ring)) <= 50.2
