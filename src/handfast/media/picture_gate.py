"""Decides which pictures go out: complete ones, from a key unit on, with rising times."""

from typing import Final, Protocol

from handfast.media.counters import Counters
from handfast.media.parameter_sets import ParameterSets
from handfast.media.timeline import DecodeOrder, Unwrapper
from handfast.media.units import TICKS_PER_SECOND, VIDEO, AccessUnit, TrackConfig

_LEADING: Final = 2 * TICKS_PER_SECOND  # leading pictures lie within this before their key


class Pictures(Protocol):
    """Where a video track delivers."""

    def reconfigured(self, config: TrackConfig) -> None:
        """Take the configuration of the pictures that follow."""
        ...

    def picture(self, unit: AccessUnit) -> None:
        """Take one complete picture."""
        ...

    def spoiled(self) -> None:
        """Learn of a packet that contradicts its payload format."""
        ...


class PictureGate:
    """Puts pictures on the time line; holds them back after a loss. Ingest thread only.

    Attributes:
        newest: Presentation time of the newest picture that went out.
        wants_key: The camera may be asked for a keyframe; whoever asks clears it.
    """

    _TRACK: Final = VIDEO

    def __init__(self, sets: ParameterSets, out: Pictures, counters: Counters) -> None:
        """Take the track's parameter sets and where to deliver."""
        self.newest = 0
        self.wants_key = False
        self._sets = sets
        self._out = out
        self._counters = counters
        self._synced = False  # the units since the last key unit are complete
        self._start = 0  # presentation time of the key unit that synced us
        self._stale = True  # decoders must be told the configuration
        self._unwrap = Unwrapper()
        self._order = DecodeOrder(sets.reorder())

    def time_of(self, timestamp: int) -> int:
        """Return the presentation time of a nearby 32-bit RTP timestamp."""
        return self._unwrap.nearby(timestamp)

    def take(self, timestamp: int, data: bytes, *, key: bool, changed: bool) -> None:
        """Deliver a complete picture, or count why not.

        Args:
            timestamp: RTP timestamp, 32 bit.
            data: As in `AccessUnit`.
            key: Decoding can start with it.
            changed: It brought new parameter sets.
        """
        self._stale = self._stale or changed
        if self._stale and key:
            self._reconfigure()
        if self._stale or not (self._synced or key):
            self._counters.dropped_units += 1
            self.wants_key = True
            return
        pts = self._unwrap.extend(timestamp)
        if not self._synced:
            self._order.restart()
            self._synced = True
            self._start = pts
        elif 0 < self._start - pts < _LEADING:
            # Shown before the key picture it follows: it builds on pictures we never had
            # (H.265 RASL, 3.111), and no decoder would show it.
            self._counters.dropped_units += 1
            return
        dts = self._order.next(pts)
        if dts is None:
            self._learn_order(pts)
            return
        self.newest = pts
        counters = self._counters
        counters.units += 1
        if key:
            counters.key_units += 1
        self._out.picture(AccessUnit(self._TRACK, key, pts, dts, data))

    def lose(self) -> None:
        """Something is missing: wait for the next key unit."""
        if self._synced:
            self._counters.losses += 1
        self._synced = False
        self.wants_key = True

    def restart(self) -> None:
        """Another source sends now: its times have nothing to do with the past."""
        self.lose()
        self._stale = True
        self._unwrap = Unwrapper()
        self._order = DecodeOrder(self._order.depth)

    def _reconfigure(self) -> None:
        config = self._sets.config()
        if config is not None:
            self._order.restart(max(self._order.depth, self._sets.reorder()))
            self._stale = False
            self._out.reconfigured(config)

    def _learn_order(self, pts: int) -> None:
        """Start again at the next key unit: with a deeper order, or on a new time line."""
        self._counters.reorder_learned += 1
        if not self._order.learn(pts):
            self._order = DecodeOrder(self._sets.reorder())
            self._stale = True
        self.lose()
