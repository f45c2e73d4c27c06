"""RTP and RTCP headers, as far as a receiver over TCP needs them (RFC 3550)."""

from dataclasses import dataclass
from typing import Final

from handfast.media.faults import MediaFormatError

HEADER: Final = 12  # bytes before the first CSRC (section 5.1)
MARKER: Final = 0x80
PLAIN: Final = 0x80  # first byte of a packet without padding, extension and CSRCs

_SENDER_REPORT: Final = 200
_RECEIVER_REPORT: Final = 201
_PAYLOAD_FEEDBACK: Final = 206  # RFC 4585 section 6.3
_REPORT_BYTES: Final = 28
_NTP_TO_UNIX_S: Final = 2_208_988_800


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderReport:
    """What ties a track's RTP timestamps to the camera's wall clock.

    Attributes:
        ssrc: Which source reports.
        camera_us: The camera's clock, microseconds since 1970 UTC; often wrong, only
            differences between tracks of one camera are used.
        timestamp: RTP timestamp of the same instant, 32 bit.
    """

    ssrc: int
    camera_us: int
    timestamp: int


def payload_range(packet: memoryview) -> tuple[int, int]:
    """Return where the payload of an RTP packet begins and ends (exclusive).

    Raises:
        MediaFormatError: Not version 2, or CSRCs, extension or padding exceed the packet.
    """
    size = len(packet)
    if size < HEADER or packet[0] >> 6 != 2:  # noqa: PLR2004 - RTP version
        raise MediaFormatError("packet has no RTP version 2 header")
    start = HEADER + 4 * (packet[0] & 15)
    if packet[0] & 0x10:
        if start + 4 > size:
            raise MediaFormatError("RTP header extension is cut short")
        start += 4 + 4 * (packet[start + 2] << 8 | packet[start + 3])
    stop = size - (packet[-1] if packet[0] & 0x20 else 0)
    if start > stop:
        raise MediaFormatError("RTP header, extension and padding exceed the packet")
    return start, stop


def sender_report(packet: bytes) -> SenderReport | None:
    """Find the sender report in a compound RTCP packet (section 6.4.1), or None."""
    position = 0
    while position + 4 <= len(packet):
        size = 4 + 4 * int.from_bytes(packet[position + 2 : position + 4], "big")
        if packet[position] >> 6 != 2 or position + size > len(packet):  # noqa: PLR2004 - RTP version
            return None
        if packet[position + 1] == _SENDER_REPORT and size >= _REPORT_BYTES:
            return _read_report(packet[position : position + _REPORT_BYTES])
        position += size
    return None


def _read_report(report: bytes) -> SenderReport:
    seconds = int.from_bytes(report[8:12], "big") - _NTP_TO_UNIX_S
    fraction = int.from_bytes(report[12:16], "big")
    return SenderReport(
        ssrc=int.from_bytes(report[4:8], "big"),
        camera_us=seconds * 1_000_000 + (fraction * 1_000_000 >> 32),
        timestamp=int.from_bytes(report[16:20], "big"),
    )


def picture_loss(own_ssrc: int, media_ssrc: int) -> bytes:
    """Build the RTCP packet that asks a camera for a keyframe.

    An empty receiver report leads, because a compound packet must begin with a report
    (RFC 3550 section 6.1); the picture loss indication is RFC 4585 section 6.3.1.
    """
    own = own_ssrc.to_bytes(4, "big")
    report = bytes((0x80, _RECEIVER_REPORT, 0, 1)) + own
    return report + bytes((0x81, _PAYLOAD_FEEDBACK, 0, 2)) + own + media_ssrc.to_bytes(4, "big")


def is_picture_loss(packet: bytes) -> bool:
    """Tell whether a compound RTCP packet asks for a keyframe (PLI or FIR)."""
    position = 0
    while position + 4 <= len(packet):
        if packet[position + 1] == _PAYLOAD_FEEDBACK and packet[position] & 31 in {1, 4}:
            return True
        position += 4 + 4 * int.from_bytes(packet[position + 2 : position + 4], "big")
    return False


def interleave(channel: int, packet: bytes) -> bytes:
    """Frame one RTP or RTCP packet for an RTSP connection (RFC 2326 section 10.12)."""
    return b"$" + bytes((channel,)) + len(packet).to_bytes(2, "big") + packet
