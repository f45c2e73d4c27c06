"""What the node says to a redaction process: what to make first, then pictures in the clear.

The same framing as with ingest processes (`handfast.media.worker_link`). Back come the events
of recording (`handfast.media.feed`), as if the redacted pictures came from a camera.
"""

from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from handfast.media.feed import UnitCopied
from handfast.media.units import StreamKey
from handfast.media.worker_link import Attach, Detach, RequestKeyframe, Stop
from handfast.model.media import TrackKind


class Covers(StrEnum):
    """What an owner has covered."""

    PERSONS = "persons"
    FACES = "faces"
    VEHICLES = "vehicles"


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the picture that the owner has drawn.

    Attributes:
        points: Three or more corners as shares of width and height, 0 to 1.
    """

    points: tuple[tuple[float, float], ...]


class CameraRedaction(msgspec.Struct, frozen=True, kw_only=True):
    """How one camera's pictures are redacted.

    Attributes:
        covers: What is covered.
        fixed: The camera never moves, so that whatever moves can be covered too.
        mosaic: Coarse cells in place of solid fill.
        masks: Covered always.
        children: Children's zones, where the strictest mode applies.
    """

    covers: frozenset[Covers] = frozenset({Covers.PERSONS, Covers.FACES})
    fixed: bool = True
    mosaic: bool = False
    masks: tuple[Area, ...] = ()
    children: tuple[Area, ...] = ()


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """What is made, and how.

    Attributes:
        stream: Its rendition is `redacted`.
        owner: Stands in every segment.
        how: What is covered.
        width: Largest width of a picture, px; `height` likewise.
        fps: Most pictures a second, 1 to 30; live ones are fewer when the machine is busy.
        bitrate_bps: Most bits a second.
        models: File with an owner's own detectors; empty for ours alone.
    """

    stream: StreamKey
    owner: UUID
    how: CameraRedaction
    width: int = 960
    height: int = 540
    fps: int = 10
    bitrate_bps: int = 1_500_000
    models: str = ""


class Prepare(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Load what will probably be needed, and wait; said first, or never.

    It decides nothing: whatever differs in the order that follows is loaded anew.

    Attributes:
        width: Of the pictures that will probably be shown, px; `height` likewise.
        models: See `Making`.
    """

    covers: frozenset[Covers]
    width: int = 960
    height: int = 540
    models: str = ""


class Begin(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Make one live rendition; said once and first.

    Attributes:
        scratch: A directory that exists; nothing is kept in it.
    """

    making: Making
    scratch: str


class SourceRun(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded run in the clear rendition.

    Attributes:
        offset: Of the run record in the file, bytes; `length` of all of the run.
        key: Its run key; 32 bytes.
        start_us: Wall clock of its first unit.
    """

    offset: int
    length: int
    key: bytes
    start_us: int


class SourceSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded segment in the clear rendition.

    Attributes:
        path: Where its file lies.
        header: Its 104 bytes.
        runs: In order; the first one begins at a keyframe.
    """

    path: str
    header: bytes
    runs: tuple[SourceRun, ...]


class GivenPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """The key period that a range is sealed under.

    Attributes:
        id: 16 bytes.
        root: 32 bytes.
        started_us: Wall clock at which its leaf 0 begins.
    """

    id: bytes
    root: bytes
    started_us: int
    monotonic: float = 0.0


class BeginRange(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Make a recorded range; said once and first.

    Attributes:
        folder: An empty directory, which takes the segments.
        sources: What to make it of, oldest first.
        from_us: Pictures before it only teach the engine; `until_us` is exclusive.
        keep: The track that stays clear; `None` for none.
        keep_kind: What it has to be; `None` for whatever it is.
    """

    making: Making
    folder: str
    period: GivenPeriod
    sources: tuple[SourceSegment, ...]
    from_us: int
    until_us: int
    keep: int | None = None
    keep_kind: TrackKind | None = None


class BeginStill(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Cover the latest picture of some recorded seconds and tell it; said once and first.

    Attributes:
        sources: What to make it of, oldest first; the earlier pictures teach the engine.
    """

    making: Making
    sources: tuple[SourceSegment, ...]


Order: TypeAlias = (
    Prepare
    | Begin
    | BeginRange
    | BeginStill
    | UnitCopied
    | Attach
    | Detach
    | RequestKeyframe
    | Stop
)
_ORDERS: Final = msgspec.msgpack.Decoder(Order)


def decode_order(message: bytes) -> Order:
    """Read an order; `msgspec.DecodeError` when it is none."""
    order: Order = _ORDERS.decode(message)
    return order
