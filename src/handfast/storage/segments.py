"""What the index says of a segment: values, and their compact form."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from handfast.kit.errors import CorruptError
from handfast.model.media import Rendition, Stream

_RUN = ">IBIQQQIIq32s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Whose segments: one stream of a camera in one rendition."""

    camera: UUID
    stream: Stream
    rendition: Rendition = Rendition.CLEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedRun:
    """One run in a segment file.

    Attributes:
        start_us: Wall clock of its first unit; `end_us` is exclusive.
        offset: Of the run record in the file, bytes; `length` likewise.
        first_pts: Of its first unit, 90 kHz.
        sha256: Over its bytes.
    """

    run: int
    key: bool
    leaf: int
    start_us: int
    end_us: int
    offset: int
    length: int
    units: int
    first_pts: int
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunRun:
    """A run that has begun and cannot be read yet: in progress, or on its way to the disk.

    Attributes:
        segment: 16 bytes; so is `period`.
        start_us: Wall clock of its first unit. When it ends is not known yet.
    """

    segment: bytes
    period: bytes
    run: int
    leaf: int
    start_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedSegment:
    """One segment file.

    Attributes:
        id: 16 bytes; so is `period`.
        header: Its 104 bytes.
        path: Relative to the root of its volume.
        end_us: Exclusive.
        bytes: Length of the file; so far, while it is open.
        lost_units: Video units known to be missing before or inside it.
        recovered: Rebuilt from its file, or cut because its disk failed.
        missing: The file has gone and nobody removed it.
        removed_us: When it was removed; `None` while it is there.
        open: Still being written; such a segment is in no database yet.
        runs: In order; empty once removed.
    """

    id: bytes
    recording: Recording
    period: bytes
    header: bytes
    path: str
    start_us: int
    end_us: int
    bytes: int
    lost_units: int = 0
    recovered: bool = False
    missing: bool = False
    removed_us: int | None = None
    open: bool = False
    runs: tuple[IndexedRun, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether its bytes are on the disk."""
        return not self.missing and self.removed_us is None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskRow:
    """What the disk should hold of one closed segment."""

    bytes: int
    missing: bool
    removed: bool


def pack_runs(runs: Iterable[IndexedRun]) -> bytes:
    """Write runs, 81 bytes each."""
    return b"".join(
        struct.pack(
            _RUN,
            run.run,
            run.key,
            run.leaf,
            run.start_us,
            run.end_us,
            run.offset,
            run.length,
            run.units,
            run.first_pts,
            run.sha256,
        )
        for run in runs
    )


def unpack_runs(packed: bytes) -> tuple[IndexedRun, ...]:
    """Read what `pack_runs` wrote.

    Raises:
        CorruptError: It is cut.
    """
    if len(packed) % struct.calcsize(_RUN):
        raise CorruptError("a row of runs is cut; move the segment index away, it is rebuilt")
    return tuple(
        IndexedRun(
            run=run,
            key=bool(key),
            leaf=leaf,
            start_us=start_us,
            end_us=end_us,
            offset=offset,
            length=length,
            units=units,
            first_pts=first_pts,
            sha256=sha256,
        )
        for (
            run,
            key,
            leaf,
            start_us,
            end_us,
            offset,
            length,
            units,
            first_pts,
            sha256,
        ) in struct.iter_unpack(_RUN, packed)
    )
