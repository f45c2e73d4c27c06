"""Making signals known: node-signed to the hub and into the owner's log, a flood coalesced."""

from anyio import to_thread

from handfast.node import entries
from handfast.node.pep import LogUnwritableError, Pep
from handfast.node.ports import Bell, ToHub
from handfast.node.steady import SteadyClock
from handfast.protocol.signing import sign
from handfast.protocol.statements import SignalStatement
from handfast.seal.identity import Envelope, SigningKey
from handfast.storage.sqlite_node import SignalRow

AT_MOST_EVERY_US = 1_000_000
_MOST_UNLOGGED = 1000


class SignalAnnouncer:
    """At most one statement per second and signal; the last state always arrives."""

    def __init__(
        self,
        *,
        node: str,
        key: SigningKey,
        clock: SteadyClock,
        pep: Pep,
        hub: ToHub,
        bell: Bell,
    ) -> None:
        """Take whom to tell."""
        self._node = node
        self._key = key
        self._clock = clock
        self._pep = pep
        self._hub = hub
        self._bell = bell
        self._pending: dict[str, SignalRow] = {}
        self._unlogged: list[bytes] = []  # alarms taken while the log took nothing
        self._last_us: dict[str, int] = {}

    async def changed(self, row: SignalRow) -> None:
        """Make a change known now, or with the next `tick` when one went out just before."""
        self._pending[row.signal.kind] = row
        self._bell.ring("site")
        await self.tick()

    async def tick(self) -> None:
        """Send what is due."""
        now_us = self._clock.now_us()
        due = [
            kind
            for kind in self._pending
            if now_us - self._last_us.get(kind, -AT_MOST_EVERY_US) >= AT_MOST_EVERY_US
        ]
        for kind in due:
            row = self._pending.pop(kind)
            self._last_us[kind] = now_us
            await to_thread.run_sync(self._hub.put, "signal", self.statement(row))
            entry = entries.signal_entry(row.signal, row.raised_by, at_us=now_us)
            self._unlogged = [*self._unlogged, entry][-_MOST_UNLOGGED:]
        if self._unlogged:
            await self._log()

    async def _log(self) -> None:
        """Log what waits; an alarm is taken even when the log takes nothing."""
        waiting, self._unlogged = self._unlogged, []
        try:
            await self._pep.write(*waiting)
        except LogUnwritableError:
            self._unlogged = [*waiting, *self._unlogged][-_MOST_UNLOGGED:]

    def statement(self, row: SignalRow) -> Envelope:
        """Sign the state of a signal."""
        signal = row.signal
        return sign(
            SignalStatement(
                node=self._node,
                signal=signal.kind,
                episode=signal.episode,
                state=signal.state.value,
                test=signal.test,
                first_raised_us=signal.first_raised_us,
                raised_us=signal.raised_us,
                cleared_us=signal.cleared_us,
                lease_until_us=signal.lease_until_us,
                sequence=signal.sequence,
            ),
            self._key,
        )
