"""The owner's hand: close one grant or everything, raise or clear a signal."""

from dataclasses import dataclass

import msgspec
from anyio import to_thread

from handfast.kit.errors import NotFoundError
from handfast.model.access import Reason
from handfast.model.signal import Signal
from handfast.node import entries
from handfast.node.judge import Judge
from handfast.node.open_grants import OpenGrants
from handfast.node.owner_devices import OwnerDevices
from handfast.node.pep import Logged, LogUnwritableError, Pep
from handfast.node.ports import Bell, Requests
from handfast.node.signals.board import SignalBoard
from handfast.node.steady import SteadyClock
from handfast.protocol.statements import Closing, LogProof, Switch
from handfast.seal.identity import Envelope
from handfast.storage.sqlite_node import ClosingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseParts:
    """What the owner's hand touches; built once by `app`."""

    clock: SteadyClock
    pep: Pep
    judge: Judge
    board: SignalBoard
    grants: OpenGrants
    requests: Requests
    devices: OwnerDevices
    bell: Bell


class Shut(msgspec.Struct, frozen=True, kw_only=True):
    """What a closing did.

    Attributes:
        ended: How many accesses it ended.
        log: Proof that it stands in the owner's log; `None` when the log took nothing.
    """

    ended: int
    log: LogProof | None


class CloseAccess:
    """Acts on closings and switches. Belongs to one event loop."""

    def __init__(self, parts: CloseParts) -> None:
        """Take what the owner's hand touches."""
        self._parts = parts

    def closed_us(self) -> int | None:
        """Return when everything was last closed; `None` for never."""
        return self._parts.judge.all_closed_us()

    async def close(self, envelope: Envelope) -> Shut:
        """End grants, and keep shut what they were opened by until it begins anew.

        It holds before it is stored or logged: a full disk must not keep a door open.

        Returns:
            What it ended, and its place in the owner's log.

        Raises:
            DeniedError: Not by a device of the owner's, for another node, or a replay.
            NotFoundError: There never was such a grant.
        """
        parts = self._parts
        closing = parts.devices.read(envelope, Closing)
        parts.devices.require_node(closing.node)
        parts.devices.consume(closing)
        row = self._row(closing, envelope)
        parts.judge.closed(row)
        shut = [
            each
            for each in parts.grants.all()
            if row.person in {None, each.grant.viewer.person}
            and row.camera in {None, each.grant.camera}
        ]
        for each in shut:
            await parts.grants.end(each, Reason.OWNER_CLOSED, ended_us=row.at_us)
        await to_thread.run_sync(parts.requests.close, row)
        logged = await self._log("closing", envelope)
        parts.bell.ring("site")
        return Shut(ended=len(shut), log=None if logged is None else logged.proof)

    async def switch(self, envelope: Envelope) -> Signal:
        """Raise or clear a signal by hand; errors as in `close` and `SignalBoard.switch`."""
        parts = self._parts
        switch = parts.devices.read(envelope, Switch)
        parts.devices.require_node(switch.node)
        parts.devices.consume(switch)
        await self._log("switch", envelope)
        return await parts.board.switch(
            switch.signal, device=switch.device, up=switch.state == "raise", test=switch.test
        )

    async def _log(self, kind: str, envelope: Envelope) -> Logged | None:
        entry = entries.statement_entry(kind, envelope, at_us=self._parts.clock.now_us())
        try:
            return (await self._parts.pep.write(entry))[0]
        except LogUnwritableError:
            # Closing must work without the log; nothing new opens while it takes nothing.
            return None

    def _row(self, closing: Closing, envelope: Envelope) -> ClosingRow:
        person = camera = None
        if closing.scope == "grant":
            found = next(
                (g for g in self._parts.grants.all() if g.grant.id == closing.grant), None
            )
            if found is None:
                raise NotFoundError("no such grant is open; it may have ended by itself")
            person, camera = found.grant.viewer.person, found.grant.camera
        return ClosingRow(
            at_us=self._parts.clock.now_us(),
            person=person,
            camera=camera,
            envelope=msgspec.json.encode(envelope),
        )
