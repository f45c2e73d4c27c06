"""Redacted ranges: a process for each, which ends with its work."""

from collections.abc import AsyncGenerator, Sequence

from handfast.media.feed import Event
from handfast.node.redaction.child import Child
from handfast.node.redaction.orders import BeginRange


class Darkroom:
    """`handfast.node.usecases.redact_range.Darkroom` with real processes. Event loop only."""

    def __init__(self, command: Sequence[str]) -> None:
        """Take what is started; see `redaction_command`."""
        self._command = tuple(command)

    async def make(self, order: BeginRange) -> AsyncGenerator[Event, None]:
        """Yield what happens until the range is made; closing it early ends the process."""
        child = await Child.start(self._command)
        try:
            child.tell(order)
            async for event in child.events():
                yield event
        finally:
            await child.end()
