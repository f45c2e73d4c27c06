"""How much must be covered: doubts about the picture or the detectors cover more."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from handfast.vision.motion import Moved
from handfast.vision.roaming import Roamed

_MOST_MOVING: Final = (
    0.35  # share of the picture; beyond it the background is not to be trusted
)
_CALM: Final = 0.2  # share below which a disturbed picture counts as calm again
_MOST_NOISE: Final = 0.04  # share of single flickering pixels
_GRAINY: Final = 0.085  # noise as share of contrast, from which detectors begin to miss
_BLINDING: Final = 0.1  # the same, from which they and the background model miss too much
_MOST_UNEXPLAINED: Final = 0.08  # share that moves without a track, grown as it is covered
_DARK: Final = 24.0  # mean luma; 16 is black
_DUSKY: Final = 32.0  # the same, from which detectors begin to miss
_SPECKLED: Final = 0.034  # `grain.speckle` from which detectors begin to miss
_SPOILT: Final = 0.061  # the same, from which they miss too much
_SETTLES_US: Final = 1_000_000  # calm for this long before less is covered


class State(StrEnum):
    """How much is covered."""

    NORMAL = "normal"  # what was found, and what moves
    MORE = "more"  # also what is barely detected, with wider margins
    WHOLE = "whole"  # everything


class Reason(StrEnum):
    """Why more than usual is covered; a viewer's tile shows it."""

    NO_DETECTOR = "no-detector"
    DETECTOR_FAILED = "detector-failed"
    DETECTION_LATE = "detection-late"
    DAMAGED = "picture-damaged"
    TOO_DARK = "too-dark"
    CAMERA_MOVED = "camera-moved"
    LARGE_MOTION = "large-motion"
    NIGHT_NOISE = "night-noise"
    UNKNOWN_MOTION = "unknown-motion"
    SETTLING = "settling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How much of one picture is covered, and why; no reason when all is normal."""

    state: State
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What one picture and its detectors give to judge by.

    Attributes:
        lacking: A kind that must be covered has no detector.
        failed: The latest detection failed.
        late: The latest detection is older than the bound.
        damaged: The decoder reported damage in this picture.
        moved: What moves; None for cameras that are not fixed.
        unexplained: Share of the picture that moves where no track is, 0 to 1.
        grain: Noise as share of contrast; 0 for cameras that are not fixed.
        roamed: What there is to tell without a background; None for cameras that are fixed.
    """

    lacking: bool
    failed: bool
    late: bool
    damaged: bool
    moved: Moved | None
    unexplained: float
    grain: float
    roamed: Roamed | None = None


class Caution:
    """Judges picture after picture; slow to believe that all is well. Belongs to one thread."""

    def __init__(self) -> None:
        """Begin unsettled: nothing is known of the background yet."""
        self._calm_since_us: int | None = None
        self._disturbed: Reason | None = None
        self._doubted: dict[State, tuple[Reason, int]] = {}  # with the latest time of each

    def restart(self) -> None:
        """Begin again, as when the picture's size changes."""
        self._calm_since_us = None
        self._disturbed = None
        self._doubted = {}

    def judge(self, signs: Signs, at_us: int) -> Judgement:
        """Return how much of this picture is covered; the strictest doubt wins."""
        background = self._judge_background(signs, at_us)
        if (reason := _blindness(signs)) is not None:
            return Judgement(state=State.WHOLE, reason=reason)
        if signs.roamed is not None:
            return self._judge_roamed(signs.roamed, at_us)
        if background.state is not State.NORMAL or signs.moved is None:
            return background
        if signs.moved.noise > _MOST_NOISE or signs.grain > _GRAINY:
            return Judgement(state=State.MORE, reason=Reason.NIGHT_NOISE)
        if signs.unexplained > _MOST_UNEXPLAINED:
            return Judgement(state=State.MORE, reason=Reason.UNKNOWN_MOTION)
        return background

    def _judge_background(self, signs: Signs, at_us: int) -> Judgement:
        """Follow whether the background can be trusted; runs for every picture."""
        moved = signs.moved
        if moved is None:
            return Judgement(state=State.NORMAL)
        if (disturbance := _disturbance(moved, signs.grain)) is not None:
            self._disturbed, self._calm_since_us = disturbance, None
        elif moved.share > _CALM:
            self._calm_since_us = None
        elif self._calm_since_us is None or at_us < self._calm_since_us:
            self._calm_since_us = at_us
        if self._calm_since_us is None or at_us - self._calm_since_us < _SETTLES_US:
            if self._disturbed is not None:
                return Judgement(state=State.WHOLE, reason=self._disturbed)
            return Judgement(state=State.MORE, reason=Reason.SETTLING)
        self._disturbed = None
        return Judgement(state=State.NORMAL)

    def _judge_roamed(self, roamed: Roamed, at_us: int) -> Judgement:
        """Judge without a background; each doubt lasts until it has not come up for a while."""
        for state, reason in ((State.WHOLE, _spoils(roamed)), (State.MORE, _troubles(roamed))):
            if reason is not None:
                self._doubted[state] = (reason, at_us)
        for state in (State.WHOLE, State.MORE):
            reason, since_us = self._doubted.get(state, (None, 0))
            if reason is not None and at_us - since_us < _SETTLES_US:
                return Judgement(state=state, reason=reason)
        return Judgement(state=State.NORMAL)


def _spoils(roamed: Roamed) -> Reason | None:
    """Return why nobody can be found in a picture, if so."""
    if roamed.brightness < _DARK:
        return Reason.TOO_DARK
    if roamed.racing:
        return Reason.LARGE_MOTION
    return Reason.NIGHT_NOISE if roamed.noise > _SPOILT else None


def _troubles(roamed: Roamed) -> Reason | None:
    """Return why some may be missed in a picture, if so."""
    if roamed.brightness < _DUSKY:
        return Reason.TOO_DARK
    if roamed.cut:
        return Reason.LARGE_MOTION
    return Reason.NIGHT_NOISE if roamed.noise > _SPECKLED else None


def _blindness(signs: Signs) -> Reason | None:
    """Return why nobody can tell what is in the picture, if so."""
    if signs.lacking:
        return Reason.NO_DETECTOR
    if signs.failed:
        return Reason.DETECTOR_FAILED
    if signs.late:
        return Reason.DETECTION_LATE
    return Reason.DAMAGED if signs.damaged else None


def _disturbance(moved: Moved, grain: float) -> Reason | None:
    """Return why the background can no longer be trusted, if so."""
    if moved.brightness < _DARK:
        return Reason.TOO_DARK
    if moved.shifted:
        return Reason.CAMERA_MOVED
    if moved.share > _MOST_MOVING:
        return Reason.LARGE_MOTION
    return Reason.NIGHT_NOISE if grain > _BLINDING else None
