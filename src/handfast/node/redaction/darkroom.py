"""Redacted ranges and stills: a process for each, which ends with its work."""

from collections.abc import AsyncGenerator

from handfast.kit.errors import UnavailableError
from handfast.media.feed import Event
from handfast.node.redaction.orders import BeginRange, BeginStill
from handfast.node.redaction.standby import Standby


class Darkroom:
    """`handfast.node.usecases.redact_range.Darkroom` with real processes. Event loop only."""

    def __init__(self, standby: Standby) -> None:
        """Take who gives out processes."""
        self._standby = standby

    async def make(self, order: BeginRange | BeginStill) -> AsyncGenerator[Event, None]:
        """Yield what happens until all is made; closing it early ends the process.

        Raises:
            UnavailableError: The process broke before that.
        """
        child = await self._standby.take()
        status = None
        try:
            child.tell(order)
            async for event in child.events():
                yield event
        finally:
            status = await child.end()
        if status:
            raise UnavailableError(
                f"the process that makes redacted pictures ended with status {status}; "
                "its own words are in the node's log"
            )
