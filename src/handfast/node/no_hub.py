"""A node that works alone: nobody asks, nothing is sent, everything else goes on (P12)."""

import anyio

from handfast.bus.ports import NodeAnswers, OnConnection
from handfast.kit.errors import UnavailableError
from handfast.protocol.wire import Heartbeat, OutboxItem, StreamName


class NoHub:
    """`handfast.bus.ports.NodeBus` without a bus."""

    @property
    def connected(self) -> bool:
        """Never."""
        return False

    async def run(self, answers: NodeAnswers) -> None:
        """Wait until cancelled; nobody asks."""
        del answers
        await anyio.sleep_forever()

    def on_connection(self, changed: OnConnection) -> None:
        """Nothing ever changes."""
        del changed

    async def send_live(self, name: StreamName, frame: bytes) -> bool:
        """Drop it."""
        del name, frame
        return False

    async def send_grant(self, grant: str, frame: bytes) -> bool:
        """Drop it."""
        del grant, frame
        return False

    async def send_heartbeat(self, heartbeat: Heartbeat) -> bool:
        """Drop it."""
        del heartbeat
        return False

    async def commit(self, item: OutboxItem) -> None:
        """Refuse for now.

        Raises:
            UnavailableError: Always.
        """
        raise UnavailableError(f"there is no hub to take item {item.id}; configure [hub]")
