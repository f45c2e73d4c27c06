"""Session descriptions: which tracks a camera offers, and how they are coded (RFC 8866)."""

import base64
import binascii
from dataclasses import dataclass, field, replace
from typing import Final

from handfast.media.faults import MediaFormatError

_MOST_BYTES: Final = 64 * 1024
_MOST_TRACKS: Final = 16
_MOST_CHANNELS: Final = 8
_HIGHEST_CLOCK: Final = 1_000_000

# Payload types that need no rtpmap (RFC 3551 table 4), as far as cameras use them.
_STATIC: Final[dict[int, tuple[str, int, int]]] = {0: ("PCMU", 8000, 1), 8: ("PCMA", 8000, 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLine:
    """One `m=` line with its attributes.

    Attributes:
        kind: `video`, `audio`, `application`, ...
        payload_type: The first format, 0 to 127.
        encoding: Name from rtpmap, upper case; empty when there is none.
        clock_rate: Ticks per second of the RTP timestamps; 0 when unknown.
        channels: Audio channels, at least 1.
        control: The track's address, absolute or relative; empty when there is none.
        fmtp: Format parameters, names in lower case.
    """

    kind: str
    payload_type: int
    encoding: str = ""
    clock_rate: int = 0
    channels: int = 1
    control: str = ""
    fmtp: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDescription:
    """A parsed SDP body.

    Attributes:
        control: The session's address; empty or `*` means the request's address.
        media: At least one track.
    """

    control: str
    media: tuple[MediaLine, ...]


def parse_sdp(body: bytes) -> SessionDescription:
    """Parse a DESCRIBE answer; unknown lines are passed over.

    Raises:
        MediaFormatError: No `v=0`, no `m=` line, a line without `=`, or absurd sizes.
    """
    if len(body) > _MOST_BYTES:
        raise MediaFormatError(f"SDP of {len(body)} bytes; at most {_MOST_BYTES} are read")
    control = ""
    media: list[MediaLine] = []
    for name, value in _fields(body.decode("utf-8", "replace")):
        if name == "m":
            media.append(_media_line(value))
        elif name == "a" and media:
            media[-1] = _with_attribute(media[-1], value)
        elif name == "a" and value.startswith("control:"):
            control = value.removeprefix("control:").strip()
    if not 0 < len(media) <= _MOST_TRACKS:
        raise MediaFormatError(
            f"SDP has {len(media)} media lines; 1 to {_MOST_TRACKS} are read"
        )
    return SessionDescription(control=control, media=tuple(media))


def _fields(text: str) -> list[tuple[str, str]]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "v=0":
        raise MediaFormatError("SDP does not begin with v=0")
    for line in lines:
        if line[1:2] != "=":
            raise MediaFormatError(f"SDP line {line[:40]!r} is cut short")
    return [(line[0], line[2:]) for line in lines]


def _media_line(value: str) -> MediaLine:
    words = value.split()
    if len(words) < 4 or not _is_number(words[3], 127):  # noqa: PLR2004 - kind port proto format
        raise MediaFormatError(f"SDP media line {value[:40]!r} names no payload type")
    payload_type = int(words[3])
    encoding, clock_rate, channels = _STATIC.get(payload_type, ("", 0, 1))
    return MediaLine(
        kind=words[0].lower(),
        payload_type=payload_type,
        encoding=encoding,
        clock_rate=clock_rate,
        channels=channels,
    )


def _with_attribute(media: MediaLine, attribute: str) -> MediaLine:
    name, _, value = attribute.partition(":")
    value = value.strip()
    if name == "control":
        return replace(media, control=value)
    payload_type, _, rest = value.partition(" ")
    if payload_type != str(media.payload_type):
        return media
    if name == "rtpmap":
        return _with_rtpmap(media, rest.strip())
    if name == "fmtp":
        return replace(media, fmtp=_parameters(rest))
    return media


def _with_rtpmap(media: MediaLine, value: str) -> MediaLine:
    encoding, _, rest = value.partition("/")
    clock_rate, _, channels = rest.partition("/")
    if not _is_number(clock_rate, _HIGHEST_CLOCK) or int(clock_rate) == 0:
        raise MediaFormatError(f"SDP rtpmap {value[:40]!r} names no clock rate")
    count = int(channels) if _is_number(channels, _MOST_CHANNELS) else 1
    return replace(
        media, encoding=encoding.upper(), clock_rate=int(clock_rate), channels=max(1, count)
    )


def _parameters(text: str) -> dict[str, str]:
    """Split `a=1; b=2`; values keep their case and may hold `=`."""
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name}


def parameter_sets(text: str) -> list[bytes]:
    """Decode comma-separated base64 NAL units (sprop-*); broken ones are left out.

    Cameras are known to send wrong padding here; the sets come again in band.
    """
    found = []
    for word in text.split(","):
        bare = word.strip().rstrip("=")
        try:
            found.append(base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True))
        except (binascii.Error, ValueError):
            continue
    return [nal for nal in found if nal]


def _is_number(word: str, highest: int) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 9 and int(word) <= highest  # noqa: PLR2004 - keeps int() cheap
