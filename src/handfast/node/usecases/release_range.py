"""Recorded pictures: the keys of a range, and the bytes and manifests they open."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import DeniedError, InvalidError, NotFoundError
from handfast.model.access import AccessRequest, Grant
from handfast.node.pep import Opened
from handfast.node.ports import Observer, Periods, SegmentBytes, Segments
from handfast.node.release import OpenedRange, StartedRun, derive_run_key, seal_range
from handfast.protocol.statements import ManifestRun
from handfast.protocol.wire import OpenSegment, Recordings
from handfast.seal.format import decode_header
from handfast.seal.identity import Envelope
from handfast.seal.keytree import LEAVES, TreeNode, cover, derive_leaf
from handfast.seal.records import HEADER_BYTES
from handfast.storage.segments import BegunRun, IndexedRun, IndexedSegment, Recording

_SECOND_US = 1_000_000


class ReleaseRange:
    """Releases recorded ranges. Every call may block for the disk; safe from any thread."""

    def __init__(
        self, *, segments: Segments, files: SegmentBytes, periods: Periods, observer: Observer
    ) -> None:
        """Take where recordings and roots are."""
        self._segments = segments
        self._files = files
        self._periods = periods
        self._observer = observer

    def has_recordings(self, recording: Recording, *, since_us: int, until_us: int) -> bool:
        """Tell whether anything of a range is still here."""
        return bool(self._segments.overlapping(recording, since_us=since_us, until_us=until_us))

    def seal(self, opened: Opened, *, open_key: bytes) -> str:
        """Seal the keys of a grant's range to its device.

        A run in progress has its key released too if it began inside the range: nobody knows
        its end yet, and without it the newest second could not be opened later.
        """
        grant = opened.grant
        since_us, until_us = _range(grant)
        begun = [
            each
            for each in self._segments.begun(recording_of(grant))
            if since_us <= each.start_us < until_us
        ]
        segments = self._covering(grant, since_us, until_us)
        covers: list[tuple[bytes, tuple[TreeNode, ...]]] = []
        runs: list[tuple[bytes, int, bytes]] = []
        periods = [each.period for each in segments] + [each.period for each in begun]
        for period_id in dict.fromkeys(periods):
            period = self._periods.find(period_id)
            first = max(-(-(since_us - period.started_us) // _SECOND_US), 0)
            end = min((until_us - period.started_us) // _SECOND_US, LEAVES)
            if first < end:
                covers.append((period_id, cover(period.root, first, end)))
            whole = range(first, max(first, end))
            edges = _edges(segments, period_id, grant, whole=whole)
            edges |= _begun_edges(begun, period_id, whole=whole)
            codes = (grant.stream.code, grant.rendition.code)
            for run in edges.values():
                leaf_key = derive_leaf(period.root, run.leaf)
                key = derive_run_key(leaf_key, UUID(grant.camera), codes, run)
                runs.append((run.segment, run.run, key))
        sealed = seal_range(opened, OpenedRange(covers=covers, runs=runs), open_key=open_key)
        self._observer.range_released(grant.id, since_us=since_us, until_us=until_us)
        return sealed

    def list_recordings(self, grant: Grant, *, from_us: int, until_us: int) -> Recordings:
        """List the segments of a part of the grant's range."""
        since, until = _range(grant)
        segments = self._covering(grant, max(since, from_us), min(until, until_us))
        finished: list[Envelope] = []
        written: list[OpenSegment] = []
        for each in segments:
            manifest = self._segments.manifest(each.id)
            if manifest is None:
                runs = [manifest_run(run) for run in each.runs]
                written.append(
                    OpenSegment(header=b64(each.header), segment=b64(each.id), runs=runs)
                )
            else:
                finished.append(msgspec.json.decode(manifest, type=Envelope))
        return Recordings(manifests=finished, open=written)

    def read(self, grant: Grant, segment: str, *, offset: int, length: int) -> bytes:
        """Return bytes of the header or of runs that the grant opens, nothing else.

        Raises:
            NotFoundError: No such segment in the grant's range, or its bytes have gone.
            DeniedError: `offset` lies outside of what the grant opens.
        """
        found = self._segments.find(_segment_id(segment))
        if found is None or not found.readable or not _is_of(found, grant):
            raise NotFoundError(f"segment {segment} is not in the range of grant {grant.id}")
        end = next((end for start, end in _spans(found, grant) if start <= offset < end), None)
        if end is None:
            raise DeniedError(f"byte {offset} of segment {segment} is outside the grant")
        return self._files.read(found.path, offset, min(length, end - offset))

    def _covering(self, grant: Grant, since_us: int, until_us: int) -> list[IndexedSegment]:
        if since_us >= until_us:
            return []
        found = self._segments.overlapping(
            recording_of(grant), since_us=since_us, until_us=until_us
        )
        return [each for each in found if _is_of(each, grant)]


def recording_of(request: AccessRequest | Grant) -> Recording:
    """Return whose segments a request or a grant is about."""
    return Recording(
        camera=UUID(request.camera), stream=request.stream, rendition=request.rendition
    )


def _range(grant: Grant) -> tuple[int, int]:
    if grant.range_until_us is None:
        raise InvalidError(f"grant {grant.id} is for live pictures; ask for recorded ones")
    return grant.from_us, grant.range_until_us


def _is_of(segment: IndexedSegment, grant: Grant) -> bool:
    """Camera, stream and rendition as the header says, and a run inside the range."""
    header = decode_header(segment.header)
    named = (header.camera, header.stream, header.rendition)
    wanted = (UUID(grant.camera), grant.stream, grant.rendition)
    return named == wanted and any(_opens(grant, run) for run in segment.runs)


def _opens(grant: Grant, run: IndexedRun) -> bool:
    return grant.opens(since_us=run.start_us, until_us=run.end_us)


def _edges(
    segments: Iterable[IndexedSegment], period: bytes, grant: Grant, *, whole: range
) -> dict[tuple[bytes, int], StartedRun]:
    """Runs that the range touches in seconds which it does not hold whole."""
    return {
        (segment.id, run.run): StartedRun(
            segment=segment.id,
            run=run.run,
            leaf=run.leaf,
            since_us=run.start_us,
            until_us=run.end_us,
        )
        for segment in segments
        if segment.period == period
        for run in segment.runs
        if run.leaf not in whole and _opens(grant, run)
    }


def _begun_edges(
    begun: Iterable[BegunRun], period: bytes, *, whole: range
) -> dict[tuple[bytes, int], StartedRun]:
    return {
        (run.segment, run.run): StartedRun(
            segment=run.segment,
            run=run.run,
            leaf=run.leaf,
            since_us=run.start_us,
            until_us=run.start_us + 1,
        )
        for run in begun
        if run.period == period and run.leaf not in whole
    }


def _spans(segment: IndexedSegment, grant: Grant) -> Sequence[tuple[int, int]]:
    """Byte ranges `[start, end)` of the header and of the opened runs, joined."""
    spans = [(0, HEADER_BYTES)]
    for run in segment.runs:
        if not _opens(grant, run):
            continue
        start, end = run.offset, run.offset + run.length
        if spans[-1][1] == start:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def manifest_run(run: IndexedRun) -> ManifestRun:
    """Write a run as manifests do."""
    return ManifestRun(
        run=run.run,
        key=run.key,
        leaf=run.leaf,
        start_us=run.start_us,
        end_us=run.end_us,
        offset=run.offset,
        length=run.length,
        units=run.units,
        first_pts=run.first_pts,
        sha256=b64(run.sha256),
    )


def _segment_id(text: str) -> bytes:
    segment = unb64(text)
    if len(segment) != 16:  # noqa: PLR2004 (segment ids are UUID-sized)
        raise InvalidError("a segment id is 16 bytes in base64url")
    return segment
