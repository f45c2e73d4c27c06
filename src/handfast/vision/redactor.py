"""The engine: one picture in, the same picture out with everything due covered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from handfast.kit.errors import HandfastError
from handfast.vision.boxes import Box, Kind
from handfast.vision.caution import Caution, Judgement, Reason, Signs, State
from handfast.vision.cover import cover_cells, cover_whole, cover_with_mosaic, mosaic_cell
from handfast.vision.detector import Detector
from handfast.vision.due import Due, Keep
from handfast.vision.grain import Grain
from handfast.vision.grid import Cells, Grid, grid_for
from handfast.vision.looks import Looks
from handfast.vision.motion import Motion, Moved, shrink
from handfast.vision.pace import Pace
from handfast.vision.picture import Picture, Plane
from handfast.vision.roaming import Roamed, Roaming
from handfast.vision.settings import Fill, Settings
from handfast.vision.track import Tracked
from handfast.vision.tracker import Tracker

_LONGEST_GAP_US: Final = 10_000_000
"""Between two pictures; after a longer one the street may be another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """What was done to one picture.

    Attributes:
        tracks: Everything followed, in order of numbers; also what was left clear.
        share: Of the picture that is covered, 0 to 1.
        state: How much had to be covered.
        reason: Why more than usual was; None when the state is normal.
        detected: The detectors looked at this picture.
        clear: Tracks that were left clear; never more than was asked for.
        grid: The cells that it was decided on.
        moved: What moved; None without a background.
        loose: What was barely detected.
    """

    tracks: tuple[Tracked, ...]
    share: float
    state: State
    reason: Reason | None
    detected: bool
    clear: frozenset[int]
    grid: Grid
    moved: Moved | None = field(compare=False, repr=False)
    loose: tuple[Box, ...]


@dataclass(slots=True)
class _View:
    """What belongs to one size of picture, made anew when the size changes."""

    grid: Grid
    due: Due
    motion: Motion | None  # of cameras that are fixed; the others roam
    roaming: Roaming | None
    roamed: Roamed | None  # what the latest sound picture shows
    grain: Grain
    drawn: Cells  # what somebody wants covered in the latest picture


class Redactor:
    """Redacts the pictures of one camera or file, in order. Belongs to one thread.

    The same pictures, times, settings and detectors always give the same result.
    """

    def __init__(self, settings: Settings, detectors: Sequence[Detector]) -> None:
        """Take what is to be covered and who finds it; a kind nobody finds covers all."""
        self._settings = settings
        self._looks = Looks(settings, detectors)
        found = frozenset[Kind]().union(*(each.kinds for each in detectors))
        self._lacking = not settings.kinds <= found
        self._pace = Pace(base=settings.every, most=settings.every_most)
        self._tracker = Tracker(settings)
        self._caution = Caution()
        self._view: _View | None = None
        self._judgement = Judgement(state=State.MORE, reason=Reason.SETTLING)
        self._failed = False
        self._since = 0  # pictures since the latest detection
        self._detected_us: int | None = None  # when everything was last sought
        self._last_us: int | None = None

    @property
    def every(self) -> int:
        """Detection runs in each k-th picture; this is k now."""
        return self._pace.every

    def ease(self, busy: float) -> None:
        """Tell how loaded the machine is, to let k rise and fall within its bound.

        Files are redacted without ever calling this, so that results can be repeated.

        Args:
            busy: Time that one picture took, as a share of the time until the next.
        """
        self._pace.note(busy)

    def redact(
        self,
        picture: Picture,
        at_us: int,
        *,
        keep: Keep | None = None,
        drawn: Sequence[Box] = (),
        damaged: bool = False,
    ) -> Redacted:
        """Cover, in place, what must be covered.

        Never raises for a picture, a time or a detector that is out of order: it covers all.

        Args:
            picture: Is written to.
            at_us: Its time; a step back or a long gap starts everything anew.
            keep: Tracks that stay clear; none by default.
            drawn: Places somebody wants covered, px; solidly, whoever stays clear there.
            damaged: The decoder reported damage: all is covered.
        """
        view = self._view_for(picture, at_us)
        small = shrink(picture.y)
        scale = small.shape[1] / picture.width
        if not damaged:
            _roam(view, self._tracker, small, at_us)
        detected = self._is_detection_due(view, at_us, damaged=damaged)
        if detected:
            self._detect(picture, small, at_us, scale=scale)
            if view.roaming:
                view.roaming.seen()
        else:
            self._since += 1
        moved = view.motion.look(small, at_us) if view.motion else None
        if moved:
            view.grain.look(small, moved.share)
        tracks = self._tracker.at(at_us)
        judged = self._judge(view, tracks, moved, at_us, damaged=damaged)
        loose = self._looks.loose
        cells, clear = view.due.covered(tracks, moved, loose=loose, judged=judged, keep=keep)
        view.drawn = view.grid.touched(drawn)
        self._fill(picture, view, cells, tracks)
        return Redacted(
            tracks=tracks,
            share=float((cells | view.drawn).mean()),
            state=judged.state,
            reason=judged.reason,
            detected=detected,
            clear=clear,
            grid=view.grid,
            moved=moved,
            loose=loose,
        )

    def redact_again(
        self, picture: Picture, done: Redacted, *, keep: Keep | None
    ) -> frozenset[int]:
        """Cover, in place, an untouched copy of the latest picture for somebody else.

        Costs the filling alone: what is found and judged stays as it is.

        Args:
            picture: Is written to; another size than that of the latest is covered whole.
            done: What `redact` has returned for the latest picture.
            keep: Tracks that stay clear in this copy.

        Returns:
            The tracks that were left clear.
        """
        view = self._view
        size = (done.grid.width, done.grid.height)
        if (
            view is None
            or view.grid is not done.grid
            or size != (picture.width, picture.height)
        ):
            cover_whole(picture)
            return frozenset()
        cells, clear = view.due.covered(
            done.tracks, done.moved, loose=done.loose, judged=self._judgement, keep=keep
        )
        self._fill(picture, view, cells, done.tracks)
        return clear

    def _view_for(self, picture: Picture, at_us: int) -> _View:
        """Return what fits this picture; a new size, a step back or a gap starts anew."""
        last_us, self._last_us = self._last_us, at_us
        view = self._view
        goes_on = last_us is not None and 0 <= at_us - last_us <= _LONGEST_GAP_US
        grid = grid_for(picture.width, picture.height)
        if view is not None and goes_on and view.grid == grid:
            return view
        self._tracker.forget()
        self._caution.restart()
        self._looks.forget()
        self._detected_us = None
        self._view = _view_of(grid, self._settings)
        return self._view

    def _is_detection_due(self, view: _View, at_us: int, *, damaged: bool) -> bool:
        if self._lacking or damaged:
            return False  # nothing to find with, or nothing to find in
        if self._failed or self._detected_us is None:
            return True
        if view.roamed and view.roamed.fresh and not view.roamed.racing:
            return True
        # In doubt twice as often, as far as that goes; not where nothing is shown anyway.
        every = self._pace.every
        if self._judgement.state is State.MORE:
            every = max(every // 2, 1)
        return self._since + 1 >= every or at_us - self._detected_us > self._settings.stale_us

    def _detect(self, picture: Picture, small: Plane, at_us: int, *, scale: float) -> None:
        age_us = None if self._detected_us is None else at_us - self._detected_us
        calm = self._judgement.state is State.NORMAL
        try:
            found = self._looks.look(picture, self._tracker.at(at_us), age_us=age_us, calm=calm)
        except HandfastError:
            self._failed = True
            return
        self._failed = False
        self._since = 0
        if found.complete:
            self._detected_us = at_us
        self._tracker.update(found.detections, at_us, small, scale=scale, sought=found.kinds)

    def _judge(
        self,
        view: _View,
        tracks: Sequence[Tracked],
        moved: Moved | None,
        at_us: int,
        *,
        damaged: bool,
    ) -> Judgement:
        detected_us = self._detected_us
        signs = Signs(
            lacking=self._lacking,
            failed=self._failed,
            late=detected_us is None or at_us - detected_us > self._settings.stale_us,
            damaged=damaged,
            moved=moved,
            unexplained=view.due.unexplained(tracks, moved),
            grain=view.grain.level,
            roamed=view.roamed,
        )
        before, self._judgement = self._judgement, self._caution.judge(signs, at_us)
        disturbed = self._judgement.reason in {Reason.CAMERA_MOVED, Reason.LARGE_MOTION}
        if view.motion and disturbed and before.reason is not self._judgement.reason:
            view.motion.restart()
        return self._judgement

    def _fill(
        self, picture: Picture, view: _View, cells: Cells, tracks: Sequence[Tracked]
    ) -> None:
        if self._judgement.state is State.WHOLE:
            cover_whole(picture)
            return
        if self._settings.fill is Fill.SOLID:
            cover_cells(picture, view.grid, cells | view.drawn)
            return
        largest = max((max(each.box.width, each.box.height) for each in tracks), default=0.0)
        cover_with_mosaic(picture, view.grid, cells, mosaic=mosaic_cell(picture, largest))
        cover_cells(picture, view.grid, view.drawn)


def _view_of(grid: Grid, settings: Settings) -> _View:
    return _View(
        grid=grid,
        due=Due(settings, grid),
        motion=Motion(grid) if settings.motion else None,
        roaming=None if settings.motion else Roaming(),
        roamed=None,
        grain=Grain(),
        drawn=grid.empty(),
    )


def _roam(view: _View, tracker: Tracker, small: Plane, at_us: int) -> None:
    """Follow a camera that is not fixed, and move what is followed with it."""
    if view.roaming is None:
        return
    roamed = view.roamed = view.roaming.look(small, at_us)
    if roamed.cut:
        tracker.doubt()
    tracker.shift(roamed.across * view.grid.width, roamed.down * view.grid.height)
