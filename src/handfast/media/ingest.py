"""All cameras of one process, read by one thread in steps of 250 ms.

Waking on a fixed tick instead of on every packet is the largest single saving: one read per
camera and tick takes about thirty packets, and what it needs comes into the processor's cache
once for all of them. One receive buffer serves all cameras, so that it stays in the cache and
a camera costs memory only for what it has not finished.
"""

import logging
import select
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from threading import Event
from typing import Final, NamedTuple, Protocol

from handfast.kit.clock import Clock
from handfast.kit.ids import Ids
from handfast.media.counters import Counters
from handfast.media.fallback import FallbackReader
from handfast.media.faults import CameraFaultError, FaultCode
from handfast.media.link import Link
from handfast.media.reader import CameraReader
from handfast.media.resolve import Resolver
from handfast.media.source import CameraSource
from handfast.media.stream_status import StreamStatus
from handfast.media.units import CameraState, Sink, StreamKey
from handfast.media.urgent import UrgentPoll

TICK_S: Final = 0.25
"""About six pictures of a camera are read at once, which keeps its state in the processor's
cache. Single short runs on a busy machine gave 0.17 CPU-s per stream-minute, 0.21 at 80 ms.
`ArrivalClock` still says when each came, and watched cameras (`hurry`) do not wait."""

_TIMERS_S: Final = 0.1
_BUFFER: Final = 1 << 20

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStats:
    """A copy of what is known about one stream.

    Attributes:
        state: As told to the sink last.
        reason: Why, empty while all is well.
        counters: Everything counted since the stream was added.
    """

    state: CameraState
    reason: str
    counters: Counters


class Reader(Protocol):
    """What the loop needs of either reader. Ingest thread only.

    Attributes:
        status: What the sink was told, what was counted, when the next attempt is due.
        source: What is read.
    """

    status: StreamStatus
    source: CameraSource

    @property
    def link(self) -> Link | None:
        """The connection to wait on, None when there is none."""
        ...

    def tick(self, now: float) -> None:
        """Do what time demands; `now` is monotonic seconds."""
        ...

    def stir(self, buffer: bytearray, view: memoryview) -> None:
        """Take what the connection has; `buffer` and `view` are scratch space."""
        ...

    def request_keyframe(self) -> None:
        """Ask the camera for a keyframe soon."""
        ...

    def fail(self, fault: CameraFaultError) -> None:
        """End this attempt and plan the next one."""
        ...

    def stop(self) -> None:
        """End the stream for good."""
        ...


class _Watch(NamedTuple):
    """What is registered for one descriptor."""

    reader: Reader
    link: Link
    writing: bool


class IngestLoop:
    """Reads any number of cameras.

    `run` (or `run_once`) belongs to one thread, which also makes every call to the sink. `add`,
    `remove`, `request_keyframe` and `stats` may be called from any thread.
    """

    def __init__(
        self,
        cameras: Iterable[CameraSource],
        sink: Sink,
        *,
        clock: Clock,
        ids: Ids,
        tick_s: float = TICK_S,
    ) -> None:
        """Take the cameras to begin with and where they deliver."""
        self._sink = sink
        self._clock = clock
        self._ids = ids
        self._tick_s = tick_s
        self._resolver = Resolver()
        self._orders: deque[Callable[[], None]] = deque()  # other threads append
        self._readers: dict[StreamKey, Reader] = {}
        self._poll = select.epoll()
        self._urgent = UrgentPoll()
        self._watched: dict[int, _Watch] = {}  # by descriptor
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._timers_at = 0.0
        for camera in cameras:
            self.add(camera)

    def add(self, source: CameraSource) -> None:
        """Begin to read a stream; one with the same key is replaced."""
        self._orders.append(lambda: self._add(source))

    def remove(self, key: StreamKey) -> None:
        """Stop reading a stream; an unknown key is ignored."""
        self._orders.append(lambda: self._remove(key))

    def request_keyframe(self, key: StreamKey) -> None:
        """Ask a camera for a keyframe soon; an unknown key is ignored."""
        self._orders.append(lambda: self._request_keyframe(key))

    def hurry(self, key: StreamKey) -> None:
        """Let `urgent_fileno` and `run_urgent` speak of a stream that somebody watches."""
        self._orders.append(lambda: self._hurry(key))

    def relax(self, key: StreamKey) -> None:
        """Undo `hurry`; an unknown key is ignored."""
        self._orders.append(lambda: self._urgent.relax(key))

    def urgent_fileno(self) -> int:
        """Return a descriptor that is readable while a hurried camera has sent something."""
        return self._urgent.fileno()

    def stats(self) -> dict[StreamKey, StreamStats]:
        """Copy what is known about every stream."""
        return {
            key: StreamStats(
                state=reader.status.state,
                reason=reader.status.reason,
                counters=replace(
                    reader.status.counters, faults=dict(reader.status.counters.faults)
                ),
            )
            for key, reader in list(self._readers.items())
        }

    def run(self, stop: Event) -> None:
        """Read until `stop` is set, then end every session."""
        following = self._clock.monotonic()
        while not stop.is_set():
            self.run_once()
            now = self._clock.monotonic()
            following = max(following + self._tick_s, now)
            stop.wait(following - now)
        self.close()

    def run_once(self) -> None:
        """Take what all cameras have sent; returns without waiting."""
        while self._orders:
            self._orders.popleft()()
        self._stir(descriptor for descriptor, _ in self._poll.poll(0))
        now = self._clock.monotonic()
        if now >= self._timers_at:
            self._timers_at = now + _TIMERS_S
            for reader in list(self._readers.values()):
                self._tick(reader, now)

    def run_urgent(self) -> None:
        """Take what hurried cameras have sent; the others wait for `run_once`."""
        self._stir(self._urgent.ready())

    def close(self) -> None:
        """End every session and give back all resources."""
        for key in list(self._readers):
            self._remove(key)
        self._resolver.close()
        self._urgent.close()
        self._poll.close()

    def _add(self, source: CameraSource) -> None:
        self._remove(source.key)
        reader: Reader
        if source.reader == "pyav":
            reader = FallbackReader(source, self._sink, clock=self._clock, ids=self._ids)
        else:
            reader = CameraReader(
                source, self._sink, clock=self._clock, ids=self._ids, resolver=self._resolver
            )
        self._readers[source.key] = reader
        self._tick(reader, self._clock.monotonic())

    def _remove(self, key: StreamKey) -> None:
        if reader := self._readers.pop(key, None):
            self._guard(reader, reader.stop)

    def _request_keyframe(self, key: StreamKey) -> None:
        if reader := self._readers.get(key):
            reader.request_keyframe()

    def _hurry(self, key: StreamKey) -> None:
        reader = self._readers.get(key)
        self._urgent.hurry(key, reader.link if reader else None)

    def _stir(self, descriptors: Iterable[int]) -> None:
        for descriptor in descriptors:
            watch = self._watched[descriptor]
            self._guard(watch.reader, partial(watch.reader.stir, self._buffer, self._view))
            if watch.reader.link is not watch.link or watch.link.wants_write != watch.writing:
                self._watch(watch.reader)

    def _tick(self, reader: Reader, now: float) -> None:
        self._guard(reader, partial(reader.tick, now))
        self._watch(reader)

    def _watch(self, reader: Reader) -> None:
        """Tell the kernel what to wake for; a closed descriptor has left epoll by itself."""
        link = reader.link
        if link is None:
            return
        descriptor, writing = link.fileno(), link.wants_write
        known = self._watched.get(descriptor)
        events = select.EPOLLIN | (select.EPOLLOUT if writing else 0)
        if known is None or known.link is not link:
            self._poll.register(descriptor, events)
        elif known.writing != writing:
            self._poll.modify(descriptor, events)
        self._watched[descriptor] = _Watch(reader, link, writing)
        self._urgent.connected(reader.source.key, link)

    def _guard(self, reader: Reader, step: Callable[[], None]) -> None:
        """Run one camera's step; whatever goes wrong there ends that camera's attempt only."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the top of the supervised loop: a failing sink ends here
            _LOG.exception("stream %s: reading failed", reader.source.key)
            name = error.__class__.__name__
            fault = CameraFaultError(FaultCode.SINK, f"{name} while delivering")
            self._guard(reader, partial(reader.fail, fault))  # tells a state at most once more
