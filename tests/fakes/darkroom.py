"""A darkroom for tests: it keeps its orders and makes what a test gives it."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from handfast.media.feed import Event
from handfast.node.redaction.orders import BeginRange


@dataclass
class FakeDarkroom:
    """`handfast.node.usecases.redact_range.Darkroom` without processes."""

    orders: list[BeginRange] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    async def make(self, order: BeginRange) -> AsyncGenerator[Event, None]:
        """Keep the order and yield the test's events."""
        self.orders.append(order)
        for event in self.events:
            yield event
