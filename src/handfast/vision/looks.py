"""Which detectors look at a picture that is due, and what they find."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from handfast.vision.boxes import Box, Detection, Kind
from handfast.vision.detector import Detector
from handfast.vision.due import bears
from handfast.vision.picture import Picture
from handfast.vision.settings import Settings
from handfast.vision.track import Tracked

_ROOM: Final = 0.6
"""Of the bound on a detection's age may be spent when faces rest, so that they are sought again
before it is reached."""

_FACES: Final = frozenset({Kind.FACE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one look at a picture has found.

    Attributes:
        detections: Of the kinds that are covered, in no order.
        kinds: What was sought.
        complete: Nothing rested.
    """

    detections: list[Detection]
    kinds: frozenset[Kind]
    complete: bool


class Looks:
    """Asks the detectors; lets those for faces rest every other time where that hides nothing.

    A face that moves in front of a fixed camera is covered because it moves, and for about two
    seconds after it has stopped. Until then it is sought again. So faces may rest while the
    background can be trusted and each face that is known belongs to a body that is followed.
    """

    def __init__(self, settings: Settings, detectors: Sequence[Detector]) -> None:
        """Take what is to be covered and who finds it."""
        self._detectors = tuple(detectors)
        self._others = tuple(each for each in detectors if each.kinds != _FACES)
        self._settings = settings
        self._room_us = settings.stale_us * _ROOM
        self._may_rest = (
            settings.faces_rest
            and settings.motion
            and not settings.zones
            and Kind.PERSON in settings.kinds
            and 0 < len(self._others) < len(self._detectors)
        )
        self._rested = False
        self._barely: tuple[Detection, ...] = ()

    @property
    def loose(self) -> tuple[Box, ...]:
        """What was barely detected, too little to be followed, when it was last sought."""
        return tuple(each.box for each in self._barely)

    def forget(self) -> None:
        """Drop what was barely detected, as when the picture's size changes."""
        self._barely = ()

    def look(
        self, picture: Picture, tracks: Sequence[Tracked], *, age_us: int | None, calm: bool
    ) -> Found:
        """Return what is in a picture.

        Args:
            picture: Not written to.
            tracks: Everything that is followed.
            age_us: Since everything was last sought; None if it never was.
            calm: The picture before was judged normal.

        Raises:
            UnavailableError: A detector failed.
        """
        self._rested = (
            self._may_rest
            and not self._rested
            and calm
            and age_us is not None
            and age_us <= self._room_us
            and _is_every_face_on_a_body(tracks)
        )
        asked = self._others if self._rested else self._detectors
        kinds = self._settings.kinds - _FACES if self._rested else self._settings.kinds
        found = [each for detector in asked for each in detector.detect(picture)]
        due = [each for each in found if each.kind in kinds]
        before = (each for each in self._barely if each.kind not in kinds)
        self._barely = tuple(filter(self._is_loose, (*due, *before)))
        return Found(detections=due, kinds=kinds, complete=not self._rested)

    def _is_loose(self, detection: Detection) -> bool:
        bars = self._settings.threshold(detection.kind)
        return bars.barely <= detection.confidence < bars.faint


def _is_every_face_on_a_body(tracks: Sequence[Tracked]) -> bool:
    bodies = [each.box for each in tracks if each.kind is Kind.PERSON and not each.missed]
    faces = (each.box for each in tracks if each.kind is Kind.FACE)
    return all(any(bears(body, face) for body in bodies) for face in faces)
