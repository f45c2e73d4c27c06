"""Values refuse what cannot be."""

from dataclasses import replace

import pytest

from handfast.model.access import Grant, GrantId, Hash
from handfast.model.agreement import ClauseId, OnRequest
from handfast.model.camera import Camera, CameraId, Place
from handfast.model.incident import distance_m
from handfast.model.media import Rendition, Stream, View
from tests.unit.policy.samples import ASK, ASKED, RIVERA, SCHOOL

CAMERA = Camera(
    id=CameraId("gate"),
    name="Gate",
    place=Place(lon=24.94, lat=60.17),
    heading_deg=0,
    angle_deg=90,
    range_m=30,
    streams=(Stream.MAIN, Stream.SUB),
)
GRANT = Grant(
    id=GrantId("grant"),
    request=Hash("request"),
    agreement=Hash("agreement"),
    clause=ClauseId("clause"),
    camera=CAMERA.id,
    stream=Stream.MAIN,
    view=View.LIVE,
    rendition=Rendition.CLEAR,
    incident=ASK.incident,
    viewer=RIVERA,
    since_us=100,
    until_us=200,
    from_us=90,
    range_until_us=None,
)


@pytest.mark.parametrize("lon_lat", [(181, 0), (0, 91), (-181, 0), (0, -91)])
def test_a_place_off_the_globe_is_refused(lon_lat: tuple[float, float]) -> None:
    """Longitude and latitude have ranges."""
    with pytest.raises(ValueError, match="degrees"):
        Place(lon=lon_lat[0], lat=lon_lat[1])


def test_a_camera_without_main_stream_or_with_an_impossible_view_is_refused() -> None:
    """The ranges of heading, angle and range hold, and a main stream exists."""
    with pytest.raises(ValueError, match="main stream"):
        replace(CAMERA, streams=(Stream.SUB,))
    with pytest.raises(ValueError, match="heading"):
        replace(CAMERA, heading_deg=360)
    with pytest.raises(ValueError, match="range"):
        replace(CAMERA, range_m=0)


def test_an_agreement_needs_a_clause_an_end_and_distinct_clause_ids() -> None:
    """Empty, upside-down and ambiguous agreements are refused."""
    for change in ({"clauses": ()}, {"not_after_us": 0}, {"serial": 0}):
        with pytest.raises(ValueError, match="agreement"):
            replace(SCHOOL, **change)
    with pytest.raises(ValueError, match="same id"):
        replace(SCHOOL, clauses=(ASKED, ASKED))
    with pytest.raises(ValueError, match="approval"):
        replace(ASKED, when=OnRequest(approvals=0, answer_within_us=1))
    with pytest.raises(ValueError, match="role"):
        replace(ASKED, roles=frozenset())


@pytest.mark.parametrize(
    ("since_us", "until_us", "opens"),
    [(80, 90, False), (80, 91, True), (199, 300, True), (200, 300, False), (120, 130, True)],
)
def test_p3_closes_by_itself_no_run_beyond_the_end_or_before_the_start(
    since_us: int, until_us: int, *, opens: bool
) -> None:
    """A run that begins at the end, or ended at the start, is never opened."""
    assert GRANT.opens(since_us=since_us, until_us=until_us) is opens
    recorded = replace(GRANT, view=View.RECORDED, until_us=10_000, range_until_us=200)
    assert recorded.opens(since_us=since_us, until_us=until_us) is opens


def test_codes_of_streams_and_renditions_are_stable() -> None:
    """They stand in sealed segments for ever."""
    assert [Stream.from_code(code) for code in (0, 1)] == [Stream.MAIN, Stream.SUB]
    assert [Rendition.from_code(code) for code in (0, 1, 2)] == list(Rendition)
    with pytest.raises(ValueError, match="newer"):
        Stream.from_code(9)


def test_distance_is_metres_on_the_globe() -> None:
    """One thousandth of a degree of latitude is 111.2 m."""
    north = Place(lon=24.94, lat=60.171)
    assert distance_m(CAMERA.place, north) == pytest.approx(111.2, abs=0.1)
