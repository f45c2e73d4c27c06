"""The index of a node's segments in SQLite: where runs lie, what was signed about them."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

from handfast.kit.errors import ConflictError
from handfast.model.media import Rendition, Stream
from handfast.storage.open_segments import OpenSegments
from handfast.storage.segments import (
    BegunRun,
    DiskRow,
    IndexedRun,
    IndexedSegment,
    Recording,
    pack_runs,
    unpack_runs,
)
from handfast.storage.sqlite import Database

_VERSION = 1
LONGEST_SEGMENT_US = 3600 * 1_000_000
"""No segment spans more; a recorder ends one without keyframes after ten minutes."""

_ROW = """
    SELECT id, camera, stream, rendition, period, header, path, start_us, end_us, bytes,
        lost_units, recovered, missing, removed_us, runs
    FROM segment
"""
_BY_ID = _ROW + "WHERE id = ?"
_BY_TIME = (
    _ROW
    + """
    WHERE camera = ? AND stream = ? AND rendition = ?
        AND start_us >= ? AND start_us < ? AND end_us > ?
    ORDER BY start_us, number
"""
)
_NEWEST = (
    _ROW
    + """
    WHERE camera = ? AND stream = ? AND rendition = ? ORDER BY number DESC LIMIT 1
"""
)
_INSERT = """
    INSERT INTO segment (id, camera, stream, rendition, period, header, path, start_us, end_us,
        bytes, lost_units, recovered, missing, removed_us, runs)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET start_us = excluded.start_us, end_us = excluded.end_us,
        bytes = excluded.bytes, recovered = excluded.recovered, missing = excluded.missing,
        runs = excluded.runs
"""
_WITHOUT_MANIFEST = """
    WHERE NOT EXISTS (SELECT 1 FROM manifest WHERE manifest.segment = segment.id)
    ORDER BY number
"""
_UNSIGNED = _ROW + _WITHOUT_MANIFEST
_SIZES = """
    SELECT id, bytes, missing, removed_us IS NOT NULL FROM segment
    WHERE camera = ? AND stream = ? AND rendition = ?
"""
_Row: TypeAlias = tuple[  # in the order of _ROW
    bytes, bytes, int, int, bytes, bytes, str, int, int, int, int, int, int, int | None, bytes
]


class SegmentIndex:
    """All segments of a node. Safe from any thread; one process only.

    Segments that are being written live in memory: after a crash the start-up scan finds
    them on the disk. Closed ones are durable when `closed` returns.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the index."""
        self._database = Database(path, schema="segments.sql", version=_VERSION)
        self._open = OpenSegments()

    def opened(self, segment: IndexedSegment) -> None:
        """Take note of a segment that begins; not durable."""
        self._open.opened(segment)

    def run_begun(self, run: BegunRun) -> None:
        """Take note of a run that begins; not durable. Unknown segments are ignored."""
        self._open.run_begun(run)

    def run_ended(self, segment: bytes, run: IndexedRun) -> None:
        """Take note of a run that can be read; not durable. Unknown segments are ignored."""
        self._open.run_ended(segment, run)

    def forget_open(self, segment: bytes) -> None:
        """Drop a segment that was being written and never came to a file."""
        self._open.forget(segment)

    def finish(
        self, segment: bytes, *, end_us: int, size: int, lost_units: int, recovered: bool
    ) -> IndexedSegment:
        """Return an open segment as it will be stored; runs beyond `size` are left out.

        Raises:
            NotFoundError: It is not open.
        """
        return self._open.finish(
            segment, end_us=end_us, size=size, lost_units=lost_units, recovered=recovered
        )

    def closed(self, segments: Iterable[IndexedSegment]) -> None:
        """Store finished segments in one transaction; durable on return.

        A segment that is there already (a scan found more or less of it) is replaced. One
        without any run has no file and is forgotten.
        """
        given = tuple(segments)
        stored = [segment for segment in given if segment.runs]
        with self._database.write() as connection:
            connection.executemany(_INSERT, map(_to_row, stored))
        for segment in given:
            self.forget_open(segment.id)

    def find(self, segment: bytes) -> IndexedSegment | None:
        """Return one segment, open or closed, there or removed; `None` if it never was."""
        if found := self._open.find(segment):
            return found
        with self._database.read() as connection:
            row = connection.execute(_BY_ID, (segment,)).fetchone()
        return None if row is None else _from_row(row)

    def overlapping(
        self, recording: Recording, *, since_us: int, until_us: int
    ) -> tuple[IndexedSegment, ...]:
        """Return readable segments with pictures of `since_us <= t < until_us`, oldest first.

        With all their runs, also those outside; open segments with the runs they have.
        """
        earliest = since_us - LONGEST_SEGMENT_US
        key = (*_key(recording), earliest, until_us, since_us)
        with self._database.read() as connection:
            rows = connection.execute(_BY_TIME, key).fetchall()
        closed = [segment for row in rows if (segment := _from_row(row)).readable]
        known = {segment.id for segment in closed}
        being_written = [
            segment
            for segment in self._open.all(but=known.__contains__)
            if segment.recording == recording
            and segment.runs
            and segment.start_us < until_us
            and segment.end_us > since_us
        ]
        return tuple(sorted(closed + being_written, key=lambda segment: segment.start_us))

    def begun(self, recording: Recording) -> tuple[BegunRun, ...]:
        """Return the runs that have begun and cannot be read yet, oldest first.

        Whoever wants all runs asks for these first and for `overlapping` after it: what ends
        in between is then in both, never in neither.
        """
        return self._open.begun(recording)

    def newest(self, recording: Recording) -> IndexedSegment | None:
        """Return the segment that was closed last, removed or not: the next predecessor."""
        with self._database.read() as connection:
            row = connection.execute(_NEWEST, _key(recording)).fetchone()
        return None if row is None else _from_row(row)

    def on_disk(self, recording: Recording) -> dict[bytes, DiskRow]:
        """Return what the disk should hold of closed segments, tombstones included."""
        with self._database.read() as connection:
            rows = connection.execute(_SIZES, _key(recording)).fetchall()
        return {
            id_: DiskRow(bytes=size, missing=bool(missing), removed=bool(removed))
            for id_, size, missing, removed in rows
        }

    def recordings(self) -> frozenset[Recording]:
        """Return every stream and rendition that has closed segments."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT DISTINCT camera, stream, rendition FROM segment"
            ).fetchall()
        return frozenset(_recording(*row) for row in rows)

    def open_segments(self) -> tuple[IndexedSegment, ...]:
        """Return the segments being written."""
        return tuple(self._open.all(but=lambda _: False))

    def put_manifest(self, segment: bytes, envelope: bytes) -> None:
        """Store the signed manifest of a closed segment; durable on return.

        Raises:
            ConflictError: There is another one already; what was signed stays.
        """
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO manifest (segment, envelope) VALUES (?, ?)",
                (segment, envelope),
            )
            row = connection.execute(
                "SELECT envelope FROM manifest WHERE segment = ?", (segment,)
            ).fetchone()
            if row[0] != envelope:
                raise ConflictError(f"segment {segment.hex()} has another manifest; keep that")

    def manifest(self, segment: bytes) -> bytes | None:
        """Return the signed manifest, which outlives the segment; `None` before that."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT envelope FROM manifest WHERE segment = ?", (segment,)
            ).fetchone()
        return None if row is None else bytes(row[0])

    def unsigned(self) -> tuple[IndexedSegment, ...]:
        """Return closed segments without a manifest, in order of closing."""
        with self._database.read() as connection:
            rows = connection.execute(_UNSIGNED).fetchall()
        return tuple(map(_from_row, rows))

    def mark(self, *, missing: Iterable[bytes], found: Iterable[bytes]) -> None:
        """Note that files have gone, or are back; durable on return."""
        with self._database.write() as connection:
            for state, ids in ((1, missing), (0, found)):
                connection.executemany(
                    "UPDATE segment SET missing = ? WHERE id = ?", ((state, id_) for id_ in ids)
                )

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    @property
    def database(self) -> Database:
        """The database, for `retention`, which works on the same tables."""
        return self._database


def _key(recording: Recording) -> tuple[bytes, int, int]:
    return recording.camera.bytes, recording.stream.code, recording.rendition.code


def _recording(camera: bytes, stream: int, rendition: int) -> Recording:
    return Recording(
        camera=UUID(bytes=camera),
        stream=Stream.from_code(stream),
        rendition=Rendition.from_code(rendition),
    )


def _to_row(segment: IndexedSegment) -> _Row:
    return (
        segment.id,
        *_key(segment.recording),
        segment.period,
        segment.header,
        segment.path,
        segment.start_us,
        segment.end_us,
        segment.bytes,
        segment.lost_units,
        segment.recovered,
        segment.missing,
        segment.removed_us,
        pack_runs(segment.runs),
    )


def _from_row(row: _Row) -> IndexedSegment:
    id_, camera, stream, rendition, period, header, path, *numbers, removed_us, runs = row
    start_us, end_us, size, lost_units, recovered, missing = numbers
    return IndexedSegment(
        id=id_,
        recording=_recording(camera, stream, rendition),
        period=period,
        header=header,
        path=path,
        start_us=start_us,
        end_us=end_us,
        bytes=size,
        lost_units=lost_units,
        recovered=bool(recovered),
        missing=bool(missing),
        removed_us=removed_us,
        runs=unpack_runs(runs) if runs else (),
    )
