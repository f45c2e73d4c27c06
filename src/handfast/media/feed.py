"""What the ingest process tells the node: the events of recording, in order, as values.

Events of one stream keep their order. They travel as MessagePack (`worker`), so every field
is a plain value. No event carries a key: the node derives run keys from the period store.
"""

from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

import msgspec

from handfast.media.units import CameraState, StreamKey, TrackConfig
from handfast.model.media import TrackKind


class SegmentOpened(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A segment begins.

    Attributes:
        header: Its 104 bytes (`handfast.seal.format.decode_header`).
        path: Of its file, relative to the root of the volume; empty when it is sealed for
            viewers only, because its disk takes nothing at the moment.
        catch_up: Repeated for a viewer that has just been attached.
    """

    stream: StreamKey
    header: bytes
    path: str
    catch_up: bool = False


class RunStarted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A run begins; sent before any of its units, for every stream.

    Attributes:
        segment: Its 16-byte id; `period` likewise.
        key: Begins at a keyframe.
        start_us: Wall clock of its first unit; always inside leaf second `leaf` of the period.
        record: The run record with the sealed configuration, as in the file.
        catch_up: Repeated for a viewer that has just been attached.
    """

    stream: StreamKey
    segment: bytes
    run: int
    leaf: int
    period: bytes
    key: bool
    start_us: int
    record: bytes
    catch_up: bool = False


class UnitsSealed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Units of the run in progress; for attached streams only.

    Attributes:
        first_unit: Number of the first of them in the run, from 1.
        records: One or more unit records, as in the file.
        last_pts: Of the last of them, 90 kHz.
        received_us: Wall clock at which the last of them was received.
        catch_up: Older units, for a viewer that has just been attached.
    """

    stream: StreamKey
    segment: bytes
    run: int
    first_unit: int
    records: bytes
    last_pts: int
    received_us: int
    catch_up: bool = False


class UnitCopied(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A picture in the clear, for whoever makes another rendition of it inside the node.

    It leaves the node in no form. The first one is a key unit, so is the first after a gap.

    Attributes:
        config: The video track, with key units only.
        key: Decoding can start here.
        pts: 90 kHz.
        data: As in `AccessUnit`.
        received_us: Wall clock at which the node received it.
    """

    stream: StreamKey
    config: TrackConfig | None
    key: bool
    pts: int
    dts: int
    data: bytes
    received_us: int


class RenditionState(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """How carefully a redacted rendition is covered has changed; what a tile tells.

    Attributes:
        state: `normal`, `more` or `whole`, as the engine names them.
        reason: Why more than usual is covered; empty when all is normal.
    """

    stream: StreamKey
    state: Literal["normal", "more", "whole"]
    reason: str


class TracksFollowed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Whom the engine of a redacted rendition follows has changed.

    Attributes:
        tracks: What each of them is, by number; a number that is missing will never come back.
    """

    stream: StreamKey
    tracks: dict[int, TrackKind]


class TrackFound(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A redacted rendition follows something new; said before anybody can see it.

    Attributes:
        track: Its number in this rendition.
        kind: What it is taken for, for good.
    """

    stream: StreamKey
    track: int
    kind: TrackKind


class StillMade(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One covered picture, as a picture: from a process that makes one still.

    Attributes:
        jpeg: The picture.
        at_us: When the camera sent it.
        state: How carefully it is covered, as `RenditionState`; `reason` likewise.
    """

    stream: StreamKey
    jpeg: bytes
    at_us: int
    state: Literal["normal", "more", "whole"]
    reason: str


class RunEnded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """All of a run can be read from its file; not yet durable for up to 4 s.

    Attributes:
        start_us: Wall clock of its first unit.
        end_us: Exclusive: start of the next run, or the end of its leaf second if sooner.
        offset: Of the run record in the file, bytes.
        length: Of the run, bytes.
        units: How many.
        first_pts: Of the first unit, 90 kHz.
        sha256: Over the bytes of the run.
    """

    stream: StreamKey
    segment: bytes
    run: int
    leaf: int
    key: bool
    start_us: int
    end_us: int
    offset: int
    length: int
    units: int
    first_pts: int
    sha256: bytes


class SegmentClosed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Nothing will be added any more, and what there is is durable.

    Attributes:
        path: As in `SegmentOpened`.
        start_us: Wall clock of its first unit.
        end_us: End of its last run, exclusive.
        bytes: Length of the file. Runs that do not fit into it were cut off; 0 means that
            there is no file at all (sealed for viewers only, or the disk refused it).
        lost_units: Video units known to be missing before or inside it.
        recovered: Its end was cut because the disk failed.
    """

    stream: StreamKey
    segment: bytes
    path: str
    start_us: int
    end_us: int
    bytes: int
    lost_units: int
    recovered: bool


class StateChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A camera's stream plays, waits or has stopped; see `handfast.media.units.Sink.state`."""

    stream: StreamKey
    state: CameraState
    reason: str


class VolumeState(StrEnum):
    """Whether a disk takes recordings."""

    WRITING = "writing"
    FULL = "full"  # ask retention for room; recording resumes by itself
    FAILING = "failing"  # it answers with errors; tried again by itself


class VolumeGauge(msgspec.Struct, frozen=True, kw_only=True):
    """One disk.

    Attributes:
        root: Path of the segments on it.
        free_bytes: Free to unprivileged writers.
        waiting_bytes: Sealed and not yet written.
        seconds_at_risk: Age of the oldest byte that was not durable, highest since the
            gauge before.
        reason: Empty while writing, otherwise what the disk said.
    """

    root: str
    state: VolumeState
    free_bytes: int
    waiting_bytes: int
    seconds_at_risk: float
    reason: str


class StreamGauge(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one stream since it was added; each only grows.

    Attributes:
        units: Sealed, sound included.
        bytes: Of sealed records.
        lost_units: Video units that were not stored: before the first keyframe, while the
            disk took nothing, or because its queue was full.
        late_keyframes: Times 30 s went by without a keyframe.
    """

    stream: StreamKey
    units: int
    bytes: int
    lost_units: int
    late_keyframes: int


class Gauges(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Where an ingest process stands; every few seconds, and at once when a disk changes state.

    Attributes:
        at_us: Wall clock.
        live_groups_dropped: Groups of pictures that viewers missed because the node did not
            read fast enough.
    """

    at_us: int
    streams: tuple[StreamGauge, ...]
    volumes: tuple[VolumeGauge, ...]
    live_groups_dropped: int


class WorkerLost(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An ingest process has died; said by `IngestProcesses` in its stead.

    Its segments that were not closed end where their files end: have the start-up scan
    recover them. The streams go on by themselves in a new process.

    Attributes:
        streams: All it recorded.
        reason: How it ended.
    """

    streams: tuple[StreamKey, ...]
    reason: str


Event: TypeAlias = (
    SegmentOpened
    | RunStarted
    | UnitsSealed
    | UnitCopied
    | RenditionState
    | TrackFound
    | TracksFollowed
    | StillMade
    | RunEnded
    | SegmentClosed
    | StateChanged
    | Gauges
    | WorkerLost
)


class Feed(Protocol):
    """Where a recorder puts its events. Called from the ingest thread; never blocks."""

    @property
    def congested(self) -> bool:
        """Whether the reader lags so far that live units should be left out for a while."""
        ...

    def emit(self, event: Event) -> None:
        """Take an event; delivered in order."""
        ...
