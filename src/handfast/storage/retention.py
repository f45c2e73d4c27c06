"""Retention: which segments go, by age and for room, and how they go.

The order is: hold check (`plan`), log entry (the caller), roots of whole periods, files,
tombstones (`apply`). A crash in between leaves a file with a tombstone or a row without a
file; the start-up scan settles both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from handfast.storage.segment_files import SegmentFiles
from handfast.storage.segment_index import SegmentIndex
from handfast.storage.sqlite_periods import SqlitePeriods

_BATCH = 500
_OLDEST = """
    SELECT id, camera, period, path, start_us, end_us, bytes * (1 - missing), EXISTS (
        SELECT 1 FROM hold
        WHERE (hold.camera IS NULL OR hold.camera = segment.camera)
            AND hold.from_us < segment.end_us AND hold.until_us > segment.start_us
            AND hold.expires_us > ?
    )
    FROM segment WHERE removed_us IS NULL ORDER BY end_us, number
"""
_Row: TypeAlias = tuple[bytes, bytes, bytes, str, int, int, int, int]
_OF_PERIOD = "SELECT id FROM segment WHERE period = ? AND removed_us IS NULL"


class Why(StrEnum):
    """Why a segment goes."""

    AGE = "age"
    SPACE = "space"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One segment that is to go.

    Attributes:
        frozen: A hold is broken, because recording outranks holds.
    """

    segment: bytes
    camera: UUID
    period: bytes
    path: str
    start_us: int
    end_us: int
    bytes: int
    why: Why
    frozen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPlan:
    """What is to go, for the log entry before it does.

    Attributes:
        removals: Oldest first.
        periods: Ids of key periods of which nothing is left then; their roots go too.
        shortfall_bytes: Room that was wanted and is not gained. Above 0 everything else is
            frozen: say so, then plan again with `break_holds`.
    """

    removals: tuple[Removal, ...]
    periods: tuple[bytes, ...]
    shortfall_bytes: int

    @property
    def bytes(self) -> int:
        """Room that is gained."""
        return sum(removal.bytes for removal in self.removals)

    @property
    def frozen(self) -> tuple[Removal, ...]:
        """Removals that break a hold."""
        return tuple(removal for removal in self.removals if removal.frozen)


class Retention:
    """Plans and carries out removals. Safe from any thread; call it from one at a time."""

    def __init__(
        self, *, index: SegmentIndex, files: SegmentFiles, periods: SqlitePeriods
    ) -> None:
        """Take what is to be kept small."""
        self._index = index
        self._files = files
        self._periods = periods

    def plan(
        self, now_us: int, *, oldest_us: int, want_bytes: int, break_holds: bool = False
    ) -> RetentionPlan:
        """Choose what goes; changes nothing.

        Args:
            now_us: For the expiry of holds.
            oldest_us: Segments that ended before it go; 0 for none.
            want_bytes: Room to be made beyond that, oldest first; 0 for none.
            break_holds: Take frozen segments too, after all unfrozen ones, until the room is
                made. Age alone never breaks a hold.
        """
        removals: list[Removal] = []
        frozen: list[Removal] = []
        missing = want_bytes
        for removal in self._oldest(now_us):
            aged = removal.end_us < oldest_us
            if not aged and missing <= 0:
                break
            if removal.frozen:
                frozen.append(removal)
                continue
            removals.append(replace(removal, why=Why.AGE if aged else Why.SPACE))
            missing -= removal.bytes
        for removal in frozen if break_holds else ():
            if missing <= 0:
                break
            removals.append(removal)
            missing -= removal.bytes
        return RetentionPlan(
            removals=tuple(removals),
            periods=self._periods_without(removals),
            shortfall_bytes=max(missing, 0),
        )

    def apply(self, plan: RetentionPlan, *, now_us: int) -> int:
        """Carry out a plan that has been logged, durable on return; returns the bytes freed."""
        if plan.periods:
            self._periods.forget(plan.periods)
        freed = self._files.remove(removal.path for removal in plan.removals)
        with self._index.database.write() as connection:
            connection.executemany(
                "UPDATE segment SET removed_us = ?, removed_why = ?, runs = NULL WHERE id = ?",
                ((now_us, each.why.value, each.segment) for each in plan.removals),
            )
        return freed

    def _oldest(self, now_us: int) -> Iterator[Removal]:
        with self._index.database.read() as connection:
            cursor = connection.execute(_OLDEST, (now_us,))
            while rows := cursor.fetchmany(_BATCH):
                yield from map(_from_row, rows)

    def _periods_without(self, removals: list[Removal]) -> tuple[bytes, ...]:
        """Return the periods that have no segment besides `removals`, and never will."""
        if not removals:
            return ()
        gone = {removal.period for removal in removals}
        gone -= {segment.period for segment in self._index.open_segments()}
        for recording in self._index.recordings():
            newest = self._index.newest(recording)
            if newest is not None:
                gone.discard(newest.period)  # it may still be recorded in
        going = {removal.segment for removal in removals}
        with self._index.database.read() as connection:
            for period in tuple(gone):
                ids = {id_ for (id_,) in connection.execute(_OF_PERIOD, (period,))}
                if not ids <= going:
                    gone.discard(period)
        return tuple(sorted(gone))


def _from_row(row: _Row) -> Removal:
    id_, camera, period, path, start_us, end_us, size, frozen = row
    return Removal(
        segment=id_,
        camera=UUID(bytes=camera),
        period=period,
        path=path,
        start_us=start_us,
        end_us=end_us,
        bytes=size,
        why=Why.SPACE,
        frozen=bool(frozen),
    )
