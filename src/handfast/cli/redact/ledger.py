"""Counting along while a film is redacted."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from handfast import __version__
from handfast.cli.redact.report import (
    BoxLine,
    FrameLine,
    Misses,
    ModelLine,
    Report,
    TrackLine,
    describe_file,
)
from handfast.vision.redactor import Redacted
from handfast.vision.settings import Settings
from handfast.vision.track import Tracked

_IN_A_ROW: Final = (
    3  # looks that all have to miss for a track of a second to be missed at k = 5
)


class Ledger:
    """Takes what was done to each picture, and makes a report of it.

    Attributes:
        pictures: Taken so far.
        skipped: Packets that gave no picture; set by whoever reads the film.
    """

    def __init__(self, settings: Settings, models: Sequence[ModelLine] = ()) -> None:
        """Begin an empty ledger."""
        self.pictures = 0
        self.skipped = 0
        self._settings = settings
        self._models = models
        self._frames: list[FrameLine] = []
        self._tracks: dict[int, TrackLine] = {}
        self._states: Counter[str] = Counter()
        self._damaged = 0
        self._detected = 0
        self._looks = 0
        self._missed = 0
        self._open_misses: dict[int, int] = {}
        self._share = 0.0

    @property
    def tracks(self) -> frozenset[int]:
        """Numbers of every track so far."""
        return frozenset(self._tracks)

    @property
    def track_lines(self) -> list[TrackLine]:
        """Every track so far, in order of appearance."""
        return list(self._tracks.values())

    def note(self, at_us: int, done: Redacted, *, damaged: bool) -> None:
        """Take one picture."""
        self.pictures += 1
        self._damaged += damaged
        self._states[done.reason or "normal"] += 1
        self._share += done.share
        if done.detected:
            self._detected += 1
            self._note_looks(done.tracks)
        for each in done.tracks:
            self._note_track(at_us, each)
        self._frames.append(
            FrameLine(
                at_us=at_us,
                state=done.state,
                reason=done.reason,
                share=round(done.share, 4),
                boxes=[_line(each, done.clear) for each in done.tracks],
            )
        )

    def report(self, source: Path, written: Path, *, target: str) -> Report:
        """Return the report; reads both files for their hashes.

        Args:
            source: The file that was read.
            written: The file that was written, under whatever name it has now.
            target: The name it will have.
        """
        return Report(
            handfast=__version__,
            source=describe_file(source, source.name),
            target=describe_file(written, target),
            kinds=sorted(self._settings.kinds),
            every=self._settings.every,
            pictures=self.pictures,
            skipped=self.skipped,
            damaged=self._damaged,
            detected=self._detected,
            states=dict(sorted(self._states.items())),
            share=round(self._share / max(self.pictures, 1), 4),
            misses=self._misses(),
            models=list(self._models),
            tracks=self.track_lines,
            frames=self._frames,
        )

    def _note_looks(self, tracks: Sequence[Tracked]) -> None:
        """Count a miss once the track is found again: until then it may just have left."""
        for each in tracks:
            if not each.seen:
                self._open_misses[each.track] = each.missed
            elif each.track in self._tracks:
                missed = self._open_misses.pop(each.track, 0)
                self._looks += missed + 1
                self._missed += missed

    def _note_track(self, at_us: int, tracked: Tracked) -> None:
        before = self._tracks.get(tracked.track)
        self._tracks[tracked.track] = TrackLine(
            track=tracked.track,
            kind=tracked.kind,
            since_us=before.since_us if before else at_us,
            until_us=at_us,
            confidence=max(round(tracked.confidence, 3), before.confidence if before else 0.0),
            pictures=before.pictures + 1 if before else 1,
        )

    def _misses(self) -> Misses:
        rate = self._missed / self._looks if self._looks else None
        return Misses(
            looks=self._looks,
            missed=self._missed,
            rate=None if rate is None else round(rate, 4),
            alone=None if rate is None else round(100 * rate**_IN_A_ROW, 4),
        )


def _line(tracked: Tracked, clear: frozenset[int]) -> BoxLine:
    left, top, right, bottom = (round(value) for value in tracked.box)
    return BoxLine(
        track=tracked.track,
        kind=tracked.kind,
        box=(left, top, right, bottom),
        confidence=round(tracked.confidence, 3),
        seen=tracked.seen,
        clear=tracked.track in clear,
    )
