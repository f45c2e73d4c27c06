"""Loops that must not end: a failure is logged, counted, and the loop begins again."""

import logging
from collections.abc import Awaitable, Callable

import anyio

from handfast.node.metrics import NodeMetrics

_log = logging.getLogger(__name__)
_PAUSE_S = 1.0

Turn = Callable[[], Awaitable[object]]


async def every(seconds: float, turn: Turn, *, name: str, metrics: NodeMetrics) -> None:
    """Call `turn` again and again, `seconds` apart, until cancelled."""
    while True:
        try:
            await turn()
        except Exception:  # noqa: BLE001 - top of a supervised loop
            metrics.failures.labels(name).inc()
            _log.exception("%s failed; it is tried again", name)
        await anyio.sleep(seconds)


async def forever(turn: Turn, *, name: str, metrics: NodeMetrics) -> None:
    """Run what should never return, again when it fails, until cancelled."""
    while True:
        try:
            await turn()
        except Exception:  # noqa: BLE001 - top of a supervised loop
            metrics.failures.labels(name).inc()
            _log.exception("%s failed; it begins again", name)
        await anyio.sleep(_PAUSE_S)
