"""Opens what the ingest benchmark has recorded and looks for every picture that was sent."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from handfast.media.marks import FrameMark, find_mark
from handfast.seal.keytree import derive_leaf, run_key, stream_label
from handfast.seal.open import open_run
from handfast.seal.scan import scan
from handfast.storage.sqlite_periods import SqlitePeriods


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found again.

    Attributes:
        cameras: With at least one picture.
        pictures: Opened and marked.
        measured: Those of them that were sent inside the window asked about.
        missing: Numbers between a camera's first and last that are nowhere.
        earliest_end_us: Send time of the last picture of the camera that ended first.
        bytes: Of all segment files.
    """

    cameras: int
    pictures: int
    measured: int
    missing: int
    earliest_end_us: int
    bytes: int


def find_pictures(root: Path, periods: SqlitePeriods, *, window: tuple[int, int]) -> Found:
    """Decrypt every unit under `root` and account for the numbers in their marks.

    Args:
        root: Of the segment files.
        periods: Where the keys are.
        window: Begin and end (exclusive), us since 1970 UTC, of what is measured.
    """
    marks: dict[UUID, list[FrameMark]] = {}
    size = 0
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        data = path.read_bytes()
        size += len(data)
        _open_segment(data, periods, marks)
    missing = 0
    for found in marks.values():
        numbers = {mark.number for mark in found}
        missing += max(numbers) - min(numbers) + 1 - len(numbers)
    return Found(
        cameras=len(marks),
        pictures=sum(len(found) for found in marks.values()),
        measured=sum(
            window[0] <= mark.sent_us < window[1] for found in marks.values() for mark in found
        ),
        missing=missing,
        earliest_end_us=min(
            (max(mark.sent_us for mark in found) for found in marks.values()), default=0
        ),
        bytes=size,
    )


def _open_segment(
    data: bytes, periods: SqlitePeriods, marks: dict[UUID, list[FrameMark]]
) -> None:
    """Open all runs of one file; raises `CorruptError` when anything does not verify."""
    result = scan(data)
    header = result.header
    if header is None:
        return
    root = periods.root(header.period)
    label = stream_label(header.camera, header.stream.code, header.rendition.code)
    for run in result.runs:
        leaf = derive_leaf(root, run.record.leaf)
        key = run_key(leaf, label, header.segment, run.record.run)
        opened = open_run(header, data[run.offset : run.offset + run.length], key)
        found = [find_mark(unit.data) for unit in opened.units]
        marks.setdefault(header.camera, []).extend(mark for mark in found if mark)
