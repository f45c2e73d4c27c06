"""A redaction process at live work: pictures in the clear in, sealed redacted ones out."""

import select
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from handfast.kit.clock import Clock
from handfast.kit.ids import Ids
from handfast.media.feed import RenditionState, UnitCopied
from handfast.media.periods import PeriodMint, PeriodStore
from handfast.media.recorder import Recorder
from handfast.media.recording import RecorderParts, SegmentPolicy
from handfast.media.worker_link import Attach, Detach, NodeLink, RequestKeyframe, Stop
from handfast.media.writer import Volume, WritePolicy
from handfast.node.redaction.engine import settings_of
from handfast.node.redaction.orders import Begin, Order
from handfast.node.redaction.rendition import LiveRendition
from handfast.vision.detector import Detector
from handfast.vision.redactor import Redacted, Redactor

_TICK_S: Final = 0.05


class LiveProcess:
    """The composition of one process and its only loop."""

    def __init__(
        self,
        link: NodeLink[Order],
        begin: Begin,
        detectors: Sequence[Detector],
        *,
        store: PeriodStore,
        clock: Clock,
        ids: Ids,
    ) -> None:
        """Build the engine and what seals; nothing runs before `run`."""
        self._link = link
        self._stream = begin.making.stream
        self._running = True
        self._told_last: RenditionState | None = None
        self._mint = PeriodMint(store, clock=clock)
        scratch = Path(begin.scratch)
        # A queue that holds nothing: what is sealed goes to viewers and to no disk.
        volume = Volume(scratch, clock=clock, policy=WritePolicy(lane_bytes=0))
        parts = RecorderParts(
            owner=begin.making.owner,
            clock=clock,
            ids=ids,
            mint=self._mint,
            feed=link,
            policy=SegmentPolicy(),
            ask_keyframe=lambda _: self._rendition.want_key(),
        )
        self._recorder = Recorder(parts, volumes={scratch: volume})
        self._rendition = LiveRendition(
            begin.making,
            Redactor(settings_of(begin.making.how), detectors),
            self._recorder,
            clock=clock,
        )
        self._recorder.add(self._stream, root=scratch)

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

    def obey(self, *orders: Order) -> None:
        """Do what the node says; what is not for live work is left."""
        for order in orders:
            self._obey(order)

    def _obey(self, order: Order) -> None:
        match order:
            case UnitCopied():
                if (done := self._rendition.take(order)) is not None:
                    self._tell(done)
            case Attach():
                self._recorder.attach(self._stream)
            case Detach():
                self._recorder.detach(self._stream)
            case RequestKeyframe():
                self._rendition.want_key()
            case Stop():
                self._running = False
            case _:
                pass

    def _tell(self, done: Redacted) -> None:
        told = RenditionState(
            stream=self._stream, state=done.state.value, reason=done.reason or ""
        )
        if told != self._told_last:
            self._told_last = told
            self._link.emit(told)
