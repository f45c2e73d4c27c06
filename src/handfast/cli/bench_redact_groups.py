"""The groups that marked people are told apart by: who hides whom, how many, who stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from handfast.cli.bench_redact_marks import Marks, Seen

Group: TypeAlias = Callable[[Seen, Sequence[Seen], int], Sequence[str]]
"""Names the groups of a person, told who else shows and the number of the frame."""

MANY: Final = 7
"""People from which a picture counts as full."""

_HALF_HIDDEN: Final = 0.5
_STANDS: Final = 0.1  # of the height that somebody who stands may move in that time
_WHILE_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A share of so many sightings of persons."""

    share: float
    sightings: int


def counted(found: Mapping[str, Sequence[float]]) -> dict[str, Counted]:
    """Return the mean of each group, by name."""
    return {
        name: Counted(share=sum(each) / len(each), sightings=len(each))
        for name, each in sorted(found.items())
    }


def crowding(each: Seen, seen: Sequence[Seen], _frame: int) -> tuple[str, ...]:
    """Tell how freely somebody stands, and whether the picture is full."""
    name = "half_hidden_or_more" if each.hidden >= _HALF_HIDDEN else _nearness(each, seen)
    return (name, "in_full_pictures") if len(seen) >= MANY else (name,)


def pace(marks: Marks) -> Group:
    """Return what tells who stands: who has hardly moved for a second."""

    def _pace(each: Seen, _seen: Sequence[Seen], frame: int) -> tuple[str, ...]:
        earlier = frame - round(marks.fps * _WHILE_S)
        before = _seen_then(marks, each.person, earlier)
        if before is None:
            return ()  # came into the picture since, or the marks begin later
        across = abs(sum(each.box[0:4:2]) - sum(before.box[0:4:2])) / 2
        down = abs(each.box.bottom - before.box.bottom)
        stands = max(across, down) < each.box.height * _STANDS
        return ("stands",) if stands else ("moves",)

    return _pace


def _nearness(each: Seen, seen: Sequence[Seen]) -> str:
    others = (other.box for other in seen if other.person != each.person)
    touches = any(each.box.shared(other) > 0 for other in others)
    return "touching_another" if touches else "by_themselves"


def _seen_then(marks: Marks, person: str, frame: int) -> Seen | None:
    if not any(frame in half.frames for half in marks.halves):
        return None
    return next((each for each in marks.seen(frame) if each.person == person), None)
