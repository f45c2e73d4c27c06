"""Redacted ranges: a process for each, which ends with its work."""

from collections.abc import AsyncGenerator, Sequence

from handfast.kit.errors import UnavailableError
from handfast.media.feed import Event
from handfast.node.redaction.child import Child
from handfast.node.redaction.orders import BeginRange


class Darkroom:
    """`handfast.node.usecases.redact_range.Darkroom` with real processes. Event loop only."""

    def __init__(self, command: Sequence[str]) -> None:
        """Take what is started; see `redaction_command`."""
        self._command = tuple(command)

    async def make(self, order: BeginRange) -> AsyncGenerator[Event, None]:
        """Yield what happens until the range is made; closing it early ends the process.

        Raises:
            UnavailableError: The process broke before the range was made.
        """
        child = await Child.start(self._command)
        status = None
        try:
            child.tell(order)
            async for event in child.events():
                yield event
        finally:
            status = await child.end()
        if status:
            raise UnavailableError(
                f"the process that makes a redacted range ended with status {status}; "
                "its own words are in the node's log"
            )
