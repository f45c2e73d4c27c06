"""The marks of the street film: complete, inside the picture, even between keyframes."""

import pytest

from handfast.cli.bench_redact_marks import Half, Keyframe, Marks, Person, load_marks
from handfast.kit.errors import InvalidError
from handfast.vision.boxes import Box


@pytest.fixture(scope="module")
def marks() -> Marks:
    """Return the marks that the program carries."""
    return load_marks()


DRAWN = Marks(
    film="drawn.avi",
    sha256="0" * 64,
    width=100,
    height=80,
    fps=10,
    halves=(Half(name="tuning", since=10, until=31),),
    columns=("frame", "left", "top", "right", "bottom", "hidden_percent"),
    persons=(
        Person(
            id="t01",
            keyframes=(
                Keyframe(12, 0, 10, 20, 40, 0),
                Keyframe(16, 40, 10, 60, 48, 100),
                Keyframe(17, 41, 11, 61, 49, 0),
            ),
        ),
    ),
)


def test_two_halves_of_over_a_hundred_frames_lie_far_apart(marks: Marks) -> None:
    """What is tuned on the one says nothing about the other beforehand."""
    tuning, reporting = marks.half("tuning"), marks.half("reporting")
    assert min(len(tuning.frames), len(reporting.frames)) >= 100
    assert reporting.since - tuning.until >= 10 * marks.fps


def test_each_keyframe_follows_the_one_before_it(marks: Marks) -> None:
    """No frame of a person is marked twice, and nobody walks from one half into the other."""
    for person in marks.persons:
        frames = [key.frame for key in person.keyframes]
        assert frames == sorted(set(frames)), person.id
        (half,) = [each for each in marks.halves if frames[0] in each.frames]
        assert frames[-1] in half.frames, person.id


def test_every_box_holds_something_of_the_picture(marks: Marks) -> None:
    """Boxes end where the picture ends, and none is empty or inside out."""
    for half in marks.halves:
        for frame in half.frames:
            for person, box, hidden in marks.seen(frame):
                at = f"{person} in frame {frame}"
                assert 0 <= box.left < box.right <= marks.width, at
                assert 0 <= box.top < box.bottom <= marks.height, at
                assert 0 <= hidden < 1, at


def test_every_frame_shows_somebody_and_nobody_twice(marks: Marks) -> None:
    """Both halves are busy throughout."""
    for half in marks.halves:
        for frame in half.frames:
            persons = [each.person for each in marks.seen(frame)]
            assert len(persons) == len(set(persons)) >= 3, frame


def test_people_walk_and_do_not_jump(marks: Marks) -> None:
    """The middle of a box moves by less than the box is tall from one frame to the next."""
    for half in marks.halves:
        for frame in half.frames[1:]:
            before = {each.person: each.box for each in marks.seen(frame - 1)}
            for person, box, _ in marks.seen(frame):
                was = before.get(person, box)
                moved = abs(box.left + box.right - was.left - was.right) / 2
                assert moved < max(was.height, box.height) / 2, f"{person} in frame {frame}"


def test_persons_have_names_that_occur_once(marks: Marks) -> None:
    """A track can be told from every other one."""
    names = [person.id for person in marks.persons]
    assert len(names) == len(set(names))


def test_values_change_evenly_between_keyframes() -> None:
    """Half-way between two keyframes each side is half-way, and so is what is hidden."""
    ((person, box, hidden),) = DRAWN.seen(14)
    assert (person, box, hidden) == ("t01", Box(20, 10, 40, 44), 0.5)


@pytest.mark.parametrize(("frame", "left"), [(12, 0), (13, 10), (16, 40), (17, 41)])
def test_keyframes_are_met_exactly(frame: int, left: float) -> None:
    """A keyframe says what is there, the last one included."""
    ((_, box, _),) = DRAWN.seen(frame)
    assert box.left == left


@pytest.mark.parametrize("frame", [10, 11, 18, 30])
def test_nobody_shows_before_the_first_or_after_the_last_keyframe(frame: int) -> None:
    """A person who has left is not looked for."""
    assert DRAWN.seen(frame) == []


@pytest.mark.parametrize("frame", [9, 31, -1])
def test_a_frame_that_nobody_marked_is_refused(frame: int) -> None:
    """An empty list would say that nobody is there, which nobody knows."""
    with pytest.raises(InvalidError, match=rf"frame {frame} of drawn.avi is not marked"):
        DRAWN.seen(frame)


def test_an_unknown_half_is_refused() -> None:
    """The message names those that exist."""
    with pytest.raises(InvalidError, match="no half called test; take one of: tuning"):
        DRAWN.half("test")
