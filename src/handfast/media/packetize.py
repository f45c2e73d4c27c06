"""NAL units into RTP payloads, as a camera does it (RFC 6184, RFC 7798)."""

from collections.abc import Iterable, Iterator
from typing import Final

from handfast.media import h264, h265
from handfast.media.units import Codec

MTU: Final = 1400
"""Most bytes of one RTP payload: what fits an Ethernet frame with room for tunnels."""


def payloads(codec: Codec, nals: Iterable[bytes], *, most: int = MTU) -> Iterator[bytes]:
    """Yield RTP payloads: single NAL units, and fragments of those that are too long."""
    for nal in nals:
        if len(nal) <= most:
            yield nal
        else:
            yield from fragments(codec, nal, most=most)


def fragments(codec: Codec, nal: bytes, *, most: int = MTU) -> Iterator[bytes]:
    """Cut one NAL unit into FU-A (H.264) or FU (H.265) payloads of at most `most` bytes."""
    if codec is Codec.H264:
        kind, body = nal[0] & 31, nal[1:]
        head = bytes((nal[0] & 0xE0 | h264.FU_A,))
    else:
        kind, body = h265.nal_type(nal), nal[2:]
        head = bytes((nal[0] & 0x81 | h265.FU << 1, nal[1]))
    room = most - len(head) - 1
    for start in range(0, len(body), room):
        first = 0x80 if start == 0 else 0
        last = 0x40 if start + room >= len(body) else 0
        yield head + bytes((first | last | kind,)) + body[start : start + room]
