"""Faces rest every other time, and only where that hides nothing."""

from dataclasses import replace

import pytest

from handfast.kit.errors import UnavailableError
from handfast.vision.boxes import Box, Detection, Kind
from handfast.vision.caution import State
from handfast.vision.looks import Looks
from handfast.vision.redactor import Redactor
from handfast.vision.settings import Settings
from handfast.vision.track import Track, Tracked
from handfast.vision.zones import Point, Polygon, Zone
from tests.unit.vision.drawn import ScriptedDetector, face, person, street

RESTING = Settings(faces_rest=True)
LEFT_HALF = Polygon(points=(Point(0, 0), Point(0.5, 0), Point(0.5, 1), Point(0, 1)))
SOON_US = 500_000
BODIES, FACES = frozenset({Kind.PERSON, Kind.VEHICLE}), frozenset({Kind.FACE})


def followed(*detections: Detection) -> list[Tracked]:
    """Follow what was detected just now."""
    return [
        Track(number, each, 0, sure=True).at(0) for number, each in enumerate(detections, 1)
    ]


def looking(settings: Settings = RESTING) -> tuple[Looks, ScriptedDetector]:
    """Return what looks, and the detector of faces."""
    faces = ScriptedDetector(kinds=FACES)
    return Looks(settings, [ScriptedDetector(kinds=BODIES), faces]), faces


def test_faces_rest_every_other_time() -> None:
    """While all is calm; what rests is told, so that nobody takes it for not found."""
    looks, faces = looking()
    found = [looks.look(street(), [], age_us=SOON_US, calm=True) for _ in range(6)]
    assert [each.complete for each in found] == [False, True] * 3
    assert [Kind.FACE in each.kinds for each in found] == [False, True] * 3
    assert faces.calls == 3


@pytest.mark.parametrize(
    ("age_us", "calm"), [(None, True), (SOON_US, False), (600_001, True), (5_000_000, True)]
)
def test_faces_never_rest_in_doubt(age_us: int | None, *, calm: bool) -> None:
    """Not the first time, not while more is covered, not when the bound could be passed."""
    looks, faces = looking()
    for _ in range(4):
        assert looks.look(street(), [], age_us=age_us, calm=calm).complete
    assert faces.calls == 4


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        replace(RESTING, motion=False),
        replace(RESTING, zones=(Zone(area=LEFT_HALF),)),
        replace(RESTING, kinds=FACES),
    ],
)
def test_faces_never_rest_where_nothing_else_covers_them(settings: Settings) -> None:
    """Nor where nobody has asked for it, nor in a picture with a children's zone."""
    looks, faces = looking(settings)
    for _ in range(4):
        assert looks.look(street(), [], age_us=SOON_US, calm=True).complete
    assert faces.calls == 4


def test_a_face_without_a_body_is_sought_each_time() -> None:
    """Its wearer is not found as a person, so only the face tells where to cover."""
    looks, faces = looking()
    alone = followed(person(10, 100), face(200, 50))
    for _ in range(4):
        assert looks.look(street(), alone, age_us=SOON_US, calm=True).complete
    borne = followed(person(10, 100), face(15, 102))
    assert not looks.look(street(), borne, age_us=SOON_US, calm=True).complete
    missed = [replace(borne[0], missed=1), borne[1]]
    assert looks.look(street(), missed, age_us=SOON_US, calm=True).complete
    assert looks.look(street(), missed, age_us=SOON_US, calm=True).complete
    assert faces.calls == 6


def test_what_was_barely_detected_stays_until_it_is_sought_again() -> None:
    """A resting detector takes nothing back."""
    barely = face(200, 50, confidence=0.15)
    bodies = ScriptedDetector(kinds=BODIES)
    looks = Looks(RESTING, [bodies, ScriptedDetector([[barely], []], kinds=FACES)])
    looks.look(street(), [], age_us=None, calm=True)
    assert looks.loose == (barely.box,)
    assert not looks.look(street(), [], age_us=SOON_US, calm=True).complete
    assert looks.loose == (barely.box,)
    assert looks.look(street(), [], age_us=SOON_US, calm=True).complete
    assert not looks.loose


def test_a_detector_that_fails_is_told() -> None:
    """The engine covers the whole picture then."""
    looks, faces = looking()
    faces.failing = True
    with pytest.raises(UnavailableError):
        looks.look(street(), [], age_us=None, calm=True)


def test_the_engine_keeps_covering_a_face_while_its_detector_rests() -> None:
    """At ten pictures a second: never late, half the looks, the face is never shown."""
    head, body = face(105, 62), person(100, 60)
    faces = ScriptedDetector([[head]], kinds=FACES)
    bodies = ScriptedDetector([[body]], kinds=BODIES)
    redactor = Redactor(RESTING, [bodies, faces])
    box = Box(*(round(edge) for edge in head.box))
    states = []
    for number in range(100):
        picture = street()
        done = redactor.redact(picture, number * 100_000)
        states.append(done.state)
        assert (
            picture.y[int(box.top) : int(box.bottom), int(box.left) : int(box.right)] == 48
        ).all()
        assert {each.kind for each in done.tracks} == {Kind.PERSON, Kind.FACE}
        assert all(each.missed == 0 for each in done.tracks)
    assert set(states[20:]) == {State.NORMAL}
    assert bodies.calls > 20
    assert faces.calls < bodies.calls * 0.7
