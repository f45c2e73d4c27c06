"""Recording as the node sees it: every segment into the index, every finished one signed."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from anyio import to_thread

from handfast.kit.encoding import b64, unb64
from handfast.media.feed import (
    Event,
    RunEnded,
    RunStarted,
    SegmentClosed,
    SegmentOpened,
    StateChanged,
    WorkerLost,
)
from handfast.media.units import CameraState, StreamKey
from handfast.model.media import Stream
from handfast.node.indexed import begun_run, ended_run, opened_segment
from handfast.node.ports import Bell
from handfast.node.usecases.release_range import manifest_run
from handfast.protocol.signing import sign
from handfast.protocol.statements import Manifest, Predecessor
from handfast.protocol.wire import CameraHealth
from handfast.seal.format import NO_PREDECESSOR, decode_header
from handfast.seal.identity import Envelope, SigningKey, statement_hash
from handfast.seal.suite import SUITE
from handfast.storage.segment_index import SegmentIndex
from handfast.storage.segments import IndexedSegment, Recording
from handfast.storage.startup_scan import StartupScan

_log = logging.getLogger(__name__)
_STATES: Mapping[CameraState, str] = {
    CameraState.CONNECTING: "connecting",
    CameraState.PLAYING: "recording",
    CameraState.WAITING: "offline",
    CameraState.STOPPED: "offline",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordParts:
    """What recording touches; built once by `app`."""

    node: str
    key: SigningKey
    index: SegmentIndex
    scan: StartupScan
    bell: Bell


class Record:
    """Keeps index and manifests in step with what is sealed. Belongs to one event loop."""

    def __init__(self, parts: RecordParts) -> None:
        """Begin with no camera heard of."""
        self._parts = parts
        self._health: dict[StreamKey, CameraHealth] = {}
        self._sealed_bytes = 0

    def recover(self) -> None:
        """Compare disk and index, and sign what a crash left unsigned. Blocks for the disk."""
        report = self._parts.scan.scan_all()
        if report.recovered or report.missing or report.damaged:
            _log.warning(
                "start-up scan: %d recovered, %d bytes cut, %d missing, %d damaged",
                len(report.recovered),
                report.cut_bytes,
                len(report.missing),
                len(report.damaged),
            )
        self._sign_all()

    def health(self) -> list[CameraHealth]:
        """Return the state of every stream heard of."""
        return list(self._health.values())

    def take_sealed_bytes(self) -> int:
        """Return the bytes recorded since the last call."""
        taken, self._sealed_bytes = self._sealed_bytes, 0
        return taken

    async def hear(self, event: Event) -> None:
        """Take one event, in order for each stream."""
        match event:
            case SegmentOpened(catch_up=False):
                self._parts.index.opened(opened_segment(event))
            case RunStarted(catch_up=False):
                self._parts.index.run_begun(begun_run(event))
            case RunEnded():
                self._sealed_bytes += event.length
                self._parts.index.run_ended(event.segment, ended_run(event))
            case SegmentClosed():
                await to_thread.run_sync(self._closed, event)
            case StateChanged():
                self._state(event)
            case WorkerLost():
                await to_thread.run_sync(self._lost, event)
            case _:
                pass

    def _closed(self, event: SegmentClosed) -> None:
        index = self._parts.index
        if event.bytes == 0 or not event.path:
            index.forget_open(event.segment)
            return
        segment = index.finish(
            event.segment,
            end_us=event.end_us,
            size=event.bytes,
            lost_units=event.lost_units,
            recovered=event.recovered,
        )
        index.closed([segment])
        if segment.runs:  # without any run there is nothing to vouch for
            self._sign(segment)

    def _lost(self, event: WorkerLost) -> None:
        recordings = [
            Recording(camera=stream.camera, stream=Stream(stream.stream))
            for stream in event.streams
        ]
        self._parts.scan.recover(recordings)
        self._sign_all()

    def _sign_all(self) -> None:
        for segment in self._parts.index.unsigned():
            self._sign(segment)

    def _sign(self, segment: IndexedSegment) -> None:
        manifest = _manifest(segment, self._parts.node, self._predecessor(segment))
        envelope = sign(manifest, self._parts.key)
        self._parts.index.put_manifest(segment.id, msgspec.json.encode(envelope))

    def _predecessor(self, segment: IndexedSegment) -> Predecessor | None:
        before = decode_header(segment.header).predecessor
        stored = None if before == NO_PREDECESSOR else self._parts.index.manifest(before)
        if stored is None:
            return None
        payload = unb64(msgspec.json.decode(stored, type=Envelope).payload)
        return Predecessor(segment=b64(before), manifest=statement_hash(payload))

    def _state(self, event: StateChanged) -> None:
        self._health[event.stream] = CameraHealth(
            camera=str(event.stream.camera),
            stream=Stream(event.stream.stream),
            state=_STATES[event.state],
            reason=event.reason,
        )
        self._parts.bell.ring("site")


def _manifest(segment: IndexedSegment, node: str, predecessor: Predecessor | None) -> Manifest:
    header = decode_header(segment.header)
    return Manifest(
        suite=SUITE,
        owner=str(header.owner),
        node=node,
        camera=str(header.camera),
        stream=header.stream,
        rendition=header.rendition,
        period=b64(header.period),
        period_start_us=header.period_start_us,
        segment=b64(segment.id),
        predecessor=predecessor,
        start_us=segment.start_us,
        end_us=segment.end_us,
        bytes=segment.bytes,
        recovered=segment.recovered,
        lost_units=segment.lost_units,
        runs=[manifest_run(run) for run in segment.runs],
    )
