"""Waiting for what must come true, with a deadline; nothing waits for a fixed time."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from handfast.kit.clock import SystemClock

CLOCK = SystemClock()
_LOOK_S = 0.02
_Found = TypeVar("_Found")


def until(condition: Callable[[], _Found | None], *, within_s: float, what: str) -> _Found:
    """Return the condition's first value that is true.

    Raises:
        AssertionError: It did not come true in time.
    """
    end = CLOCK.monotonic() + within_s
    pause = threading.Event()
    while not (found := condition()):
        assert CLOCK.monotonic() < end, f"not within {within_s} s: {what}"
        pause.wait(_LOOK_S)
    return found


async def eventually(
    condition: Callable[[], Awaitable[_Found | None]],
    *,
    within_s: float,
    what: str | Callable[[], str],
) -> _Found:
    """Do the same where the condition itself has to be awaited; `what` may be told late."""
    end = CLOCK.monotonic() + within_s
    pause = asyncio.Event()
    while not (found := await condition()):
        assert CLOCK.monotonic() < end, (
            f"not within {within_s} s: {what if isinstance(what, str) else what()}"
        )
        try:
            async with asyncio.timeout(_LOOK_S):
                await pause.wait()
        except TimeoutError:
            continue
    return found
