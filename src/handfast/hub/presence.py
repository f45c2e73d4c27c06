"""Which nodes are there, by their heartbeats. In memory: heartbeats are never stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from handfast.kit.clock import Clock
from handfast.protocol.wire import CameraHealth, Heartbeat

GONE_AFTER_S: Final = 6.0  # three heartbeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A node's newest heartbeat.

    Attributes:
        at: Monotonic seconds.
        at_us: Wall clock of the hub.
    """

    at: float
    at_us: int
    cameras: Sequence[CameraHealth]


class Presence:
    """Who was heard when. Event loop only."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nobody."""
        self._clock = clock
        self._seen: dict[str, Seen] = {}
        self._online: set[str] = set()

    def hear(self, node: str, heartbeat: Heartbeat) -> bool:
        """Note a heartbeat; `True` when the node came or its cameras changed."""
        before = self._seen.get(node)
        self._seen[node] = Seen(
            at=self._clock.monotonic(),
            at_us=self._clock.now_us(),
            cameras=tuple(heartbeat.cameras),
        )
        came = node not in self._online
        self._online.add(node)
        return came or before is None or before.cameras != self._seen[node].cameras

    def sweep(self) -> list[str]:
        """Return the nodes that have gone since the last sweep."""
        now = self._clock.monotonic()
        gone = [node for node in self._online if now - self._seen[node].at > GONE_AFTER_S]
        self._online.difference_update(gone)
        return gone

    def is_online(self, node: str) -> bool:
        """Tell whether a node was heard lately."""
        return node in self._online

    def seen_us(self, node: str) -> int | None:
        """Return when a node was last heard."""
        seen = self._seen.get(node)
        return None if seen is None else seen.at_us

    @property
    def online(self) -> int:
        """How many nodes are there."""
        return len(self._online)
