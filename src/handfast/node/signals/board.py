"""The site's signals: what holds now, who raised it, who must be told."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeGuard

from anyio import Lock, to_thread

from handfast.kit.errors import ConflictError, DeniedError, NotFoundError
from handfast.kit.ids import Ids
from handfast.model.signal import (
    EpisodeId,
    LeaseTerms,
    Raise,
    Signal,
    SignalState,
    clear_signal,
    expire_signal,
    raise_signal,
)
from handfast.node.ports import Signals
from handfast.node.steady import SteadyClock
from handfast.protocol.wire import PanelReport
from handfast.storage.sqlite_node import SignalRow

Changed = Callable[[SignalRow], Awaitable[None]]


class SignalBoard:
    """Keeps every signal as a lease. Belongs to one event loop; durable before it speaks."""

    def __init__(
        self, *, store: Signals, clock: SteadyClock, ids: Ids, terms: LeaseTerms
    ) -> None:
        """Continue with what is stored: a raised signal stays raised while its lease runs."""
        self._store = store
        self._clock = clock
        self._ids = ids
        self._terms = terms
        self._lock = Lock()
        self._rows: dict[str, SignalRow] = {row.signal.kind: row for row in store.all()}
        self._listeners: list[Changed] = []
        self._moved: set[str] = set()  # by a clock that was set back; not stored yet
        clock.on_step_back(self._step_back)

    def on_change(self, listener: Changed) -> None:
        """Be told of every change, after it is durable, in order."""
        self._listeners.append(listener)

    def rows(self) -> tuple[SignalRow, ...]:
        """Return every signal as last made known."""
        return tuple(self._rows.values())

    def at(self, now_us: int) -> Mapping[str, Signal]:
        """Return the signals as they stand at an instant, leases that ran out cleared."""
        return {
            kind: expire_signal(row.signal, now_us=now_us) for kind, row in self._rows.items()
        }

    def reopened_us(self, kind: str) -> int:
        """Return when an owner's device last raised a signal by hand; 0 for never."""
        row = self._rows.get(kind)
        return 0 if row is None else row.reopened_us

    async def report(self, report: PanelReport) -> Signal:
        """Act on a panel's report that `check_report` has accepted.

        Raises:
            ConflictError: A renewal of what is not raised, or a test during an alarm.
            DeniedError: Another panel's alarm is to be cleared.
        """
        by = f"panel:{report.panel}"
        async with self._lock:
            before = self._current(report.signal)
            if report.state == "clear":
                return await self._clear(before, by=by)
            if report.state == "renew" and not _is_raised(before):
                raise ConflictError(f"{report.signal} is not raised; raise it again")
            lease_us = report.lease_s * 1_000_000 or None
            return await self._raise(report.signal, by=by, test=report.test, lease_us=lease_us)

    async def switch(self, kind: str, *, device: str, up: bool, test: bool) -> Signal:
        """Raise or clear by an owner's hand, whose statement has been verified.

        Raises:
            NotFoundError: There is nothing of this kind to clear.
            ConflictError: A test during an alarm.
        """
        async with self._lock:
            by = f"device:{device}"
            if not up:
                return await self._clear(self._current(kind), by=by)
            longest_us = self._terms.longest_us
            return await self._raise(kind, by=by, test=test, lease_us=longest_us)

    async def expire(self) -> None:
        """Clear what nobody has renewed in time."""
        async with self._lock:
            now_us = self._clock.now_us()
            for row in self.rows():
                now = expire_signal(row.signal, now_us=now_us)
                if now is not row.signal or row.signal.kind in self._moved:
                    self._moved.discard(row.signal.kind)
                    await self._put(replace(row, signal=now))

    def _step_back(self, us: int) -> None:
        """The clock was set back: everything keeps its distance from now."""
        for kind, row in self._rows.items():
            before = row.signal
            moved = replace(
                before,
                first_raised_us=before.first_raised_us - us,
                raised_us=before.raised_us - us,
                cleared_us=None if before.cleared_us is None else before.cleared_us - us,
                lease_until_us=before.lease_until_us - us,
                sequence=before.sequence + 1,
            )
            reopened_us = max(row.reopened_us - us, 0)
            self._rows[kind] = replace(row, signal=moved, reopened_us=reopened_us)
            self._moved.add(kind)

    def _current(self, kind: str) -> SignalRow | None:
        row = self._rows.get(kind)
        if row is None:
            return None
        return replace(row, signal=expire_signal(row.signal, now_us=self._clock.now_us()))

    async def _raise(self, kind: str, *, by: str, test: bool, lease_us: int | None) -> Signal:
        before = self._current(kind)
        if _is_raised(before) and test and not before.signal.test:
            raise ConflictError(f"{kind} is raised in earnest; test it when it has cleared")
        now_us = self._clock.now_us()
        signal = raise_signal(
            None if before is None else before.signal,
            Raise(kind=kind, test=test, lease_us=lease_us),
            now_us=now_us,
            new_episode=EpisodeId(str(self._ids.uuid7())),
            terms=self._terms,
        )
        by_hand = by.startswith("device:")
        reopened_us = now_us if by_hand else self.reopened_us(kind)
        # While it is raised, whoever raised it first stays its source.
        raised_by = by
        if _is_raised(before) and before.signal.test == test and not by_hand:
            raised_by = before.raised_by
        await self._put(SignalRow(signal=signal, raised_by=raised_by, reopened_us=reopened_us))
        return signal

    async def _clear(self, before: SignalRow | None, *, by: str) -> Signal:
        if before is None:
            raise NotFoundError("there is no such signal to clear; see the panel's signals")
        if by.startswith("panel:") and by != before.raised_by:
            raise DeniedError("another source raised it; clear it there or at the owner's page")
        cleared = clear_signal(before.signal, now_us=self._clock.now_us())
        if cleared != self._rows[cleared.kind].signal:
            await self._put(replace(before, signal=cleared))
        return cleared

    async def _put(self, row: SignalRow) -> None:
        # What closes a door holds at once; what opens one only when it is durable.
        if not _is_raised(row):
            self._rows[row.signal.kind] = row
        await to_thread.run_sync(self._store.put, row)
        self._rows[row.signal.kind] = row
        for listener in self._listeners:
            await listener(row)


def _is_raised(row: SignalRow | None) -> TypeGuard[SignalRow]:
    return row is not None and row.signal.state is SignalState.RAISED
