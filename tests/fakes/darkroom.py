"""A darkroom for tests: it keeps its orders and makes what a test gives it."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import anyio

from handfast.kit.errors import UnavailableError
from handfast.media.feed import Event
from handfast.node.redaction.orders import BeginRange, BeginStill


@dataclass
class FakeDarkroom:
    """`handfast.node.usecases.redact_range.Darkroom` without processes.

    Attributes:
        orders: Ranges that were asked for; `stills` likewise.
        endless: Ranges are never made to their end.
        breaks: What makes them breaks after the events.
        pause: Stills are made once it is set.
        left: What is not being made any more.
    """

    orders: list[BeginRange] = field(default_factory=list)
    stills: list[BeginStill] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    endless: bool = False
    breaks: bool = False
    pause: anyio.Event | None = None
    left: list[BeginRange] = field(default_factory=list)

    async def make(self, order: BeginRange | BeginStill) -> AsyncGenerator[Event, None]:
        """Keep the order and yield the test's events."""
        if isinstance(order, BeginStill):
            self.stills.append(order)
            if self.pause is not None:
                await self.pause.wait()
            for event in self.events:
                yield event
            return
        self.orders.append(order)
        try:
            for event in self.events:
                yield event
            if self.breaks:
                raise UnavailableError("the process that makes a redacted range broke")
            if self.endless:
                await anyio.sleep_forever()
        finally:
            self.left.append(order)
