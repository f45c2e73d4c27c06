"""Program of a redaction process: `python -m handfast.node.redaction.process PERIODS KEY FD`.

One process makes one rendition, so that whatever breaks in it ends that picture only. Started
by `handfast.node.redaction.child`, never by hand.
"""

import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from handfast.kit.cache import cache_directory
from handfast.kit.clock import SystemClock
from handfast.kit.ids import SystemIds
from handfast.media.worker_link import NodeLink
from handfast.node.redaction.engine import settings_of
from handfast.node.redaction.live_process import LiveProcess
from handfast.node.redaction.orders import (
    Begin,
    BeginRange,
    Making,
    Order,
    decode_order,
)
from handfast.node.redaction.range_process import RangeProcess
from handfast.storage.sqlite_periods import SqlitePeriods
from handfast.vision.detector import Detector
from handfast.vision.detectors import open_detectors
from handfast.vision.registry import read_registry

_LOG: Final = logging.getLogger(__name__)
_FIRST_WORD_MS: Final = 10_000
_NOT_TOLD: Final = 1


def main(arguments: Sequence[str]) -> int:
    """Make one rendition until it is made, or the node has gone; returns the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the node stops us in its own order
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    periods, key_file, descriptor = arguments
    clock = SystemClock()
    ids = SystemIds(clock)
    link = NodeLink(socket.socket(fileno=int(descriptor)), decode_order)
    orders = _first_orders(link)
    match orders[:1]:
        case [Begin() as begin]:
            store = SqlitePeriods(Path(periods), key_file=Path(key_file), ids=ids)
            shown = max(begin.making.width, begin.making.height)
            detectors = _detectors(begin.making, shown=shown)
            live = LiveProcess(link, begin, detectors, store=store, clock=clock, ids=ids)
            live.obey(*orders[1:])
            live.run()
        case [BeginRange() as begin]:
            detectors = _detectors(begin.making)
            RangeProcess(link, begin, detectors, clock=clock, ids=ids).run()
        case _:
            link.close()
            return _NOT_TOLD
    return 0


def _first_orders(link: NodeLink[Order]) -> list[Order]:
    waiting = select.poll()
    waiting.register(link, select.POLLIN)
    orders: list[Order] = []
    while not orders and not link.gone and waiting.poll(_FIRST_WORD_MS):
        orders = link.receive()
    return orders


def _detectors(making: Making, *, shown: int | None = None) -> Sequence[Detector]:
    """Open the installed models; without one the engine covers everything, and says why."""
    kinds = settings_of(making.how).kinds
    cache = cache_directory(os.environ)
    registry = read_registry(Path(making.models) if making.models else None)
    opened = open_detectors(kinds, registry, cache, time.process_time, shown=shown)
    for reason in opened.missing:
        _LOG.error("%s", reason)
    return opened.detectors


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
