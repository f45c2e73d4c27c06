"""Following things: detections become tracks that survive misses."""

from collections.abc import Sequence
from typing import Final

from handfast.vision.association import associate
from handfast.vision.boxes import Detection, Kind
from handfast.vision.picture import Plane
from handfast.vision.settings import Settings, Thresholds
from handfast.vision.stillness import cut, is_same
from handfast.vision.track import Track, Tracked

_FAINT_MISSES: Final = 1  # in a row, that a track which was never sure survives
_TWICE: Final = 0.45  # overlap from which a faint box is the same thing once more


class Tracker:
    """Follows things of every kind in the pictures of one camera. Belongs to one thread.

    Two thresholds, as in ByteTrack (Zhang et al. 2022): what is surely detected is paired with
    tracks first, what is faint may then keep the others alive. A faint detection that fits no
    track begins one too, because what the detector is unsure of is covered, but a track that
    was never sure is not held for long.
    """

    def __init__(self, settings: Settings) -> None:
        """Start without tracks; numbers begin at 1."""
        self._settings = settings
        self._tracks: list[Track] = []
        self._next = 1

    def forget(self) -> None:
        """Drop every track, as when the picture's size changes; numbers go on."""
        self._tracks = []

    def shift(self, across: float, down: float) -> None:
        """Move everything with the picture, px, as when the camera turns."""
        for track in self._tracks:
            track.shift(across, down)

    def doubt(self) -> None:
        """End every number, as when the picture shows something else: who is who is a guess."""
        for track in self._tracks:
            track.number = self._take_number()

    def update(
        self,
        detections: Sequence[Detection],
        at_us: int,
        small: Plane,
        *,
        scale: float,
        sought: frozenset[Kind] | None = None,
    ) -> None:
        """Take the detections of one picture.

        Args:
            detections: Of any kind and confidence; those below `faint` are left out.
            at_us: The picture's time.
            small: The same picture, small, in which places are compared with before.
            scale: Small pixels per pixel of the picture.
            sought: What was looked for, everything otherwise; tracks of other kinds go on as
                foreseen.
        """
        for kind in sorted(self._settings.kinds if sought is None else sought):
            of_kind = [each for each in detections if each.kind is kind]
            self._update_kind(kind, of_kind, at_us)
        kept = []
        for track in self._tracks:
            if track.seen_us == at_us and not track.missed:
                track.patch = cut(small, track.last_box, scale)
            if self._is_held(track, at_us, small, scale):
                kept.append(track)
        self._tracks = kept

    def at(self, at_us: int) -> tuple[Tracked, ...]:
        """Return every track as foreseen for a time, in order of their numbers."""
        return tuple(each.at(at_us) for each in sorted(self._tracks, key=_number))

    def _update_kind(self, kind: Kind, detections: Sequence[Detection], at_us: int) -> None:
        bars = self._settings.threshold(kind)
        free = [track for track in self._tracks if track.kind is kind]
        for group in _by_confidence(detections, bars):
            free, left = self._pair(free, group, at_us, bars)
            for detection in left:
                self._begin(detection, at_us, bars)
        for track in free:
            track.missed += 1

    def _pair(
        self, tracks: Sequence[Track], group: Sequence[Detection], at_us: int, bars: Thresholds
    ) -> tuple[list[Track], list[Detection]]:
        """Continue tracks with detections; return what is left of both."""
        foreseen = [track.at(at_us).box for track in tracks]
        pairs = associate(foreseen, [each.box for each in group])
        for pair in pairs:
            track, detection = tracks[pair.track], group[pair.detection]
            track.see(detection, at_us, sure=detection.confidence >= bars.sure)
            if pair.guessed:
                # Two crossed, and who is who is a guess: nobody may stay clear on a guess, so
                # the old number ends here.
                track.number = self._take_number()
        paired = {pair.track for pair in pairs}
        taken = {pair.detection for pair in pairs}
        return (
            [track for place, track in enumerate(tracks) if place not in paired],
            [each for place, each in enumerate(group) if place not in taken],
        )

    def _begin(self, detection: Detection, at_us: int, bars: Thresholds) -> None:
        sure = detection.confidence >= bars.sure
        if not sure and self._is_seen_twice(detection, at_us):
            return
        self._tracks.append(Track(self._take_number(), detection, at_us, sure=sure))

    def _is_seen_twice(self, detection: Detection, at_us: int) -> bool:
        """Tell whether a faint detection is a second box around something seen just now."""
        return any(
            track.kind is detection.kind
            and track.seen_us == at_us
            and track.last_box.overlap(detection.box) >= _TWICE
            for track in self._tracks
        )

    def _is_held(self, track: Track, at_us: int, small: Plane, scale: float) -> bool:
        if not track.missed:
            return True
        if not track.sure:
            return track.missed <= _FAINT_MISSES
        unseen_us = at_us - track.seen_us
        if track.missed == 1 or unseen_us <= self._settings.hold_us:
            return True
        # Whoever stands still and is missed looks the same as before: covered for much longer.
        return unseen_us <= self._settings.still_us and is_same(
            track.patch, cut(small, track.last_box, scale)
        )

    def _take_number(self) -> int:
        number = self._next
        self._next += 1
        return number


def _by_confidence(
    detections: Sequence[Detection], bars: Thresholds
) -> tuple[list[Detection], list[Detection]]:
    """Return the sure and the faint detections, each by place, so that input order is moot."""
    ordered = sorted(detections, key=lambda each: (-each.confidence, each.box))
    sure = [each for each in ordered if each.confidence >= bars.sure]
    faint = [each for each in ordered if bars.faint <= each.confidence < bars.sure]
    return sure, faint


def _number(track: Track) -> int:
    return track.number
