"""New key periods without waiting: a store commits them on a thread of its own."""

import logging
import threading
from collections import deque
from typing import Protocol
from uuid import UUID

from handfast.kit.clock import Clock
from handfast.kit.errors import HandfastError
from handfast.media.units import StreamKey
from handfast.model.media import Rendition, Stream

_LOG = logging.getLogger(__name__)
_STOP_S = 10.0


class Period(Protocol):
    """What a recorder needs of a key period (segment-format.md, "Keys")."""

    @property
    def id(self) -> bytes:
        """16 random bytes."""
        ...

    @property
    def root(self) -> bytes:
        """32 random bytes."""
        ...

    @property
    def started_us(self) -> int:
        """Wall clock when leaf 0 began."""
        ...

    @property
    def monotonic(self) -> float:
        """Monotonic clock at that instant, seconds."""
        ...


class PeriodStore(Protocol):
    """Where roots are kept. Safe from any thread."""

    def new_period(
        self,
        camera: UUID,
        stream: Stream,
        rendition: Rendition,
        *,
        started_us: int,
        monotonic: float,
    ) -> Period:
        """Make a period with a fresh root; durable on return.

        Raises:
            HandfastError: Not now; ask again.
        """
        ...


class PeriodMint:
    """Takes orders for periods on the ingest thread and fills them on its own.

    A commit on a busy disk takes as long as it takes; meanwhile recording goes on in the
    old period, or waits for its first one.
    """

    def __init__(self, store: PeriodStore, *, clock: Clock, retry_s: float = 1.0) -> None:
        """Take the store; `start` starts the thread, or a test calls `step`."""
        self._store = store
        self._clock = clock
        self._retry_s = retry_s
        self._orders: deque[StreamKey] = deque()
        self._ready: dict[StreamKey, Period] = {}
        self._wake = threading.Event()
        self._stopping = False
        self._defects = 0
        self._thread: threading.Thread | None = None

    def order(self, stream: StreamKey) -> None:
        """Ask for a new period; it begins when it is made. Ingest thread."""
        self._orders.append(stream)
        self._wake.set()

    def take(self, stream: StreamKey) -> Period | None:
        """Return the period ordered for `stream`, once; `None` while it is not there."""
        return self._ready.pop(stream, None)

    def has(self, stream: StreamKey) -> bool:
        """Say whether `take` would return a period."""
        return stream in self._ready

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="periods", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; open orders are dropped, and a disk that hangs is left behind."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)

    def step(self) -> bool:
        """Fill the orders there are; `False` when the store cannot, then they stay."""
        while self._orders:
            stream = self._orders[0]
            try:
                self._ready[stream] = self._store.new_period(
                    stream.camera,
                    Stream(stream.stream),
                    stream.rendition,
                    started_us=self._clock.now_us(),
                    monotonic=self._clock.monotonic(),
                )
            except HandfastError as error:
                _LOG.warning("no new key period for %s: %s", stream.camera, error)
                return False
            self._orders.popleft()
        return True

    def _guarded_step(self) -> bool:
        try:
            return self.step()
        except Exception:  # noqa: BLE001 - the top of the supervised loop
            self._defects += 1
            if self._defects & (self._defects - 1) == 0:  # the 1st, 2nd, 4th, 8th time
                _LOG.exception("making a key period failed (time %d)", self._defects)
            return False

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            filled = self._guarded_step()
            if not self._stopping:
                self._wake.wait(None if filled else self._retry_s)
