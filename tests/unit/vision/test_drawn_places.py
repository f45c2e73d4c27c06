"""Places that a person draws: solid, whatever else is decided."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from handfast.vision.boxes import Box
from handfast.vision.caution import State
from handfast.vision.cover import CHROMA, LUMA
from handfast.vision.due import Keep
from handfast.vision.picture import Picture
from handfast.vision.redactor import Redactor
from handfast.vision.settings import Fill, Settings
from tests.unit.vision.drawn import (
    ScriptedDetector,
    copy,
    draw,
    original_inside,
    person,
    street,
)

PERSON = person(100, 100)
PLACE = Box(104.0, 110.0, 116.0, 140.0)


def redacted(
    picture: Picture, settings: Settings, place: Box, *, keep: Keep | None = None
) -> State:
    """Redact one picture with a place drawn into it; return how much was covered."""
    redactor = Redactor(settings, [ScriptedDetector([[PERSON]])])
    return redactor.redact(picture, 0, keep=keep, drawn=[place]).state


@pytest.mark.parametrize("fill", list(Fill))
def test_a_drawn_place_is_solid_also_among_mosaic_and_on_whoever_stays_clear(
    fill: Fill,
) -> None:
    """Somebody wants it gone; averages and rights of others are no answer."""
    picture = draw(street(), PERSON.box)
    settings = Settings(motion=False, fill=fill)
    redacted(picture, settings, PLACE, keep=Keep(tracks=frozenset({1})))
    assert (picture.y[110:140, 104:116] == LUMA).all()
    assert (picture.u[55:70, 52:58] == CHROMA).all()
    assert (picture.y[150:158, 104:116] != LUMA).all()


EDGES = some.one_of(some.floats(-50, 400, width=32), some.just(float("nan")))


@given(some.builds(Box, EDGES, EDGES, EDGES, EDGES))
def test_whatever_is_drawn_nothing_of_it_shows(place: Box) -> None:
    """Also beyond the picture, upside down, without area or with an edge that is no number."""
    picture = draw(street(), PERSON.box)
    before = copy(picture)
    redacted(picture, Settings(motion=False), place)
    edges = np.array(place)
    if np.isfinite(edges).all() and place.width and place.height:
        assert original_inside(picture, before, place) == 0


def test_a_picture_that_is_covered_whole_stays_whole() -> None:
    """A box takes nothing away."""
    picture = street()
    redactor = Redactor(Settings(motion=False), [])
    done = redactor.redact(picture, 0, drawn=[PLACE])
    assert (done.state, done.share) == (State.WHOLE, 1.0)
    assert (picture.y == LUMA).all()
