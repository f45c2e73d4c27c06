"""From 32-bit RTP timestamps to the 64-bit presentation and decoding times of units."""

import heapq
from typing import Final

from handfast.media.units import TICKS_PER_SECOND

_WRAP: Final = 1 << 32
_HALF: Final = 1 << 31
_DEEPEST: Final = 16  # no standard allows more
_TYPICAL_FRAME: Final = 3600  # 25 pictures a second; only the first units after a start use it


class Unwrapper:
    """Extends RTP timestamps to 64 bit; a step of at least 2^31 counts as backwards."""

    def __init__(self) -> None:
        """Begin with the timestamp that comes first, plus 2^32 so that nothing is negative."""
        self._last = -1

    def extend(self, timestamp: int) -> int:
        """Return the 64-bit time of a 32-bit timestamp, in the same ticks."""
        # `nearby`, written out: this is called for each picture.
        last = self._last if self._last >= 0 else timestamp + _WRAP
        step = (timestamp - last) & (_WRAP - 1)
        self._last = last + (step if step < _HALF else step - _WRAP)
        return self._last

    def nearby(self, timestamp: int) -> int:
        """Return the 64-bit time of a timestamp; moves on to it only if it is the first."""
        if self._last < 0:
            self._last = timestamp + _WRAP
        step = (timestamp - self._last) & (_WRAP - 1)
        return self._last + (step if step < _HALF else step - _WRAP)


class DecodeOrder:
    """Derives decoding times from presentation times that come in decoding order.

    With a reorder depth of n (H.264 max_num_reorder_frames, H.265 sps_max_num_reorder_pics)
    at most n pictures overtake another one, so the k-th decoding time is the (k-n)-th smallest
    presentation time: it rises, and never exceeds its own presentation time. A min-heap of n+1
    times yields it at once, without waiting. The first n units borrow times before the
    first picture. A stream that does not state its depth begins with 0; when a picture then
    shows up before its predecessor, the depth is raised and the caller starts again at the
    next key unit, so that no delivered unit breaks the rule.
    """

    def __init__(self, depth: int) -> None:
        """Take the depth the stream states, or 0."""
        self.depth = depth
        self._heap: list[int] = []
        self._last = -1

    def restart(self, depth: int | None = None) -> None:
        """Forget the past (a loss, new parameter sets); keep rising all the same."""
        if depth is not None:
            self.depth = depth
        self._heap.clear()

    def next(self, pts: int) -> int | None:
        """Return the decoding time of the next unit, or None when it would exceed `pts`.

        After None call `learn`, and wait for a key unit.
        """
        if self.depth == 0:
            dts = pts
        else:
            if not self._heap:
                self._heap = [pts - _TYPICAL_FRAME * back for back in range(self.depth, 0, -1)]
            dts = heapq.heappushpop(self._heap, pts)
        if dts <= self._last:
            dts = self._last + 1
            if dts > pts:
                return None
        self._last = dts
        return dts

    def learn(self, pts: int) -> bool:
        """Deepen the order after `next(pts)` gave None.

        Returns:
            Whether that can help; False when time jumped back by more than a second, so that
            a new time line (a new `DecodeOrder`) is needed.
        """
        self._heap.clear()
        if self._last - pts > TICKS_PER_SECOND or self.depth >= _DEEPEST:
            return False
        self.depth += 1
        return True


class AudioClock:
    """Puts audio times on the video's time line, in 90 kHz ticks.

    RTP timestamps of two tracks start at unrelated numbers. Until both tracks have sent a
    sender report they are aligned by arrival, or by the RTP-Info of the PLAY answer; then by
    the reports. Corrections below `_TOLERATED` are left out, because each one is audible.
    """

    _TOLERATED: Final = TICKS_PER_SECOND // 25

    def __init__(self, clock_rate: int) -> None:
        """Take the audio track's ticks per second."""
        self._rate = clock_rate
        self._unwrap = Unwrapper()
        self._offset: int | None = None
        self._last = -1

    def place(self, timestamp: int, *, video_now: int) -> int:
        """Return the presentation time of the sample `timestamp`; strictly rises.

        Args:
            timestamp: 32-bit RTP timestamp of the frame's first sample.
            video_now: Presentation time of the newest video unit, for the first alignment.
        """
        own = self._unwrap.extend(timestamp) * TICKS_PER_SECOND // self._rate
        if self._offset is None:
            self._offset = video_now - own
        self._last = max(self._last + 1, own + self._offset)
        return self._last

    def align(self, timestamp: int, *, video_then: int) -> bool:
        """Learn that audio `timestamp` and video time `video_then` are the same instant.

        Returns:
            Whether the offset was corrected by an audible amount.
        """
        own = self._unwrap.nearby(timestamp) * TICKS_PER_SECOND // self._rate
        offset = video_then - own
        if self._offset is not None and abs(offset - self._offset) < self._TOLERATED:
            return False
        self._offset = offset
        return True
