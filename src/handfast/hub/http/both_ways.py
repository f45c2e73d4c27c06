"""A WebSocket that speaks and listens at once, for a while."""

import asyncio
from collections.abc import Coroutine

from litestar.exceptions import WebSocketDisconnect

from handfast.kit.errors import HandfastError


async def both_ways(
    sending: Coroutine[None, None, None], hearing: Coroutine[None, None, None], *, for_s: float
) -> None:
    """Send and hear until either ends, which ends the other.

    Raises:
        TimeoutError: `for_s` seconds are over.
        HandfastError: One of them was refused something, or hung up.
        WebSocketDisconnect: The page has left.
    """
    tasks = asyncio.create_task(sending), asyncio.create_task(hearing)
    try:
        async with asyncio.timeout(max(0.0, for_s)):
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in done:
        if isinstance(outcome, HandfastError | WebSocketDisconnect):
            raise outcome
