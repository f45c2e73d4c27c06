"""The engine: what is due is covered, in place, and nothing less when in doubt."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from handfast.kit.errors import InvalidError
from handfast.vision.boxes import Box, Detection, Kind
from handfast.vision.caution import Reason, State
from handfast.vision.cover import LUMA
from handfast.vision.due import Keep
from handfast.vision.picture import Picture
from handfast.vision.redactor import Redacted, Redactor
from handfast.vision.settings import Fill, Settings, Thresholds
from handfast.vision.zones import Point, Polygon, Zone
from tests.examples import scaled
from tests.unit.vision.drawn import (
    DETECTIONS,
    FRAME_US,
    ScriptedDetector,
    SeeingDetector,
    copy,
    draw,
    face,
    original_inside,
    person,
    street,
)

scripts = st.lists(st.lists(DETECTIONS, max_size=5), min_size=1, max_size=6)
LEFT_HALF = Polygon(points=(Point(0, 0), Point(0.5, 0), Point(0.5, 1), Point(0, 1)))
EVERY_KIND = frozenset(Kind)


def settle(redactor: Redactor, pictures: int = 40) -> int:
    """Show an empty street until the background is known; return the next time."""
    for number in range(pictures):
        redactor.redact(street(), number * FRAME_US)
    return pictures * FRAME_US


def walk(redactor: Redactor, at: list[float], pictures: int, since_us: int) -> list[Redacted]:
    """Let a drawn person walk to the right, three px a picture, from `at[0]`."""
    results = []
    for number in range(pictures):
        at[0] += 3
        picture = draw(street(), person(at[0], 100).box)
        before = copy(picture)
        results.append(redactor.redact(picture, since_us + number * FRAME_US))
        assert original_inside(picture, before, person(at[0], 100).box) == 0
    return results


@examples(max_examples=scaled(40))
@given(scripts, st.sampled_from([1, 3, 5]))
def test_no_due_pixel_shows_its_original(script: list[list[Detection]], every: int) -> None:
    """Not in a detection, not in a box that is foreseen, in luma and chroma alike."""
    settings = Settings(kinds=EVERY_KIND, every=every)
    redactor = Redactor(settings, [ScriptedDetector(script)])
    for number in range(8):
        picture = street()
        before = copy(picture)
        done = redactor.redact(picture, number * FRAME_US)
        for track in done.tracks:
            box = track.covered(settings.margin)
            inside = Box(box.left, box.top, min(box.right, 320), min(box.bottom, 240))
            assert original_inside(picture, before, inside) == 0


@examples(max_examples=scaled(40))
@given(scripts)
def test_the_same_pictures_give_the_same_result(script: list[list[Detection]]) -> None:
    """Bit for bit, so that a report can be checked by doing it again."""
    first = Redactor(Settings(kinds=EVERY_KIND), [ScriptedDetector(script)])
    second = Redactor(Settings(kinds=EVERY_KIND), [ScriptedDetector(script)])
    for number in range(6):
        one, other = street(), street()
        assert first.redact(one, number * FRAME_US) == second.redact(other, number * FRAME_US)
        assert np.array_equal(one.y, other.y)
        assert np.array_equal(one.u, other.u)
        assert np.array_equal(one.v, other.v)


def test_a_walker_is_covered_in_each_picture() -> None:
    """Also in the four of five that no detector looks at."""
    at = [10.0]
    redactor = Redactor(Settings(), [SeeingDetector(lambda: [person(at[0], 100)])])
    results = walk(redactor, at, 60, 0)
    assert {each.tracks[0].track for each in results} == {1}
    assert sum(each.detected for each in results) < 30


def test_detection_runs_in_each_kth_picture() -> None:
    """Once the background has settled; before that, twice as often."""
    detector = ScriptedDetector()
    redactor = Redactor(Settings(every=5), [detector])
    since_us = settle(redactor)
    calls = detector.calls
    for number in range(20):
        redactor.redact(street(), since_us + number * FRAME_US)
    assert detector.calls - calls == 4


def test_a_rare_picture_is_always_looked_at() -> None:
    """At one picture in two seconds, the last look is too old for each of them."""
    detector = ScriptedDetector()
    redactor = Redactor(Settings(every=5), [detector])
    for number in range(5):
        redactor.redact(street(), number * 2_000_000)
    assert detector.calls == 5


def test_load_makes_detection_rarer_but_not_beyond_the_bound() -> None:
    """And it comes back when the load goes."""
    redactor = Redactor(Settings(every=2, every_most=4), [ScriptedDetector()])
    for _ in range(200):
        redactor.ease(2.0)
    assert redactor.every == 4
    for _ in range(200):
        redactor.ease(0.1)
    assert redactor.every == 2


def test_what_moves_is_covered_though_nobody_detects_it() -> None:
    """The background model sees whom the detector misses."""
    redactor = Redactor(Settings(), [ScriptedDetector()])
    since_us = settle(redactor)
    walk(redactor, [10.0], 40, since_us)


def test_a_carried_camera_covers_tracks_only() -> None:
    """What moves against a moving background tells nothing."""
    redactor = Redactor(Settings(motion=False), [ScriptedDetector()])
    picture = draw(street(), Box(100, 100, 150, 180))
    before = copy(picture)
    assert redactor.redact(picture, 0).share == 0
    assert np.array_equal(picture.y, before.y)


def test_a_kind_without_a_detector_covers_everything() -> None:
    """Nobody can say that there is no face."""
    persons = ScriptedDetector(kinds=frozenset({Kind.PERSON}))
    done = Redactor(Settings(), [persons]).redact(picture := street(), 0)
    assert (done.state, done.reason, done.share) == (State.WHOLE, Reason.NO_DETECTOR, 1.0)
    assert (picture.y == LUMA).all()


def test_a_failing_detector_covers_everything_until_it_works() -> None:
    """It is asked again at once, and believed only after it has looked."""
    detector = ScriptedDetector()
    redactor = Redactor(Settings(), [detector])
    since_us = settle(redactor)
    detector.failing = True
    states = [redactor.redact(street(), since_us + n * FRAME_US).reason for n in range(10)]
    assert states[-1] is Reason.DETECTOR_FAILED
    detector.failing = False
    done = redactor.redact(street(), since_us + 10 * FRAME_US)
    assert (done.state, done.detected) == (State.NORMAL, True)


def test_a_damaged_picture_is_covered_whole() -> None:
    """What the decoder made up is not looked at, and not shown."""
    detector = ScriptedDetector()
    redactor = Redactor(Settings(every=1), [detector])
    since_us = settle(redactor)
    calls = detector.calls
    done = redactor.redact(street(), since_us, damaged=True)
    assert (done.state, done.reason) == (State.WHOLE, Reason.DAMAGED)
    assert detector.calls == calls


def test_damage_that_lasts_leaves_detection_too_old() -> None:
    """A second without a look is too long; the next sound picture is looked at."""
    redactor = Redactor(Settings(), [ScriptedDetector()])
    since_us = settle(redactor)
    for number in range(30):
        done = redactor.redact(street(), since_us + number * FRAME_US, damaged=True)
    assert done.reason is Reason.DETECTION_LATE
    assert redactor.redact(street(), since_us + 30 * FRAME_US).state is State.NORMAL


def test_a_turned_camera_covers_everything_until_it_settles() -> None:
    """Whoever stood still before is somewhere else in the picture now."""
    redactor = Redactor(Settings(), [ScriptedDetector()])
    generator = np.random.default_rng(7)
    world = generator.integers(40, 220, (60, 120), np.uint8).repeat(8, axis=0).repeat(8, axis=1)

    def view(left: int) -> Picture:
        picture = street()
        picture.y[:] = world[100:340, left : left + 320]
        return picture

    for number in range(40):
        redactor.redact(view(100), number * FRAME_US)
    turning = [
        redactor.redact(view(100 + 6 * number), (40 + number) * FRAME_US)
        for number in range(20)
    ]
    assert turning[-1].state is State.WHOLE
    assert turning[-1].reason in {Reason.CAMERA_MOVED, Reason.LARGE_MOTION}
    still = [redactor.redact(view(214), (60 + number) * FRAME_US) for number in range(60)]
    assert still[5].state is State.WHOLE
    assert still[-1].state is State.NORMAL


def test_black_pictures_are_covered_whole() -> None:
    """In the dark nobody detects anything, yet brightening may show it."""
    redactor = Redactor(Settings(), [ScriptedDetector()])
    for number in range(5):
        picture = street(luma=0)
        picture.y[:] = 16
        done = redactor.redact(picture, number * FRAME_US)
    assert (done.state, done.reason) == (State.WHOLE, Reason.TOO_DARK)


def test_a_picture_covered_whole_is_not_searched_more_often() -> None:
    """Doubt asks for more looks only where something is shown."""
    detector = ScriptedDetector()
    redactor = Redactor(Settings(every=5), [detector])
    picture = street(luma=0)
    picture.y[:] = 16
    for number in range(41):
        redactor.redact(copy(picture), number * FRAME_US)
    assert detector.calls == 9


def test_night_noise_covers_every_pixel_that_flickers() -> None:
    """And what is barely detected."""
    weak = person(200, 100, confidence=0.2)
    redactor = Redactor(Settings(), [ScriptedDetector([[weak]])])
    generator = np.random.default_rng(11)
    settle(redactor, 60)
    for number in range(60, 80):
        picture = street()
        specks = generator.random(picture.y.shape) < 0.08
        picture.y[specks] = 255
        before = copy(picture)
        done = redactor.redact(picture, number * FRAME_US)
    assert (done.state, done.reason) == (State.MORE, Reason.NIGHT_NOISE)
    assert original_inside(picture, before, weak.box) == 0
    assert done.share > 0.5


def test_a_large_thing_that_nobody_knows_asks_for_more() -> None:
    """A moving area of a tenth of the picture without a track."""
    redactor = Redactor(Settings(), [ScriptedDetector()])
    since_us = settle(redactor)
    for number in range(5):
        picture = draw(street(), Box(20 + 4 * number, 60, 130 + 4 * number, 160))
        done = redactor.redact(picture, since_us + number * FRAME_US)
    assert (done.state, done.reason) == (State.MORE, Reason.UNKNOWN_MOTION)


def test_a_new_size_starts_anew() -> None:
    """Boxes of one size mean nothing in another; numbers still go on."""
    redactor = Redactor(Settings(), [ScriptedDetector([[person(100, 100)]])])
    since_us = settle(redactor)
    picture = street(640, 480)
    before = copy(picture)
    done = redactor.redact(picture, since_us)
    assert done.detected
    assert done.state is State.MORE
    assert [each.track for each in done.tracks] == [2]
    assert original_inside(picture, before, person(100, 100).box) == 0


@pytest.mark.parametrize("step_us", [-3 * FRAME_US, 3_600_000_000])
def test_a_jump_in_time_starts_anew(step_us: int) -> None:
    """Back or far ahead: what was followed is no longer where it was."""
    redactor = Redactor(Settings(), [ScriptedDetector([[person(100, 100)]])])
    since_us = settle(redactor)
    done = redactor.redact(street(), since_us + step_us)
    assert done.detected
    assert [each.track for each in done.tracks] == [2]


@pytest.mark.parametrize(
    "size", [(1, 1), (2, 2), (9, 240), (1080, 1920), (3840, 2160), (641, 361)]
)
def test_pictures_of_any_size_are_redacted(size: tuple[int, int]) -> None:
    """Tiny, odd, portrait and 4K."""
    redactor = Redactor(Settings(), [ScriptedDetector([[person(0, 0)]])])
    for number in range(3):
        picture = street(*size)
        before = copy(picture)
        redactor.redact(picture, number * FRAME_US)
        assert (
            original_inside(picture, before, Box(0, 0, min(24, size[0]), min(60, size[1]))) == 0
        )


def test_a_thousand_faces_are_covered() -> None:
    """None of them is one too many."""
    crowd = [face(8.0 * (n % 40), 9.0 * (n // 40), size=6) for n in range(1000)]
    redactor = Redactor(Settings(kinds=frozenset({Kind.FACE})), [ScriptedDetector([crowd])])
    for number in range(3):
        picture = street()
        before = copy(picture)
        done = redactor.redact(picture, number * FRAME_US)
    assert len(done.tracks) == 1000
    assert sum(original_inside(picture, before, each.box) for each in crowd) == 0


def test_a_permanent_mask_is_always_covered() -> None:
    """Nothing has to be there."""
    redactor = Redactor(Settings(masks=(LEFT_HALF,)), [ScriptedDetector()])
    picture = street()
    before = copy(picture)
    redactor.redact(picture, 0)
    assert original_inside(picture, before, Box(0, 0, 160, 240)) == 0


def test_a_zone_covers_what_is_barely_detected() -> None:
    """Outside the zone, the same confidence is not enough."""
    inside, outside = person(50, 100, confidence=0.2), person(250, 100, confidence=0.2)
    settings = Settings(zones=(Zone(area=LEFT_HALF),))
    redactor = Redactor(settings, [ScriptedDetector([[inside, outside]])])
    since_us = settle(redactor)
    picture = street()
    before = copy(picture)
    done = redactor.redact(picture, since_us)
    assert done.state is State.NORMAL
    assert original_inside(picture, before, inside.box) == 0
    assert original_inside(picture, before, outside.box) > 0


def test_a_zone_is_covered_whole_while_nobody_knows_what_moves() -> None:
    """At the start, and always when the camera is not fixed or the owner asks."""
    zone = Zone(area=LEFT_HALF)
    for settings in (
        Settings(zones=(zone,)),
        Settings(zones=(zone,), motion=False),
        Settings(zones=(Zone(area=LEFT_HALF, whole=True),)),
    ):
        redactor = Redactor(settings, [ScriptedDetector()])
        picture = street()
        before = copy(picture)
        redactor.redact(picture, 0)
        assert original_inside(picture, before, Box(0, 0, 160, 240)) == 0


def clear_of(
    found: Sequence[Detection], keep: Keep, settings: Settings | None = None
) -> tuple[Picture, Picture, Redacted]:
    """Redact a settled street with these things; return after, before, and what was done."""
    redactor = Redactor(settings or Settings(), [ScriptedDetector([found])])
    since_us = settle(redactor)
    picture = street()
    for each in found:
        draw(picture, each.box)
    before = copy(picture)
    return picture, before, redactor.redact(picture, since_us, keep=keep)


def shown(picture: Picture, before: Picture, box: Box) -> float:
    """Return the share of a box's pixels that show their original."""
    area = np.s_[int(box.top) : int(box.bottom), int(box.left) : int(box.right)]
    return float((picture.y[area] == before.y[area]).mean())


def test_only_the_track_asked_for_becomes_clear() -> None:
    """Everybody else stays covered."""
    found = [person(48, 100), person(200, 100)]
    picture, before, done = clear_of(found, Keep(tracks=frozenset({1})))
    assert done.clear == {1}
    assert shown(picture, before, found[0].box) > 0.8
    assert original_inside(picture, before, found[1].box) == 0


def test_who_stands_in_front_stays_covered() -> None:
    """Of the box that is clear, what belongs to others as well is not."""
    found = [person(100, 100), person(116, 108)]
    picture, before, _ = clear_of(found, Keep(tracks=frozenset({1})))
    assert original_inside(picture, before, found[1].box) == 0


def test_a_face_is_clear_with_its_body() -> None:
    """But another's face in front of it is not."""
    found = [person(100, 100), face(106, 104, size=10)]
    picture, before, _ = clear_of(found, Keep(tracks=frozenset({1, 2})))
    assert shown(picture, before, found[1].box) > 0.8
    stranger = face(106, 145, size=10)
    picture, before, done = clear_of([found[0], stranger], Keep(tracks=frozenset({2})))
    kinds = {each.track: each.kind for each in done.tracks}
    assert kinds[2] is Kind.PERSON
    assert original_inside(picture, before, stranger.box) == 0


def test_two_faces_on_one_body_are_both_covered() -> None:
    """One of them is somebody's whom nobody has detected."""
    found = [person(100, 100, size=90), face(104, 104, size=10), face(122, 108, size=10)]
    picture, before, done = clear_of(found, Keep(tracks=frozenset({3})))
    assert done.clear == {3}
    assert sum(original_inside(picture, before, each.box) for each in found[1:]) == 0


@pytest.mark.parametrize(("kind", "clear"), [(Kind.PERSON, {1}), (Kind.VEHICLE, set())])
def test_a_track_of_another_kind_than_agreed_is_covered(kind: Kind, clear: set[int]) -> None:
    """Whoever agreed to a vehicle has agreed to no person of the same number."""
    found = person(100, 100)
    picture, before, done = clear_of([found], Keep(tracks=frozenset({1}), kind=kind))
    assert done.clear == clear
    assert (shown(picture, before, found.box) > 0.8) is bool(clear)


def test_a_lost_track_is_no_longer_clear() -> None:
    """Where it is foreseen, somebody else may stand."""
    found = person(100, 100)
    redactor = Redactor(Settings(every=1), [ScriptedDetector([*([[found]] * 41), []])])
    since_us = settle(redactor)
    keep = Keep(tracks=frozenset({1}))
    assert redactor.redact(street(), since_us, keep=keep).clear == {1}
    picture = street()
    before = copy(picture)
    done = redactor.redact(picture, since_us + FRAME_US, keep=keep)
    assert done.clear == frozenset()
    assert original_inside(picture, before, found.box) == 0


def test_in_a_zone_nobody_is_clear_without_two_persons() -> None:
    """With two, the same track is."""
    settings = Settings(zones=(Zone(area=LEFT_HALF),))
    found = person(48, 100)
    one = Keep(tracks=frozenset({1}))
    picture, before, _ = clear_of([found], one, settings)
    assert original_inside(picture, before, found.box) == 0
    two = Keep(tracks=frozenset({1}), two_persons=True)
    picture, before, _ = clear_of([found], two, settings)
    assert shown(picture, before, found.box) > 0.8


def test_a_permanent_mask_stays_even_for_two_persons() -> None:
    """What the owner covers for good is nobody's to open."""
    found = person(48, 100)
    keep = Keep(tracks=frozenset({1}), two_persons=True)
    picture, before, _ = clear_of([found], keep, Settings(masks=(LEFT_HALF,)))
    assert original_inside(picture, before, found.box) == 0


def test_a_mosaic_is_only_made_when_asked_for() -> None:
    """And it shows no pixel of a pattern either."""
    found = person(100, 100)
    solid, _, _ = clear_of([found], Keep(tracks=frozenset()))
    assert set(np.unique(solid.y[100:160, 100:124])) == {LUMA}
    redactor = Redactor(Settings(fill=Fill.MOSAIC), [ScriptedDetector([[found]])])
    picture = street()
    picture.y[:] = (np.indices(picture.y.shape).sum(axis=0) % 2) * 200
    before = copy(picture)
    redactor.redact(picture, 0)
    assert shown(picture, before, found.box) == 0
    assert picture.y[100:160, 100:124].min() > LUMA


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": frozenset()},
        {"every": 0},
        {"every": 6, "every_most": 5},
        {"margin": -0.1},
        {"hold_us": -1},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    """Before anything is shown."""
    with pytest.raises(InvalidError):
        Settings(**wrong)  # type: ignore[arg-type]  # wrong values are the point


def test_thresholds_out_of_order_are_refused() -> None:
    """The strictest mode must not become the laxest."""
    with pytest.raises(InvalidError):
        Thresholds(sure=0.2, faint=0.5, barely=0.1)


@pytest.mark.parametrize(
    "points", [(), (Point(0, 0), Point(1, 1)), (Point(0, 0), Point(1, 0), Point(2, 1))]
)
def test_a_mask_that_cannot_be_drawn_is_refused(points: tuple[Point, ...]) -> None:
    """A mask must not silently be empty."""
    with pytest.raises(InvalidError):
        Polygon(points=points)
