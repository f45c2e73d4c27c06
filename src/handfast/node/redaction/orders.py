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


class Begin(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Make one rendition; said once and first.

    Attributes:
        stream: What is made; its rendition is `redacted`.
        owner: Stands in every segment.
        how: What is covered.
        width: Largest width of a picture, px; `height` likewise.
        fps: Most pictures a second, 1 to 30; fewer when the machine is busy.
        bitrate_bps: Most bits a second.
        scratch: A directory that exists; nothing is kept in it.
    """

    stream: StreamKey
    owner: UUID
    how: CameraRedaction
    width: int = 960
    height: int = 540
    fps: int = 10
    bitrate_bps: int = 1_500_000
    scratch: str


Order: TypeAlias = Begin | UnitCopied | Attach | Detach | RequestKeyframe | Stop
_ORDERS: Final = msgspec.msgpack.Decoder(Order)


def decode_order(message: bytes) -> Order:
    """Read an order; `msgspec.DecodeError` when it is none."""
    order: Order = _ORDERS.decode(message)
    return order
