"""The start-up scan: compares every segment file with the index, and trusts the disk.

Torn ends are cut, rows that are missing are rebuilt from the files, files that are missing
are marked. A file whose length is what the index says is not read: whether its bytes are
still the same shows when a run is opened (its hash is in the manifest). One that is rebuilt
is opened run by run, because a disk may have kept a record and lost the bytes behind it.
"""

import mmap
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import UUID

from handfast.kit.errors import HandfastError
from handfast.model.media import Rendition, Stream
from handfast.seal.format import (
    RunDigest,
    ScannedRun,
    ScanResult,
    SegmentHeader,
    digest_runs,
    encode_header,
    scan,
)
from handfast.seal.keytree import LeafWalker, run_key, stream_label
from handfast.seal.open import authentic_length
from handfast.storage.files import sync_directory
from handfast.storage.segment_files import SegmentFiles
from handfast.storage.segment_index import SegmentIndex
from handfast.storage.segments import DiskRow, IndexedRun, IndexedSegment, Recording

_SUFFIX = ".hfs"
_DAMAGED = ".damaged"
_HEADER_BYTES = 104
_SECOND_US = 1_000_000
_TICKS_PER_SECOND = 90_000


@dataclass(slots=True, kw_only=True)
class ScanReport:
    """What a scan found and did.

    Attributes:
        checked: Files compared with the index.
        recovered: Segments whose rows were rebuilt; they want a manifest.
        cut_bytes: Torn off the ends of files.
        empty: Files deleted because no run was whole in them.
        damaged: Files that are no segments any more, renamed to `*.damaged` for a person
            to look at.
        missing: Segments whose files have gone.
        back: Segments whose files were missing and are there again.
    """

    checked: int = 0
    recovered: list[IndexedSegment] = field(default_factory=list)
    cut_bytes: int = 0
    empty: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    missing: list[bytes] = field(default_factory=list)
    back: list[bytes] = field(default_factory=list)


class RootOfPeriod(Protocol):
    """Where the roots of periods are found, e.g. `SqlitePeriods`."""

    def root(self, period: bytes) -> bytes:
        """Return a 32-byte root.

        Raises:
            HandfastError: It is not here.
        """
        ...


class StartupScan:
    """Scans before recording starts, and after an ingest process died. One thread."""

    def __init__(
        self, *, files: SegmentFiles, index: SegmentIndex, periods: RootOfPeriod
    ) -> None:
        """Take the volumes, the index to put right, and the roots to check contents with."""
        self._files = files
        self._index = index
        self._periods = periods

    def scan_all(self) -> ScanReport:
        """Scan all volumes; durable on return."""
        report = ScanReport()
        on_disk = {r for root in self._files.roots for r in _recordings_at(root)}
        for recording in sorted(on_disk | self._index.recordings(), key=str):
            self._scan_recording(recording, report)
        return report

    def recover(self, recordings: Iterable[Recording]) -> ScanReport:
        """Recover what an ingest process that has ended left of its streams.

        Looks at the two newest days of each only. Durable on return.
        """
        report = ScanReport()
        for recording in recordings:
            for segment in self._index.open_segments():
                if segment.recording == recording:
                    self._index.forget_open(segment.id)
            rows = self._index.on_disk(recording)
            for root in self._files.roots:
                days = sorted(_directories(root / _folder(recording)))[-2:]
                for path in (path for day in days for path in _files(day)):
                    self._check_file(root, path, rows, report)
        self._store(report.recovered)
        return report

    def _scan_recording(self, recording: Recording, report: ScanReport) -> None:
        rows = self._index.on_disk(recording)
        expected = {id_ for id_, row in rows.items() if not (row.missing or row.removed)}
        recovered, back = len(report.recovered), len(report.back)
        for root in self._files.roots:
            for day in _directories(root / _folder(recording)):
                for path in _files(day):
                    expected.discard(self._check_file(root, path, rows, report))
        self._store(report.recovered[recovered:])
        self._index.mark(missing=expected, found=report.back[back:])
        report.missing += sorted(expected)

    def _store(self, segments: Iterable[IndexedSegment]) -> None:
        self._index.closed(sorted(segments, key=lambda each: each.start_us))

    def _check_file(
        self, root: Path, path: Path, rows: dict[bytes, DiskRow], report: ScanReport
    ) -> bytes:
        """Compare a file with its row, repair what differs, and return its segment id."""
        report.checked += 1
        id_ = _id_of(path)
        row = rows.get(id_)
        if row is not None and row.removed:
            _unlink(path)  # the crash came between tombstone and file
        elif row is not None and row.bytes == path.stat().st_size:
            if row.missing:
                report.back.append(id_)
        else:
            self._recover_file(root, path, id_, report)
        return id_

    def _recover_file(self, root: Path, path: Path, id_: bytes, report: ScanReport) -> None:
        relative = str(path.relative_to(root))
        size = path.stat().st_size
        found, digests = self._read(path, size)
        foreign = found.header is None or found.header.segment != id_
        if foreign and size > _HEADER_BYTES:
            path.rename(path.with_suffix(_DAMAGED))
            sync_directory(path.parent)
            report.damaged.append(relative)
        elif found.header is None or not found.runs:
            _unlink(path)
            report.empty.append(relative)
        else:
            report.cut_bytes += _cut(path, size, found.end)
            report.recovered.append(_rebuild(relative, found.header, found, digests))

    def _read(self, path: Path, size: int) -> tuple[ScanResult, tuple[RunDigest, ...]]:
        if size == 0:
            return scan(b""), ()
        with (
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
            memoryview(mapped) as view,
        ):
            found = scan(view)
            end = self._authentic_end(view, found)
            if end < found.end:
                with view[:end] as genuine:
                    found = scan(genuine)
            return found, digest_runs(view, found.runs)

    def _authentic_end(self, view: memoryview, found: ScanResult) -> int:
        """Return where the first unit stands that does not open; the end if all of them do."""
        header = found.header
        if header is None:
            return found.end
        try:
            walker = LeafWalker(self._periods.root(header.period))
        except HandfastError:
            return found.end  # without its root nobody can tell, and nobody can watch it
        label = stream_label(header.camera, header.stream.code, header.rendition.code)
        for run in found.runs:
            leaf_key = walker.leaf(run.record.leaf)
            key = run_key(leaf_key, label, header.segment, run.record.run)
            data = bytes(view[run.offset : run.offset + run.length])
            length, _ = authentic_length(header, data, key)
            if length < run.length:
                return run.offset + length
        return found.end


def _cut(path: Path, size: int, end: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        if end < size:
            os.ftruncate(descriptor, end)
        os.fdatasync(descriptor)  # what we promise now may still be in the page cache
    finally:
        os.close(descriptor)
    return size - end


def _rebuild(
    relative: str, header: SegmentHeader, found: ScanResult, digests: tuple[RunDigest, ...]
) -> IndexedSegment:
    starts = [each.record.start_us for each in found.runs]
    ends = [
        _end_us(each, following, header.period_start_us)
        for each, following in zip(found.runs, [*starts[1:], None], strict=True)
    ]
    runs = tuple(_run(digest, end) for digest, end in zip(digests, ends, strict=True))
    return IndexedSegment(
        id=header.segment,
        recording=Recording(
            camera=header.camera, stream=header.stream, rendition=header.rendition
        ),
        period=header.period,
        header=encode_header(header),
        path=relative,
        start_us=header.start_us,
        end_us=runs[-1].end_us,
        bytes=found.end,
        recovered=True,
        runs=runs,
    )


def _end_us(run: ScannedRun, following_us: int | None, period_start_us: int) -> int:
    """Return the end a recorder would have given: see `handfast.media.feed.RunEnded`."""
    leaf_end_us = period_start_us + (run.record.leaf + 1) * _SECOND_US
    if following_us is None:
        played_us = (run.last_pts - run.first_pts) * _SECOND_US // _TICKS_PER_SECOND
        following_us = run.record.start_us + max(played_us, 0) + 1
    return max(run.record.start_us + 1, min(following_us, leaf_end_us))


def _run(digest: RunDigest, end_us: int) -> IndexedRun:
    return IndexedRun(
        run=digest.run,
        key=digest.key,
        leaf=digest.leaf,
        start_us=digest.start_us,
        end_us=end_us,
        offset=digest.offset,
        length=digest.length,
        units=digest.units,
        first_pts=digest.first_pts,
        sha256=digest.sha256,
    )


def _folder(recording: Recording) -> str:
    return f"{recording.camera}/{recording.stream}-{recording.rendition}"


def _recordings_at(root: Path) -> Iterator[Recording]:
    for camera in _directories(root):
        for kind in _directories(camera):
            stream, _, rendition = kind.name.partition("-")
            try:
                yield Recording(
                    camera=UUID(camera.name),
                    stream=Stream(stream),
                    rendition=Rendition(rendition),
                )
            except ValueError:
                continue  # somebody else's directory


def _directories(path: Path) -> list[Path]:
    return [each for each in path.iterdir() if each.is_dir()] if path.is_dir() else []


def _files(day: Path) -> list[Path]:
    return [each for each in day.iterdir() if each.suffix == _SUFFIX]


def _id_of(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.stem)
    except ValueError:
        return b""


def _unlink(path: Path) -> None:
    path.unlink()
    sync_directory(path.parent)
