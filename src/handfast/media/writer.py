"""The writer of one disk: its own thread, so that a slow or full disk stalls nobody else."""

import errno
import logging
import os
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from handfast.kit.clock import Clock
from handfast.media.feed import VolumeGauge, VolumeState
from handfast.media.lane import Lane, Outcome

_LOG = logging.getLogger(__name__)
MIB = 1 << 20
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_GOLDEN = 0.618034  # multiples of it, modulo 1, spread evenly however many there are


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePolicy:
    """When bytes are written, made durable, refused and tried again.

    Attributes:
        round_s: Time between two rounds over the queues.
        sync_after_s: A file is made durable when its oldest byte has this age, or up to
            `spread_s` sooner: each stream has its own, so that syncs do not meet. With a
            round and a sync that takes a second this stays below the 4 s of P12.
        spread_s: See `sync_after_s`.
        lane_bytes: A stream whose queue holds this much stores no further group of pictures.
        resume_bytes: A full disk is written to again when this much is free.
        retry_s: Time between two looks at a disk that is full or fails.
    """

    round_s: float = 0.25
    sync_after_s: float = 2.5
    spread_s: float = 0.75
    lane_bytes: int = 4 * MIB
    resume_bytes: int = 64 * MIB
    retry_s: float = 1.0


class Volume:
    """All segment files under one root, written by one thread.

    The ingest thread calls `lane`, `outcomes`, `accepts` and `gauge`; none of them touches
    the disk. `step` is one round; the thread of `start` calls it, or a test does.
    """

    def __init__(self, root: Path, *, clock: Clock, policy: WritePolicy | None = None) -> None:
        """Take the root, which must exist; nothing is written before the first round."""
        self.root = root
        self.policy = policy or WritePolicy()
        self._clock = clock
        self._lanes: list[Lane] = []  # changed by the ingest thread only
        self._made = 0
        self._outcomes: deque[Outcome] = deque()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        # Written by the writer thread, read by the ingest thread.
        self._state = VolumeState.WRITING
        self._reason = ""
        self._retry_at = 0.0
        self._free_bytes = 0
        self._looked_at = float("-inf")
        self._defects = 0

    def lane(self) -> Lane:
        """Return a new queue for one stream."""
        self._made += 1
        phase = self._made * _GOLDEN % 1 * self.policy.spread_s
        lane = Lane(
            self.root,
            clock=self._clock,
            sync_after_s=self.policy.sync_after_s - phase,
            post=self._outcomes.append,
        )
        self._lanes.append(lane)
        return lane

    def retire(self, lane: Lane) -> None:
        """Forget a lane whose last file is closed."""
        self._lanes.remove(lane)

    def accepts(self, lane: Lane) -> bool:
        """Say whether a new segment may begin on `lane` now.

        Also while the disk is full or fails: its queue holds some seconds, and if it comes
        round in time nothing is lost.
        """
        return lane.waiting < self.policy.lane_bytes

    def overflows(self, lane: Lane) -> bool:
        """Say whether even the group of pictures in progress must be cut off."""
        return lane.broken or lane.waiting >= 2 * self.policy.lane_bytes

    def outcomes(self) -> list[Outcome]:
        """Take what has been written and closed since the last call, in order."""
        taken = []
        while self._outcomes:
            taken.append(self._outcomes.popleft())
        return taken

    @property
    def state(self) -> VolumeState:
        """Whether the disk takes recordings."""
        return self._state

    def gauge(self) -> VolumeGauge:
        """Return where the disk stands; the age at risk is the worst since the last call."""
        return VolumeGauge(
            root=str(self.root),
            state=self._state,
            free_bytes=self._free_bytes,
            waiting_bytes=sum(lane.waiting for lane in self._lanes),
            seconds_at_risk=max((lane.worst_age_s() for lane in self._lanes), default=0.0),
            reason=self._reason,
        )

    def start(self) -> None:
        """Start the writer thread."""
        self._thread = threading.Thread(
            target=self._run, name=f"writer {self.root.name}", daemon=True
        )
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Write and make durable what is queued, then end the thread.

        A disk that does not answer within `timeout_s` is left behind: the next start-up
        scan cuts its files.
        """
        self._stop.set()
        if self._thread is None:
            self.step()
        else:
            self._thread.join(timeout_s)

    def step(self) -> None:
        """Do one round over all queues."""
        now = self._clock.monotonic()
        if now - self._looked_at >= self.policy.retry_s:
            self._look(now)
        for lane in tuple(self._lanes):
            try:
                lane.step()
            except OSError as error:
                self._fail(lane, error)

    def _run(self) -> None:
        while not self._stop.wait(self.policy.round_s):
            self._guarded_step()
        self._guarded_step()

    def _guarded_step(self) -> None:
        try:
            self.step()
        except Exception as error:  # noqa: BLE001 - the top of the supervised loop
            self._defects += 1
            if self._defects & (self._defects - 1) == 0:  # the 1st, 2nd, 4th, 8th time
                _LOG.exception("writing to %s failed (time %d)", self.root, self._defects)
            self._turn(VolumeState.FAILING, OSError(errno.EIO, repr(error)))

    def _look(self, now: float) -> None:
        """Measure free space, and take up work again on a disk that has room or rested."""
        self._looked_at = now
        try:
            facts = os.statvfs(self.root)
        except OSError as error:
            self._turn(VolumeState.FAILING, error)
            return
        self._free_bytes = facts.f_bavail * facts.f_frsize
        room = self._free_bytes >= self.policy.resume_bytes
        rested = now >= self._retry_at
        if rested and (room or self._state is VolumeState.FAILING):
            self._state, self._reason = VolumeState.WRITING, ""

    def _fail(self, lane: Lane, error: OSError) -> None:
        if error.errno in _NO_ROOM:
            self._turn(VolumeState.FULL, error)  # the queue holds, so nothing is lost yet
            return
        self._turn(VolumeState.FAILING, error)
        lane.abandon()

    def _turn(self, state: VolumeState, error: OSError) -> None:
        self._state = state
        self._retry_at = self._clock.monotonic() + self.policy.retry_s
        self._reason = f"{self.root}: {error.strerror}; " + (
            "waiting for retention to make room"
            if state is VolumeState.FULL
            else "check the disk and its mount"
        )
