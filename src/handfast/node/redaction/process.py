"""Program of a redaction process: `python -m handfast.node.redaction.process PERIODS KEY FD`.

One process makes one rendition, so that whatever breaks in it ends that picture only. Started
by `handfast.node.redaction.studio`, never by hand.
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
from handfast.kit.clock import Clock, SystemClock
from handfast.kit.ids import Ids, SystemIds
from handfast.media.feed import RenditionState, UnitCopied
from handfast.media.periods import PeriodMint
from handfast.media.recorder import Recorder
from handfast.media.recording import RecorderParts, SegmentPolicy
from handfast.media.worker_link import Attach, Detach, NodeLink, RequestKeyframe, Stop
from handfast.media.writer import Volume, WritePolicy
from handfast.node.redaction.engine import settings_of
from handfast.node.redaction.orders import Begin, Order, decode_order
from handfast.node.redaction.rendition import LiveRendition
from handfast.storage.sqlite_periods import SqlitePeriods
from handfast.vision.detector import Detector
from handfast.vision.detectors import open_detectors
from handfast.vision.redactor import Redacted, Redactor
from handfast.vision.registry import read_registry
from handfast.vision.settings import Settings

_LOG: Final = logging.getLogger(__name__)
_TICK_S: Final = 0.05
_FIRST_WORD_MS: Final = 10_000


class RedactionProcess:
    """The composition of one process and its only loop."""

    def __init__(
        self,
        link: NodeLink[Order],
        begin: Begin,
        *,
        store: SqlitePeriods,
        clock: Clock,
        ids: Ids,
    ) -> None:
        """Build the engine and what seals; nothing runs before `run`."""
        self._link = link
        self._begin = begin
        self._clock = clock
        self._running = True
        self._mint = PeriodMint(store, clock=clock)
        scratch = Path(begin.scratch)
        # A queue that holds nothing: what is sealed goes to viewers and to no disk.
        volume = Volume(scratch, clock=clock, policy=WritePolicy(lane_bytes=0))
        self._recorder = Recorder(
            RecorderParts(
                owner=begin.owner,
                clock=clock,
                ids=ids,
                mint=self._mint,
                feed=link,
                policy=SegmentPolicy(),
                ask_keyframe=lambda _: self._rendition.want_key(),
            ),
            volumes={scratch: volume},
        )
        settings = settings_of(begin.how)
        self._rendition = LiveRendition(
            begin,
            Redactor(settings, _detectors(settings)),
            self._recorder,
            clock=clock,
            told=self._told,
        )
        self._state = ""
        self._recorder.add(begin.stream, root=scratch)

    def run(self) -> None:
        """Make the rendition until the node says stop or has gone."""
        self._mint.step()  # without a key period the first pictures would be lost
        self._mint.start()
        waiting = select.poll()
        while self._running and not self._link.gone:
            events = select.POLLIN | (select.POLLOUT if self._link.wants_write else 0)
            waiting.register(self._link, events)
            waiting.poll(1000 * _TICK_S)
            for order in self._link.receive():
                self.obey(order)
                self._link.flush()
            self._recorder.tick()
            self._link.flush()
        self._recorder.close()
        self._link.close()

    def obey(self, order: Order) -> None:
        """Do what the node says."""
        match order:
            case UnitCopied():
                if self._recorder.prepared(self._begin.stream):
                    self._rendition.take(order)
            case Attach():
                self._recorder.attach(self._begin.stream)
            case Detach():
                self._recorder.detach(self._begin.stream)
            case RequestKeyframe():
                self._rendition.want_key()
            case Stop():
                self._running = False
            case Begin():
                pass  # said once and first

    def _told(self, done: Redacted) -> None:
        state = f"{done.state}:{done.reason or ''}"
        if state != self._state:
            self._state = state
            self._link.emit(
                RenditionState(
                    stream=self._begin.stream, state=done.state.value, reason=done.reason or ""
                )
            )


def _detectors(settings: Settings) -> Sequence[Detector]:
    """Open the installed models; without one the engine covers everything, and says why."""
    opened = open_detectors(
        settings.kinds, read_registry(), cache_directory(os.environ), time.process_time
    )
    for reason in opened.missing:
        _LOG.error("%s", reason)
    return opened.detectors


def main(arguments: Sequence[str]) -> int:
    """Make one rendition until the node says stop or has gone; returns the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the node stops us in its own order
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    periods, key_file, descriptor = arguments
    clock = SystemClock()
    ids = SystemIds(clock)
    link = NodeLink(socket.socket(fileno=int(descriptor)), decode_order)
    waiting = select.poll()
    waiting.register(link, select.POLLIN)
    first: list[Order] = []
    while not first and not link.gone and waiting.poll(_FIRST_WORD_MS):
        first = link.receive()
    if not first or not isinstance(first[0], Begin):
        link.close()
        return 1
    store = SqlitePeriods(Path(periods), key_file=Path(key_file), ids=ids)
    process = RedactionProcess(link, first[0], store=store, clock=clock, ids=ids)
    for order in first[1:]:
        process.obey(order)
    process.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
