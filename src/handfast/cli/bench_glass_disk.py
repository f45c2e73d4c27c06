"""What a node recorded, read from its disk with its own keys: the truth a benchmark compares.

Only whoever holds the node's folder can do this; it is how every drawn frame of a seek is
checked, and how tests count that nothing recorded was lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from handfast.kit.clock import SystemClock
from handfast.kit.errors import NotFoundError
from handfast.kit.ids import SystemIds
from handfast.media.marks import FrameMark, find_mark
from handfast.seal.format import ScannedRun, SegmentHeader, scan
from handfast.seal.keytree import derive_leaf, run_key, stream_label
from handfast.seal.open import open_run
from handfast.storage.sqlite_periods import SqlitePeriods


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPicture:
    """One picture on the disk.

    Attributes:
        key: Whether a group of pictures begins here.
        start_us: Wall clock at which the first unit of its run was received.
        pts: 90 kHz.
    """

    key: bool
    start_us: int
    pts: int
    mark: FrameMark


def recorded_pictures(
    node: Path, camera: str, stream: str, *, since_us: int = 0
) -> list[RecordedPicture]:
    """Open all that a node has on its disk of one stream, in order of sending.

    Args:
        node: The node's folder, with `data` and `recordings`.
        camera: Id.
        stream: `main` or `sub`.
        since_us: Leave out runs that began earlier.
    """
    data = node / "data"
    ids = SystemIds(SystemClock())
    periods = SqlitePeriods(data / "periods.db", key_file=data / "periods.key", ids=ids)
    pictures: list[RecordedPicture] = []
    for path in (node / "recordings" / camera / f"{stream}-clear").rglob("*.hfs"):
        body = path.read_bytes()
        found = scan(body)
        if found.header is not None:
            runs = [run for run in found.runs if run.record.start_us >= since_us]
            pictures += _open(found.header, body, runs, periods)
    periods.close()
    return sorted(pictures, key=lambda picture: picture.mark.number)


def _open(
    header: SegmentHeader, body: bytes, runs: list[ScannedRun], periods: SqlitePeriods
) -> Iterator[RecordedPicture]:
    try:
        root = periods.root(header.period)
    except NotFoundError:
        return
    label = stream_label(UUID(bytes=header.camera.bytes), header.stream.code, 0)
    for run in runs:
        leaf = derive_leaf(root, run.record.leaf)
        key = run_key(leaf, label, header.segment, run.record.run)
        part = body[run.offset : run.offset + run.length]
        for unit in open_run(header, part, key).units:
            if (mark := find_mark(unit.data)) is not None:
                yield RecordedPicture(
                    key=unit.key, start_us=run.record.start_us, pts=unit.pts, mark=mark
                )
