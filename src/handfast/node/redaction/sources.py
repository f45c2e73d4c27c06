"""What redacted recordings are made of: clear runs and keys, for our own process only."""

from collections.abc import Callable
from pathlib import Path

from handfast.node.ports import Periods, Segments
from handfast.node.redaction.orders import SourceRun, SourceSegment
from handfast.node.release import StartedRun, derive_run_key
from handfast.seal.format import decode_header
from handfast.seal.keytree import derive_leaf
from handfast.storage.segments import IndexedRun, IndexedSegment, Recording


class Sources:
    """Collects recorded runs. Blocks for the disk; safe from any thread."""

    def __init__(
        self,
        *,
        segments: Segments,
        periods: Periods,
        find_file: Callable[[str], Path | None],
    ) -> None:
        """Take where recordings and roots are; `find_file` returns `None` for what has gone."""
        self._segments = segments
        self._periods = periods
        self._find_file = find_file

    def collect(
        self, recording: Recording, *, from_us: int, until_us: int
    ) -> tuple[SourceSegment, ...]:
        """Return the runs of `[from_us, until_us)`, oldest first, from a keyframe on."""
        found = self._segments.overlapping(recording, since_us=from_us, until_us=until_us)
        sources = []
        for segment in found:
            runs = _needed(segment, from_us, until_us)
            path = self._find_file(segment.path)
            if runs and path is not None:
                sources.append(self._source(segment, runs, path))
        return tuple(sources)

    def _source(
        self, segment: IndexedSegment, runs: list[IndexedRun], path: Path
    ) -> SourceSegment:
        header = decode_header(segment.header)
        root = self._periods.find(segment.period).root
        codes = (header.stream.code, header.rendition.code)
        return SourceSegment(
            path=str(path),
            header=segment.header,
            runs=tuple(
                SourceRun(
                    offset=run.offset,
                    length=run.length,
                    key=derive_run_key(
                        derive_leaf(root, run.leaf),
                        header.camera,
                        codes,
                        StartedRun(
                            segment=segment.id,
                            run=run.run,
                            leaf=run.leaf,
                            since_us=run.start_us,
                            until_us=run.end_us,
                        ),
                    ),
                    start_us=run.start_us,
                )
                for run in runs
            ),
        )


def _needed(segment: IndexedSegment, from_us: int, until_us: int) -> list[IndexedRun]:
    """Return the runs that touch a range, and those back to the keyframe they build on."""
    touched = [
        number
        for number, run in enumerate(segment.runs)
        if run.end_us > from_us and run.start_us < until_us
    ]
    if not touched:
        return []
    first = touched[0]
    while first > 0 and not segment.runs[first].key:
        first -= 1
    return list(segment.runs[first : touched[-1] + 1])
