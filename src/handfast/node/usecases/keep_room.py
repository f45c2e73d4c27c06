"""Retention: what is to go is planned, logged, and only then removed."""

import logging
from dataclasses import dataclass
from functools import partial

from anyio import to_thread

from handfast.kit.encoding import Json, b64
from handfast.node import entries
from handfast.node.metrics import NodeMetrics
from handfast.node.pep import LogUnwritableError, Pep
from handfast.node.steady import SteadyClock
from handfast.storage.retention import Retention, RetentionPlan
from handfast.storage.segment_files import SegmentFiles

_log = logging.getLogger(__name__)
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomPolicy:
    """How long recordings stay.

    Attributes:
        keep_us: Older ones go.
        min_free_bytes: Kept free on the fullest disk.
    """

    keep_us: int
    min_free_bytes: int


class KeepRoom:
    """Removes recordings by age and for room. Belongs to one event loop."""

    def __init__(
        self,
        *,
        retention: Retention,
        files: SegmentFiles,
        pep: Pep,
        clock: SteadyClock,
        metrics: NodeMetrics,
        policy: RoomPolicy,
    ) -> None:
        """Take what removing touches."""
        self._retention = retention
        self._files = files
        self._pep = pep
        self._clock = clock
        self._metrics = metrics
        self._policy = policy

    async def tick(self) -> int:
        """Remove what is due and return the bytes freed.

        A log that takes nothing must not stop recording: then only room is made, and the
        removal is written to the program's log instead.
        """
        now_us = self._clock.now_us()
        free = await to_thread.run_sync(self._files.free_bytes)
        want = max(self._policy.min_free_bytes - free, 0)
        plan = await self._plan(now_us, want, break_holds=False)
        if plan.shortfall_bytes:
            _log.error(
                "%d bytes short, and what is left is frozen or none", plan.shortfall_bytes
            )
            plan = await self._plan(now_us, want, break_holds=True)
        if not plan.removals:
            return 0
        try:
            await self._pep.write(_entry(plan, now_us))
        except LogUnwritableError:
            if not want:
                return 0
            _log.error("removing %d segments without an entry", len(plan.removals))
        apply = partial(self._retention.apply, plan, now_us=now_us)
        freed = await to_thread.run_sync(apply)
        self._metrics.removed_bytes.inc(freed)
        return freed

    async def _plan(self, now_us: int, want: int, *, break_holds: bool) -> RetentionPlan:
        return await to_thread.run_sync(
            partial(
                self._retention.plan,
                now_us,
                oldest_us=now_us - self._policy.keep_us,
                want_bytes=want,
                break_holds=break_holds,
            )
        )


def keep_days(days: float) -> int:
    """Return days in microseconds."""
    return int(days * _DAY_US)


def _entry(plan: RetentionPlan, now_us: int) -> bytes:
    body: dict[str, Json] = {
        "segments": [
            {"segment": b64(each.segment), "camera": str(each.camera), "why": each.why.value}
            for each in plan.removals
        ],
        "periods": [b64(period) for period in plan.periods],
        "frozen": len(plan.frozen),
        "bytes": plan.bytes,
    }
    return entries.event_entry("retention", body, at_us=now_us)
