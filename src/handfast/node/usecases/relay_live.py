"""Live release: the key of each run as it starts, to whom a decision taken anew permits it.

The one consumer of the recorder's events. It never waits for the log: windows are durable
ahead of time (`open_windows`), and a run that no window covers is not released. Frames that
all viewers share go out while at least one grant on the stream has not ended.
"""

from dataclasses import dataclass

from anyio import to_thread

from handfast.kit.clock import Clock
from handfast.media.feed import (
    Event,
    RenditionState,
    RunEnded,
    RunStarted,
    SegmentOpened,
    UnitsSealed,
)
from handfast.media.units import StreamKey
from handfast.model.access import Permit
from handfast.node.attachments import Attachment, Attachments, Phase
from handfast.node.live_stream import LiveStream
from handfast.node.metrics import NodeMetrics
from handfast.node.open_grants import OpenGrants
from handfast.node.ports import Observer, Periods, Recorder, Viewers
from handfast.node.release import OutsideGrantError, StartedRun, wrap_for_viewer
from handfast.node.steady import SteadyClock
from handfast.seal.format import encode_run_frame, encode_segment_frame, encode_units_frame


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayParts:
    """What the relay needs; built once by `app`.

    Attributes:
        wall: The machine's clocks, which stand in the recorder's events.
    """

    clock: SteadyClock
    wall: Clock
    grants: OpenGrants
    attachments: Attachments
    periods: Periods
    recorder: Recorder
    viewers: Viewers
    observer: Observer
    metrics: NodeMetrics


class RelayLive:
    """Turns the recorder's events into live frames and keys. Belongs to one event loop."""

    def __init__(self, parts: RelayParts) -> None:
        """Begin with no stream known."""
        self._parts = parts
        self._streams: dict[StreamKey, LiveStream] = {}

    def stream(self, key: StreamKey) -> LiveStream:
        """Return what is known of a stream; of one grant's own only while it is watched."""
        if key in self._streams or key.kept is None or any(self._parts.attachments.of(key)):
            return self._streams.setdefault(key, LiveStream(key=key))
        return LiveStream(key=key)

    def forget(self, key: StreamKey) -> None:
        """Nobody watches any more: drop the keys of a stream; of one grant's own, all."""
        self.stream(key).forget_keys()
        if key.kept is not None:
            self._streams.pop(key, None)

    async def hear(self, event: Event) -> None:
        """Take one event, in order for each stream."""
        match event:
            case SegmentOpened():
                self._segment_opened(event)
            case RunStarted():
                await self._run_started(event)
            case UnitsSealed():
                self._units_sealed(event)
            case RunEnded():
                self.stream(event.stream).run_ended(event)
            case RenditionState():
                self.stream(event.stream).redaction = event
            case _:
                pass

    def _segment_opened(self, event: SegmentOpened) -> None:
        stream = self.stream(event.stream)
        self._group_over(stream)
        stream.segment_opened(event)
        if stream.header is None:
            return
        frame = encode_segment_frame(stream.header)
        if not event.catch_up:
            self._share(stream, frame)
            return
        for each in self._parts.attachments.of(event.stream):
            if each.phase is Phase.WAITING:
                self._parts.viewers.grant(each.grant.id, frame)

    async def _run_started(self, event: RunStarted) -> None:
        stream = self.stream(event.stream)
        if not any(self._parts.attachments.of(event.stream)):
            return
        if stream.lacks_root_of(event.period):
            root = await to_thread.run_sync(self._parts.periods.find, event.period)
            stream.take_root(root)
        if event.catch_up:
            self._repeat_pending(stream)
            stream.repeated = event  # how far it reaches is known with its units
            return
        self._group_over(stream)
        run = _run(event, until_us=event.start_us + 1)
        for each in tuple(self._parts.attachments.of(event.stream)):
            if each.phase is Phase.LIVE or event.key:
                released = self._release(each, stream, run)
                each.phase = Phase.LIVE if released else Phase.WAITING
        self._share(stream, encode_run_frame(event.segment, event.record))

    def _units_sealed(self, event: UnitsSealed) -> None:
        stream = self.stream(event.stream)
        if event.catch_up:
            if stream.newest is None:
                stream.units_sealed(event, clock=self._parts.wall)
            self._repeat_pending(stream, event)
            return
        self._group_over(stream)
        stream.units_sealed(event, clock=self._parts.wall)
        self._share(stream, _units_frame(event))

    def _group_over(self, stream: LiveStream) -> None:
        """The repeated group has been told: whoever could follow it is live now."""
        self._repeat_pending(stream)
        for each in self._parts.attachments.of(stream.key):
            if each.phase is Phase.CATCHING_UP:
                each.phase = Phase.LIVE

    def _repeat_pending(self, stream: LiveStream, units: UnitsSealed | None = None) -> None:
        """Give a run of the present group to those who join, as far as they may see."""
        started, stream.repeated = stream.repeated, None
        if started is None:
            return
        reached_us = started.start_us if units is None else units.received_us
        run = _run(started, until_us=reached_us + 1)
        refused = False
        for each in tuple(self._parts.attachments.of(stream.key)):
            begins = each.phase is Phase.WAITING and started.key
            if not (begins or each.phase is Phase.CATCHING_UP):
                continue
            if not self._release(each, stream, run):
                each.phase, refused = Phase.WAITING, True
                continue
            each.phase = Phase.CATCHING_UP
            frames = [encode_run_frame(started.segment, started.record)]
            frames += [] if units is None else [_units_frame(units)]
            for frame in frames:
                self._parts.viewers.grant(each.grant.id, frame)
        if refused:
            self._parts.recorder.request_keyframe(stream.key)

    def _release(self, each: Attachment, stream: LiveStream, run: StartedRun) -> bool:
        """Take the decision anew and send the run's key, or tell that it is not opened."""
        parts, open_grant, grant = self._parts, each.open_grant, each.grant
        now_us = max(parts.clock.now_us(), run.since_us)
        judged = parts.grants.judge_again(open_grant, now_us=now_us)
        opened = open_grant.window_of(run.since_us)
        live_key = open_grant.live_key
        permitted = isinstance(judged.decision, Permit) and now_us < open_grant.ends_us
        of_grant = stream.is_of(grant.camera, grant.stream, grant.rendition)
        if not permitted or not of_grant or opened is None or live_key is None:
            return False
        try:
            frame = wrap_for_viewer(
                opened,
                run,
                live_key=live_key,
                counter=open_grant.counter,
                key=stream.run_key(run),
                ends_us=open_grant.ends_us,
            )
        except OutsideGrantError:
            parts.metrics.run_keys_outside.inc()
            return False
        open_grant.counter += 1
        open_grant.runs_released += 1
        parts.metrics.run_keys.inc()
        parts.observer.run_key_released(grant.id, since_us=run.since_us, until_us=run.until_us)
        parts.viewers.grant(grant.id, frame)
        return True

    def _share(self, stream: LiveStream, frame: bytes) -> None:
        """Send a frame to all viewers while some grant on the stream lasts.

        What leaves one track clear goes to the one grant that it was made for.
        """
        now_us = self._parts.clock.now_us()
        if any(
            now_us < each.open_grant.ends_us for each in self._parts.attachments.of(stream.key)
        ):
            if (kept := stream.key.kept) is not None:
                self._parts.viewers.grant(kept.grant, frame)
            else:
                self._parts.viewers.stream(stream.key, frame)


def _run(event: RunStarted, *, until_us: int) -> StartedRun:
    return StartedRun(
        segment=event.segment,
        run=event.run,
        leaf=event.leaf,
        since_us=event.start_us,
        until_us=until_us,
    )


def _units_frame(event: UnitsSealed) -> bytes:
    return encode_units_frame(
        event.segment, event.run, first_unit=event.first_unit, units=[event.records]
    )
