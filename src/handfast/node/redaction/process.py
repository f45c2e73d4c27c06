"""Program of a redaction process: `python -m handfast.node.redaction.process PERIODS KEY FD`.

One process makes one rendition, so that whatever breaks in it ends that picture only. Started
by `handfast.node.redaction.child`, never by hand. One that is told to prepare loads what it
will probably need and waits to be told what to make; only that decides what it makes it with.
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
from handfast.kit.errors import HandfastError
from handfast.kit.ids import SystemIds
from handfast.media.worker_link import NodeLink
from handfast.node.redaction.engine import kinds_of, settings_of
from handfast.node.redaction.live_process import LiveProcess
from handfast.node.redaction.orders import (
    Begin,
    BeginRange,
    BeginStill,
    Making,
    Order,
    Prepare,
    decode_order,
)
from handfast.node.redaction.range_process import RangeProcess
from handfast.node.redaction.still_process import StillProcess
from handfast.storage.sqlite_periods import SqlitePeriods
from handfast.vision.detector import Detector
from handfast.vision.detectors import DetectorBench
from handfast.vision.registry import read_registry

_LOG: Final = logging.getLogger(__name__)
_FIRST_WORD_MS: Final = 10_000
_FOR_EVER: Final = -1
_NOT_TOLD: Final = 1


def main(arguments: Sequence[str]) -> int:
    """Make one rendition until it is made, or the node has gone; returns the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the node stops us in its own order
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    periods, key_file, descriptor = arguments
    clock = SystemClock()
    ids = SystemIds(clock)
    link = NodeLink(socket.socket(fileno=int(descriptor)), decode_order)
    bench = DetectorBench(cache_directory(os.environ), time.process_time)
    orders = _orders(link, _FIRST_WORD_MS)
    match orders:
        case [Prepare() as wanted, *further]:
            _prepare(bench, wanted, link)
            orders = further or _orders(link, _FOR_EVER)
        case _:
            pass
    match orders[:1]:
        case [Begin() as begin]:
            store = SqlitePeriods(Path(periods), key_file=Path(key_file), ids=ids)
            shown = max(begin.making.width, begin.making.height)
            detectors = _detectors(bench, begin.making, shown=shown)
            live = LiveProcess(link, begin, detectors, store=store, clock=clock, ids=ids)
            live.obey(*orders[1:])
            live.run()
        case [BeginRange() as begin]:
            detectors = _detectors(bench, begin.making)
            RangeProcess(link, begin, detectors, clock=clock, ids=ids).run()
        case [BeginStill() as begin]:
            StillProcess(link, begin, _detectors(bench, begin.making)).run()
        case _:
            link.close()
            return _NOT_TOLD
    return 0


def _orders(link: NodeLink[Order], longest_ms: int) -> list[Order]:
    """Return the next orders; none when none came in time, or the node has gone."""
    waiting = select.poll()
    waiting.register(link, select.POLLIN)
    orders: list[Order] = []
    while not orders and not link.gone and waiting.poll(longest_ms):
        orders = link.receive()
    return orders


def _prepare(bench: DetectorBench, wanted: Prepare, link: NodeLink[Order]) -> None:
    """Open and compile what is probably needed, until it is said what really is.

    What fails now fails when it is needed.
    """
    kinds = kinds_of(wanted.covers)
    told = select.poll()
    told.register(link, select.POLLIN)
    try:
        registry = read_registry(Path(wanted.models) if wanted.models else None)
        for shown in (max(wanted.width, wanted.height), None):
            for detector in bench.open(kinds, registry, shown=shown).detectors:
                if told.poll(0):
                    return
                detector.prepare(wanted.width, wanted.height)
    except HandfastError as error:
        _LOG.warning("nothing is prepared for redacted pictures: %s", error)


def _detectors(
    bench: DetectorBench, making: Making, *, shown: int | None = None
) -> Sequence[Detector]:
    """Open the installed models; without one the engine covers everything, and says why."""
    kinds = settings_of(making.how).kinds
    registry = read_registry(Path(making.models) if making.models else None)
    opened = bench.open(kinds, registry, shown=shown)
    bench.forget()  # other sizes may have been prepared, 100 MB each
    for reason in opened.missing:
        _LOG.error("%s", reason)
    return opened.detectors


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
