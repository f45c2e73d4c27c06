"""Following things: numbers that stay, and boxes that grow while nobody looks."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from handfast.vision.boxes import Detection, Kind
from handfast.vision.picture import Plane
from handfast.vision.settings import Settings
from handfast.vision.track import Tracked
from handfast.vision.tracker import Tracker
from tests.unit.vision.drawn import DETECTIONS, FRAME_US, face, person

BLANK: Plane = np.full((240, 320), 90, np.uint8)
LOOK_US = 5 * FRAME_US

scripts = st.lists(st.lists(DETECTIONS, max_size=6), max_size=8)


def run(tracker: Tracker, script: Sequence[Sequence[Detection]], small: Plane = BLANK) -> int:
    """Feed one look after another; return the time of the last."""
    for look, found in enumerate(script):
        tracker.update(found, look * LOOK_US, small, scale=1.0)
    return (len(script) - 1) * LOOK_US


def numbers(tracks: Sequence[Tracked]) -> list[int]:
    """Return the numbers of tracks."""
    return [each.track for each in tracks]


def test_a_walker_keeps_one_number() -> None:
    """A person who walks through the picture is one track."""
    tracker = Tracker(Settings())
    last = run(tracker, [[person(20 + 9 * look, 80)] for look in range(20)])
    assert numbers(tracker.at(last)) == [1]


def test_two_who_pass_at_a_distance_keep_their_numbers() -> None:
    """Nobody takes over somebody else's number."""
    tracker = Tracker(Settings())
    script = [[person(20 + 9 * n, 40), person(200 - 9 * n, 140)] for n in range(15)]
    last = run(tracker, script)
    left, right = tracker.at(last)
    assert (left.box.top, right.box.top) == (40, 140)
    assert numbers([left, right]) == [1, 2]


def test_who_may_have_changed_places_gets_a_new_number() -> None:
    """Two on the same spot: nobody may stay clear on a guess."""
    tracker = Tracker(Settings())
    apart = [[person(40 + 12 * n, 80), person(160 - 12 * n, 80)] for n in range(5)]
    last = run(tracker, [*apart, [person(100, 80), person(101, 80)]])
    assert not set(numbers(tracker.at(last))) & {1, 2}


def test_one_miss_uncovers_nobody() -> None:
    """Sure or faint, young or old: whoever is missed once is still followed."""
    for confidence in (0.4, 0.9):
        tracker = Tracker(Settings())
        last = run(tracker, [[person(50, 50, confidence=confidence)], []])
        (track,) = tracker.at(last)
        assert track.missed == 1
        assert not track.seen


def test_faint_detections_keep_a_sure_track_alive() -> None:
    """A person who becomes hard to see stays the same track."""
    tracker = Tracker(Settings())
    faint = [[person(50 + n, 50, confidence=0.36)] for n in range(30)]
    last = run(tracker, [[person(50, 50)], *faint])
    assert numbers(tracker.at(last)) == [1]


def test_what_was_never_sure_goes_with_the_second_miss() -> None:
    """A bush that was taken for a person once is not covered for long."""
    tracker = Tracker(Settings())
    last = run(tracker, [[person(50, 50, confidence=0.36)], [], []])
    assert tracker.at(last) == ()


def test_who_stands_still_and_is_missed_stays_covered() -> None:
    """As long as the place looks the same, for up to a minute."""
    settings = Settings()
    tracker = Tracker(settings)
    small = BLANK.copy()
    small[50:110, 50:74] = 200
    last = run(tracker, [[person(50, 50)], [person(50, 50)], *[[] for _ in range(100)]], small)
    assert last > 10 * settings.hold_us
    assert numbers(tracker.at(last)) == [1]


def test_who_left_is_let_go() -> None:
    """The place looks different, so the track ends when its hold does."""
    tracker = Tracker(Settings())
    small = BLANK.copy()
    small[50:110, 50:74] = 200
    run(tracker, [[person(50, 50)]], small)
    for look in range(1, 10):
        tracker.update([], look * LOOK_US, BLANK, scale=1.0)
    assert tracker.at(10 * LOOK_US) == ()


def test_a_second_faint_box_around_one_person_is_no_second_person() -> None:
    """Otherwise a person who stays clear would be covered by their own double."""
    tracker = Tracker(Settings())
    run(tracker, [[person(50, 50), person(53, 54, confidence=0.36)]])
    assert numbers(tracker.at(0)) == [1]


def test_a_head_and_its_body_are_two_tracks() -> None:
    """Kinds are followed apart."""
    tracker = Tracker(Settings())
    run(tracker, [[person(50, 50), face(56, 52)]])
    assert [each.kind for each in tracker.at(0)] == [Kind.FACE, Kind.PERSON]


def test_a_thousand_faces_are_followed() -> None:
    """And each keeps its number."""
    crowd = [face(8.0 * (n % 40), 8.0 * (n // 40), size=6) for n in range(1000)]
    tracker = Tracker(Settings())
    last = run(tracker, [crowd, crowd, crowd])
    assert len(tracker.at(last)) == len({*numbers(tracker.at(last))}) == 1000


@given(scripts)
def test_the_same_script_gives_the_same_tracks(script: list[list[Detection]]) -> None:
    """Numbers of one run can be used in the next."""
    first, second = Tracker(Settings()), Tracker(Settings())
    for look, found in enumerate(script):
        first.update(found, look * LOOK_US, BLANK, scale=1.0)
        second.update(list(reversed(found)), look * LOOK_US, BLANK, scale=1.0)
        assert first.at(look * LOOK_US) == second.at(look * LOOK_US)


@given(scripts)
def test_boxes_only_grow_until_they_are_seen_again(script: list[list[Detection]]) -> None:
    """What nobody has looked at for longer may be further away."""
    tracker = Tracker(Settings())
    last = run(tracker, script)
    for sooner, later in zip(
        tracker.at(last + FRAME_US), tracker.at(last + 4 * FRAME_US), strict=True
    ):
        assert later.track == sooner.track
        assert later.slack >= sooner.slack


@given(scripts.filter(bool))
def test_every_detection_from_faint_up_lies_in_a_track(script: list[list[Detection]]) -> None:
    """What the detector is unsure of is covered as well."""
    settings = Settings(kinds=frozenset(Kind))
    tracker = Tracker(settings)
    last = run(tracker, script)
    tracks = tracker.at(last)
    for each in script[-1]:
        if each.confidence >= settings.threshold(each.kind).sure:
            assert any(track.box == each.box and track.seen for track in tracks)


@given(scripts)
def test_numbers_are_never_used_twice(script: list[list[Detection]]) -> None:
    """A number that ended stays ended."""
    tracker = Tracker(Settings())
    ended: set[int] = set()
    alive: set[int] = set()
    for look, found in enumerate(script):
        tracker.update(found, look * LOOK_US, BLANK, scale=1.0)
        now = numbers(tracker.at(look * LOOK_US))
        assert len(now) == len(set(now))
        assert not set(now) & ended
        ended |= alive - set(now)
        alive = set(now)
