"""One simulated camera sending to one viewer, locked to the wall clock and paced."""

import asyncio
from typing import Final, Protocol

from handfast.kit.clock import Clock
from handfast.media.marks import FrameMark
from handfast.media.sim_packets import PacketLoop, PacketRow
from handfast.media.units import TICKS_PER_SECOND

FPS: Final = 25
PICTURE_US: Final = 1_000_000 // FPS
_BURSTS: Final = 4
_BETWEEN_BURSTS_S: Final = 0.004
_REPORT_US: Final = 5_000_000
_MOST_UNSENT: Final = 4 << 20
_NTP_TO_UNIX_S: Final = 2_208_988_800


class Out(Protocol):
    """Where packets go: an asyncio transport."""

    def write(self, data: bytes) -> None:
        """Send without waiting."""
        ...

    def get_write_buffer_size(self) -> int:
        """Return how many bytes the network has not taken yet."""
        ...


def due_us(camera: int, number: int) -> int:
    """Return when camera number `camera` sends its picture `number` (us since 1970 UTC).

    Picture numbers count from 1970 at 25 a second; cameras are spread over the 40 ms.
    """
    return number * PICTURE_US + camera * 7919 % 40 * 1000


class Player:
    """Sends one clip for ever. One asyncio task."""

    def __init__(self, loop: PacketLoop, out: Out, *, camera: int, clock: Clock) -> None:
        """Take the clip and where it goes; `camera` decides phase, SSRC and first picture."""
        self._loop = loop
        self._out = out
        self._camera = camera
        self._clock = clock
        self._ssrc = camera + 1
        self._sequence = camera * 1000 & 0xFFFF
        self._jump = True

    def jump_to_key(self) -> None:
        """Continue with the next key picture of the clip instead of the next picture."""
        self._jump = True

    async def play(self) -> None:
        """Send until cancelled, or until the viewer takes nothing any more."""
        rows = self._loop.rows
        number = (self._clock.now_us() - due_us(self._camera, 0)) // PICTURE_US + 1
        place = (number + 7 * self._camera) % len(rows)
        report_at = 0
        while self._out.get_write_buffer_size() < _MOST_UNSENT:
            due = due_us(self._camera, number)
            await asyncio.sleep(max(0.0, (due - self._clock.now_us()) / 1e6))
            if self._jump:
                self._jump, place = False, self._loop.key_after(place)
            row = rows[place]
            timestamp = (number + row.delay) * TICKS_PER_SECOND // FPS & 0xFFFFFFFF
            if due >= report_at:
                report_at = due + _REPORT_US
                decoding = number * TICKS_PER_SECOND // FPS & 0xFFFFFFFF
                self._out.write(sender_report(due, ssrc=self._ssrc, timestamp=decoding))
            await self._send(row, number, timestamp)
            number += 1
            place = (place + 1) % len(rows)

    async def _send(self, row: PacketRow, number: int, timestamp: int) -> None:
        """Send one picture in four bursts, as an encoder's output trickles."""
        count = len(row.starts) - 1
        step = max(1, -(-count // _BURSTS)) if count > _BURSTS else count
        sent_us = self._clock.now_us()
        for first in range(0, count, step):
            if first:
                await asyncio.sleep(_BETWEEN_BURSTS_S)
            last = min(first + step, count)
            row.mark(FrameMark(number, sent_us, row.index))
            numbers = self._sequence, timestamp, self._ssrc
            self._out.write(row.stamp(first, last, numbers=numbers))
            self._sequence = (self._sequence + last - first) & 0xFFFF


def sender_report(now_us: int, *, ssrc: int, timestamp: int, channel: int = 1) -> bytes:
    """Build an interleaved RTCP sender report (RFC 3550 section 6.4.1), counts left zero."""
    seconds, rest = divmod(now_us, 1_000_000)
    report = bytes((0x80, 200, 0, 6)) + ssrc.to_bytes(4, "big")
    report += (seconds + _NTP_TO_UNIX_S).to_bytes(4, "big")
    report += ((rest << 32) // 1_000_000).to_bytes(4, "big")
    report += timestamp.to_bytes(4, "big") + bytes(8)
    return b"$" + bytes((channel,)) + len(report).to_bytes(2, "big") + report
