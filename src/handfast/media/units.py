"""What leaves a camera: access units, track configurations, and the sink that takes them."""

from enum import StrEnum
from typing import Final, Literal, Protocol, TypeAlias
from uuid import UUID

import msgspec

from handfast.model.media import Rendition, TrackKind

TICKS_PER_SECOND: Final = 90_000
"""Unit of `pts` and `dts` of every track: the RTP clock of video (RFC 6184 section 8.2.1)."""

VIDEO: Final = 0
AUDIO: Final = 1

StreamName: TypeAlias = Literal["main", "sub"]


class Codec(StrEnum):
    """The codings that are recorded; anything else is skipped (audio) or refused (video)."""

    H264 = "h264"
    H265 = "h265"
    AAC = "aac"
    PCMU = "pcmu"
    PCMA = "pcma"
    OPUS = "opus"


class CameraState(StrEnum):
    """Where one stream stands, as the sink and the pages show it."""

    CONNECTING = "connecting"
    PLAYING = "playing"
    WAITING = "waiting"  # failed; a next attempt is planned
    STOPPED = "stopped"  # removed by its owner, no further attempt


class KeptTrack(msgspec.Struct, frozen=True):
    """Whom one grant leaves clear in a live picture.

    Attributes:
        grant: Nobody else sees the pictures.
        track: A number that the process which makes the redacted rendition has given.
        kind: What it has to be; `None` for whatever it is.
        seen_in: Id of one of that process's redacted segments, 16 bytes. Another process
            counts anew, so without it a number would come to mean somebody else.
    """

    grant: str
    track: int
    kind: TrackKind | None
    seen_in: bytes


class StreamKey(msgspec.Struct, frozen=True, cache_hash=True, omit_defaults=True):
    """One stream of one camera, in one rendition.

    Attributes:
        camera: The camera's id.
        stream: `main` (full size) or `sub` (the small one).
        rendition: `clear` as it comes from the camera, or made from that.
        kept: Whom a live `unmasked` rendition leaves clear; `None` for all others.
    """

    camera: UUID
    stream: StreamName = "main"
    rendition: Rendition = Rendition.CLEAR
    kept: KeptTrack | None = None

    @property
    def source(self) -> "StreamKey":
        """What it is made from: the clear stream of the same camera."""
        return StreamKey(self.camera, self.stream)

    @property
    def redacted(self) -> "StreamKey":
        """The rendition of the same stream in which nobody is clear."""
        return StreamKey(self.camera, self.stream, Rendition.REDACTED)


class AccessUnit(msgspec.Struct, frozen=True, gc=False):
    """One picture, or one audio frame, exactly as the camera coded it.

    Attributes:
        track: `VIDEO` (0) or `AUDIO` (1).
        key: Decoding can start here (H.264 IDR, H.265 IRAP); always true for audio.
        pts: Presentation time, 90 kHz ticks, RTP timestamp unwrapped to 64 bit. Any origin:
            only differences within one configuration mean something.
        dts: Decoding time, same unit; strictly rises within a track, never above `pts`.
        data: Video: every NAL unit of the picture, byte-exact and in order (parameter sets and
            SEI included), each behind its length as 4 bytes big-endian. Audio: the raw frame
            (AAC without ADTS, G.711 samples, one Opus packet).
    """

    track: int
    key: bool
    pts: int
    dts: int
    data: bytes


class TrackConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a decoder must know before the first unit of a track.

    Attributes:
        track: `VIDEO` (0) or `AUDIO` (1).
        codec: How the units are coded.
        extradata: avcC (H.264) or hvcC (H.265) record (ISO/IEC 14496-15), AudioSpecificConfig
            (AAC), empty for the others.
        width: Picture width after cropping, px; 0 for audio.
        height: Picture height after cropping, px; 0 for audio.
        clock_rate: Samples per second for audio, 90,000 for video.
        channels: Audio channels; 0 for video.
    """

    track: int
    codec: Codec
    extradata: bytes = b""
    width: int = 0
    height: int = 0
    clock_rate: int = TICKS_PER_SECOND
    channels: int = 0


class Sink(Protocol):
    """Where a reader delivers. Called from the ingest thread only; must not block for long.

    Order for each stream: `configured` comes before the first `unit`, again after every
    reconnection (timestamps may then start anywhere), and again before the first key unit that
    needs new parameter sets. After `configured` the first video unit is a key unit. After a
    loss nothing is delivered until the next key unit.
    """

    def configured(self, stream: StreamKey, tracks: tuple[TrackConfig, ...]) -> None:
        """Take the tracks of the units that follow; video first."""
        ...

    def unit(self, stream: StreamKey, unit: AccessUnit, received_us: int) -> None:
        """Take one unit.

        Args:
            stream: Which stream.
            unit: The unit.
            received_us: Wall clock when it arrived, us since 1970 UTC; estimated between two
                reads (`ArrivalClock`), never in the future.
        """
        ...

    def state(self, stream: StreamKey, state: CameraState, reason: str) -> None:
        """Learn that the stream is now in `state`.

        Args:
            stream: Which stream.
            state: Its new state; every change is told once.
            reason: Empty, or `code: what happened; what to do`, without credentials.
        """
        ...
