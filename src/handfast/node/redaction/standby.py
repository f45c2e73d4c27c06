"""One redaction process ahead of need: models take seconds to load, and somebody waits."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import anyio

from handfast.kit.clock import Clock
from handfast.node.redaction.child import Child
from handfast.node.redaction.orders import Prepare

_LOG: Final = logging.getLogger(__name__)
_LOOK_S: Final = 0.25
_LINGER_S: Final = 120.0  # whoever has looked once soon looks at another camera or instant
_LONGEST_YIELD_S: Final = 20.0
"""Loading takes all of a core: the picture that somebody waits for now comes first, if any."""

_AFTER_BREAKING_S: Final = 60.0
_NO_PATIENCE_S: Final = 0.0
"""A process that was told nothing has nothing to lose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandbySetup:
    """How redaction processes are started.

    Attributes:
        command: See `handfast.node.redaction.child.redaction_command`.
        prepare: What one is told that nobody needs yet.
    """

    command: Sequence[str]
    prepare: Prepare


class Standby:
    """Gives out redaction processes, one rendition each. Event loop only.

    While somebody may soon need one, one waits with its models loaded; else there is none. A
    process is given once and never comes back, so no two renditions share one.
    """

    def __init__(self, setup: StandbySetup, *, clock: Clock) -> None:
        """Start nothing yet."""
        self._setup = setup
        self._clock = clock
        self._spare: Child | None = None
        self._taken: Child | None = None  # the latest; `None` also while it is started
        self._yield_until = float("-inf")  # monotonic, as the two below
        self._wanted_until = float("-inf")
        self._not_before = float("-inf")

    @property
    def waiting(self) -> bool:
        """Whether a process waits to be taken."""
        return self._spare is not None

    async def run(self, likely: Callable[[], bool]) -> None:
        """Keep a process ready until cancelled; it ends then.

        Args:
            likely: Whether somebody may soon need one, asked some times a second. For some
                minutes after one was taken this is taken for granted.
        """
        try:
            while True:
                await self._look(likely=likely())
                await anyio.sleep(_LOOK_S)
        finally:
            if self._spare is not None:
                await self._spare.end(patience_s=_NO_PATIENCE_S)
                self._spare = None

    async def take(self) -> Child:
        """Return a process that has not been told what to make; the caller ends it."""
        now = self._clock.monotonic()
        self._wanted_until = now + _LINGER_S
        self._yield_until, self._taken = now + _LONGEST_YIELD_S, None
        spare, self._spare = self._spare, None
        if spare is not None and not spare.is_running:
            await self._bury(spare)
            spare = None
        self._taken = spare or await Child.start(self._setup.command)
        return self._taken

    async def _look(self, *, likely: bool) -> None:
        now = self._clock.monotonic()
        if likely:
            self._wanted_until = max(self._wanted_until, now + _LINGER_S)
        is_wanted = now < self._wanted_until
        spare = self._spare
        if spare is None:
            if is_wanted and now >= self._not_before and not self._yields(now):
                self._spare = child = await Child.start(self._setup.command)
                child.tell(self._setup.prepare)
        elif not spare.is_running:
            self._spare = None
            await self._bury(spare)
        elif not is_wanted:
            self._spare = None
            await spare.end(patience_s=_NO_PATIENCE_S)

    def _yields(self, now: float) -> bool:
        """Tell whether the process that was taken last may still be loading."""
        taken = self._taken
        is_loaded = taken is not None and (taken.has_begun or not taken.is_running)
        return not is_loaded and now < self._yield_until

    async def _bury(self, spare: Child) -> None:
        """End what ended by itself; such a machine is not asked again at once."""
        self._not_before = self._clock.monotonic() + _AFTER_BREAKING_S
        _LOG.error("a waiting redaction process ended with status %s", await spare.end())
