"""The sink that records: every stream sealed to its volume and told to the node."""

from collections.abc import Mapping
from pathlib import Path

from handfast.media.feed import Gauges, RunEnded, StateChanged, VolumeState
from handfast.media.lane import FileClosed, Lane
from handfast.media.picture_copy import PictureCopy
from handfast.media.recording import RecorderParts, StreamRecorder
from handfast.media.units import AccessUnit, CameraState, StreamKey, TrackConfig
from handfast.media.writer import Volume
from handfast.seal.format import NO_PREDECESSOR

SWEEP_S = 0.25
GAUGES_S = 5.0


class Recorder:
    """Records any number of streams (`handfast.media.units.Sink`).

    Everything here belongs to the ingest thread, and nothing here waits: disks have their own
    threads (`Volume`), so has the period store (`PeriodMint`). Units of streams that were
    not added are ignored.
    """

    def __init__(self, parts: RecorderParts, *, volumes: Mapping[Path, Volume]) -> None:
        """Take what to record with, and the volumes by their roots, started or not."""
        self._parts = parts
        self._clock = parts.clock
        self._feed = parts.feed
        self._volumes = dict(volumes)
        self._streams: dict[StreamKey, StreamRecorder] = {}
        self._by_lane: dict[Lane, StreamRecorder] = {}
        self._newest: dict[StreamKey, bytes] = {}  # of streams that were removed
        self._copies: dict[StreamKey, PictureCopy] = {}
        self._told: dict[Path, VolumeState] = {}
        self._added = 0
        self._sweep_at = 0.0
        self._gauges_at = 0.0

    def add(
        self, stream: StreamKey, *, root: Path, predecessor: bytes = NO_PREDECESSOR
    ) -> None:
        """Record `stream` under the volume at `root`; one that is there already goes on.

        Args:
            stream: Whose units to take.
            root: One of the volumes.
            predecessor: Id of the newest segment there is of it; this process knows better
                when it has recorded the stream before.
        """
        if stream in self._streams:
            return
        recorder = StreamRecorder(
            stream,
            self._parts,
            volume=self._volumes[root],
            predecessor=self._newest.pop(stream, predecessor),
            number=self._added,
        )
        self._added += 1
        self._copies[stream] = PictureCopy(stream, self._feed)
        self._streams[stream] = recorder
        self._by_lane[recorder.lane] = recorder

    def prepared(self, stream: StreamKey) -> bool:
        """Say whether units of `stream` can be sealed yet; before that they are lost."""
        recorder = self._streams.get(stream)
        return recorder is None or recorder.prepared

    def remove(self, stream: StreamKey) -> None:
        """Close the stream's segment and forget it; its events still come."""
        if recorder := self._streams.pop(stream, None):
            recorder.close_segment()
            del self._copies[stream]
            self._newest[stream] = recorder.predecessor
            self._retire(recorder)

    def configured(self, stream: StreamKey, tracks: tuple[TrackConfig, ...]) -> None:
        """Take the tracks of the units that follow (`Sink`)."""
        if recorder := self._streams.get(stream):
            recorder.configured(tracks)
            self._copies[stream].configured(tracks)

    def unit(self, stream: StreamKey, unit: AccessUnit, received_us: int) -> None:
        """Take one unit (`Sink`)."""
        if recorder := self._streams.get(stream):
            recorder.unit(unit, received_us)
            if (copy := self._copies[stream]).wanted:
                copy.unit(unit, received_us)

    def state(self, stream: StreamKey, state: CameraState, reason: str) -> None:
        """Tell the node; a camera that does not play ends its segment (`Sink`)."""
        recorder = self._streams.get(stream)
        if recorder is not None and state is not CameraState.PLAYING:
            recorder.close_segment()
        self._feed.emit(StateChanged(stream=stream, state=state, reason=reason))

    def attach(self, stream: StreamKey) -> None:
        """Tell the units of `stream` from now on, the present group of pictures first."""
        recorder = self._streams.get(stream)
        if recorder is not None and not recorder.tap.attach():
            self._parts.ask_keyframe(stream)

    def detach(self, stream: StreamKey) -> None:
        """Tell no more units of `stream`."""
        if recorder := self._streams.get(stream):
            recorder.tap.detach()

    def copy(self, stream: StreamKey) -> None:
        """Tell the pictures of `stream` in the clear as well, from a keyframe on."""
        if copy := self._copies.get(stream):
            copy.wanted = True
            self._parts.ask_keyframe(stream)

    def end_copy(self, stream: StreamKey) -> None:
        """Tell them no longer."""
        if copy := self._copies.get(stream):
            copy.end()

    @property
    def watched(self) -> frozenset[StreamKey]:
        """Streams whose units somebody waits for."""
        return frozenset(
            key
            for key, each in self._streams.items()
            if each.tap.attached or self._copies[key].wanted
        )

    def tick(self) -> None:
        """Tell what the disks have done, and end what is due; call it every few 10 ms."""
        self._collect()
        now = self._clock.monotonic()
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_S
            for recorder in self._streams.values():
                recorder.sweep()
        turned = {root: volume.state for root, volume in self._volumes.items()}
        if now >= self._gauges_at or turned != self._told:
            self._gauges_at = now + GAUGES_S
            self._told = turned
            self._feed.emit(self.gauges())

    def gauges(self) -> Gauges:
        """Return where recording stands."""
        return Gauges(
            at_us=self._clock.now_us(),
            streams=tuple(each.gauge() for each in self._streams.values()),
            volumes=tuple(volume.gauge() for volume in self._volumes.values()),
            live_groups_dropped=sum(e.tap.groups_dropped for e in self._by_lane.values()),
        )

    def close(self) -> None:
        """Close all segments, write and make durable everything, and tell of it."""
        for recorder in self._streams.values():
            recorder.close_segment()
        self._parts.mint.stop()
        for volume in self._volumes.values():
            volume.stop()
        self._collect()

    def _collect(self) -> None:
        for volume in self._volumes.values():
            for outcome in volume.outcomes():
                match outcome:
                    case RunEnded():
                        self._feed.emit(outcome)
                    case FileClosed():
                        recorder = self._by_lane[outcome.lane]
                        recorder.file_closed(outcome)
                        self._retire(recorder)

    def _retire(self, recorder: StreamRecorder) -> None:
        """Give back the lane of a stream that was removed, once its last file is closed."""
        removed = self._streams.get(recorder.stream) is not recorder
        if removed and not recorder.closing:
            del self._by_lane[recorder.lane]
            recorder.volume.retire(recorder.lane)
