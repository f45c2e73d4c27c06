"""A redaction process at live work: pictures in the clear in, sealed redacted ones out."""

import select
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from handfast.kit.clock import Clock
from handfast.kit.ids import Ids
from handfast.media.feed import RenditionState, TracksFollowed, UnitCopied
from handfast.media.periods import PeriodMint, PeriodStore
from handfast.media.recorder import Recorder
from handfast.media.recording import RecorderParts, SegmentPolicy
from handfast.media.units import StreamKey
from handfast.media.worker_link import Attach, Detach, NodeLink, RequestKeyframe, Stop
from handfast.media.writer import Volume, WritePolicy
from handfast.model.media import TrackKind
from handfast.node.redaction.engine import settings_of
from handfast.node.redaction.live_rendition import LiveRendition, Shown
from handfast.node.redaction.orders import Begin, Order
from handfast.vision.detector import Detector
from handfast.vision.redactor import Redactor

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
        self._told: dict[StreamKey, RenditionState] = {}
        self._followed: dict[int, TrackKind] = {}
        self._mint = PeriodMint(store, clock=clock)
        scratch = self._scratch = Path(begin.scratch)
        # A queue that holds nothing: what is sealed goes to viewers and to no disk.
        volume = Volume(scratch, clock=clock, policy=WritePolicy(lane_bytes=0))
        parts = RecorderParts(
            owner=begin.making.owner,
            clock=clock,
            ids=ids,
            mint=self._mint,
            feed=link,
            policy=SegmentPolicy(),
            ask_keyframe=self._want_key,
        )
        self._recorder = Recorder(parts, volumes={scratch: volume})
        self._rendition = LiveRendition(
            begin.making,
            Redactor(settings_of(begin.making.how, live=True), detectors),
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
                if (shown := self._rendition.take(order)) is not None:
                    self._tell(shown)
            case Attach(stream=stream):
                self._attach(stream)
            case Detach(stream=stream):
                self._detach(stream)
            case RequestKeyframe(stream=stream):
                self._rendition.want_key(stream)
            case Stop():
                self._running = False
            case _:
                pass

    def _want_key(self, stream: StreamKey) -> None:
        self._rendition.want_key(stream)

    def _attach(self, stream: StreamKey) -> None:
        if stream.kept is not None and stream.redacted == self._stream:
            self._recorder.add(stream, root=self._scratch)
            self._rendition.keep(stream, stream.kept)
        self._recorder.attach(stream)

    def _detach(self, stream: StreamKey) -> None:
        self._recorder.detach(stream)
        if stream.kept is not None:
            self._rendition.drop(stream)
            self._recorder.remove(stream)
            self._told.pop(stream, None)

    def _tell(self, shown: Shown) -> None:
        done = shown.done
        state = RenditionState(
            stream=self._stream, state=done.state.value, reason=done.reason or ""
        )
        for told in (state, *shown.of_kept):
            if told != self._told.get(told.stream):
                self._told[told.stream] = told
                self._link.emit(told)
        followed = {each.track: TrackKind(each.kind) for each in done.tracks}
        if followed != self._followed:
            self._followed = followed
            self._link.emit(TracksFollowed(stream=self._stream, tracks=followed))
