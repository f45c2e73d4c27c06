"""Live relay: one subscription per stream, one bounded queue per viewer.

A viewer is one WebSocket that looks at one grant. The hub listens before it asks the node
to send, merges what is shared with what is the grant's own, and never opens either.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import msgspec

from handfast.bus.ports import HubBus, OnFrame, Subscription
from handfast.hub.errors import RefusedError
from handfast.hub.frame_queue import FrameQueue
from handfast.hub.journal import Journal
from handfast.hub.metrics import Metrics
from handfast.kit.clock import Clock
from handfast.kit.errors import CorruptError, HandfastError
from handfast.model.access import Reason
from handfast.model.media import Rendition, Stream
from handfast.protocol.wire import AliveAsk, Attach, StreamName
from handfast.seal.frames import FrameType, encode_statement_frame
from handfast.seal.identity import Envelope
from handfast.storage.hub_rows import GrantRow

DISPLACED: Final = "opened-elsewhere"
FELL_BEHIND: Final = "fell-behind"
ATTACH_AGAIN_S: Final = 2.0
END_LATE_S: Final = 2.0  # the signed end may come this much after the node refuses


class Viewer:
    """One WebSocket's view of one grant. Event loop only."""

    def __init__(self, grant: GrantRow, queue: FrameQueue) -> None:
        """Look at `grant` through `queue`."""
        self.grant = grant
        self.queue = queue
        self.closed: str | None = None  # why, once nothing more will come
        self.own: Subscription | None = None
        self.attached_at = 0.0
        self._wake = asyncio.Event()
        self._over = asyncio.Event()

    def close(self, reason: str) -> None:
        """Let `next` end after what waits; the first reason counts."""
        if self.closed is None:
            self.closed = reason
        self._over.set()
        self._wake.set()

    async def over_or_late(self, seconds: float) -> None:
        """Return when the viewer is closed, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()

    def woken(self) -> None:
        """Something waits in the queue."""
        if self.queue.is_overrun:
            self.close(FELL_BEHIND)
        self._wake.set()

    async def next(self) -> bytes | None:
        """Return the next frame to send, or `None` when the WebSocket should close."""
        while (frame := self.queue.take()) is None:
            if self.closed is not None:
                return None
            self._wake.clear()
            await self._wake.wait()
        return frame


@dataclass(slots=True)
class _Feed:
    """One stream's shared frames and who gets them."""

    viewers: set[Viewer] = field(default_factory=set)
    header: bytes | None = None  # newest type 1 frame, for who joins in the middle
    subscription: Subscription | None = None


_Stream = tuple[str, str, str, str]  # node, camera, stream, rendition


class LiveRelay:
    """All viewers of this hub process. Event loop only."""

    def __init__(
        self, *, bus: HubBus, metrics: Metrics, journal: Journal, clock: Clock, limit: int
    ) -> None:
        """Take what is relayed over, and how many bytes a viewer may lag behind."""
        self._bus = bus
        self._metrics = metrics
        self._journal = journal
        self._clock = clock
        self._limit = limit
        self._feeds: dict[_Stream, _Feed] = {}
        self._viewers: dict[str, Viewer] = {}  # by grant
        self._changing = asyncio.Lock()  # held while feeds come and go

    async def open(self, grant: GrantRow) -> Viewer:
        """Listen, then ask the node to send; a second viewer of a grant displaces the first.

        Raises:
            RefusedError: The node does not send; `reason` is its reason.
            UnavailableError: The node is not there.
        """
        if (before := self._viewers.get(grant.id)) is not None:
            before.close(DISPLACED)
            await self._leave(before)
        viewer = await self._join(grant)
        try:
            await self._attach(viewer)
        except BaseException:
            await self.close(viewer)
            raise
        return viewer

    async def close(self, viewer: Viewer) -> None:
        """Stop listening for a viewer, and tell the node when nobody looks any more."""
        viewer.close(Reason.VIEWER_LEFT)
        is_last = self._viewers.get(viewer.grant.id) is viewer
        await self._leave(viewer)
        if is_last:
            try:
                await self._bus.detach(viewer.grant.node, Attach(grant=viewer.grant.id))
            except HandfastError as error:
                self._journal.warn("detach", f"detach failed: {error.kind}")

    def end(self, grant: str, ended: Envelope, reason: str) -> None:
        """Pass a grant's end on, however it reached the hub, and nothing after it."""
        if (viewer := self._viewers.get(grant)) is None:
            return
        frame = encode_statement_frame(FrameType.END, msgspec.json.encode(ended))
        viewer.queue.offer_own(frame)
        viewer.close(reason)

    async def ask_alive(self, viewer: Viewer, nonce: str) -> None:
        """Fetch a signed sign of life and queue it; silence makes the tile go grey."""
        grant = viewer.grant
        try:
            answer = await self._bus.alive(grant.node, AliveAsk(grant=grant.id, nonce=nonce))
            if answer.alive is not None:
                text = msgspec.json.encode(answer.alive)
                self._offer_own(viewer, encode_statement_frame(FrameType.ALIVE, text))
            elif self._is_lost(viewer, answer.reason):
                await self._attach(viewer)  # the node was restarted, or lost us for a while
        except RefusedError as error:
            await viewer.over_or_late(END_LATE_S)  # the signed end says it better
            viewer.close(error.reason)
        except HandfastError:
            self._metrics.asks.labels("alive", "unanswered").inc()

    def _is_lost(self, viewer: Viewer, reason: str | None) -> bool:
        late = self._clock.monotonic() - viewer.attached_at > ATTACH_AGAIN_S
        return late and reason == Reason.VIEWER_LEFT.value

    async def _attach(self, viewer: Viewer) -> None:
        viewer.attached_at = self._clock.monotonic()
        grant = viewer.grant
        answer = await self._bus.attach(grant.node, Attach(grant=grant.id))
        if not answer.ok:
            reason = answer.reason or Reason.NOT_UNDERSTOOD
            raise RefusedError(reason, f"node {grant.node} does not send grant {grant.id}")

    async def _join(self, grant: GrantRow) -> Viewer:
        async with self._changing:
            feed = self._feeds.setdefault(_stream_of(grant), _Feed())
            viewer = Viewer(grant, FrameQueue(limit=self._limit, header=feed.header))
            feed.viewers.add(viewer)
            self._viewers[grant.id] = viewer
            try:
                if feed.subscription is None:
                    feed.subscription = await self._bus.hear_stream(
                        grant.node, _name_of(grant), self._on_shared(feed)
                    )
                viewer.own = await self._bus.hear_grant(
                    grant.node, grant.id, lambda frame: self._offer_own(viewer, frame)
                )
            except BaseException:
                await self._remove(viewer)
                raise
        self._metrics.viewers.set(len(self._viewers))
        return viewer

    async def _leave(self, viewer: Viewer) -> None:
        async with self._changing:
            await self._remove(viewer)
        self._metrics.viewers.set(len(self._viewers))

    async def _remove(self, viewer: Viewer) -> None:
        """Undo `_join`; twice is harmless. The caller holds `_changing`."""
        if self._viewers.get(viewer.grant.id) is viewer:
            del self._viewers[viewer.grant.id]
        if viewer.own is not None:
            await viewer.own.close()
        key = _stream_of(viewer.grant)
        feed = self._feeds.get(key)
        if feed is None or viewer not in feed.viewers:
            return
        feed.viewers.remove(viewer)
        if not feed.viewers:
            del self._feeds[key]
            if feed.subscription is not None:
                await feed.subscription.close()

    def _on_shared(self, feed: _Feed) -> OnFrame:
        def _shared(frame: bytes) -> None:
            if frame[:1] == bytes((FrameType.SEGMENT,)):
                feed.header = frame
            for viewer in feed.viewers:
                self._offer(viewer, frame, is_own=False)

        return _shared

    def _offer_own(self, viewer: Viewer, frame: bytes) -> None:
        self._offer(viewer, frame, is_own=True)

    def _offer(self, viewer: Viewer, frame: bytes, *, is_own: bool) -> None:
        queue = viewer.queue
        lost = queue.groups_lost
        try:
            if is_own:
                queue.offer_own(frame)
            else:
                queue.offer_shared(frame)
        except CorruptError as error:
            self._metrics.malformed.labels("frame").inc()
            self._journal.warn("frame", f"node {viewer.grant.node}: {error}")
            return
        if queue.groups_lost > lost:
            self._metrics.groups_lost.inc()
        if queue.ended:
            viewer.close("ended")
        viewer.woken()


def _stream_of(grant: GrantRow) -> _Stream:
    return (grant.node, grant.camera, grant.stream, grant.rendition)


def _name_of(grant: GrantRow) -> StreamName:
    return StreamName(
        camera=grant.camera, stream=Stream(grant.stream), rendition=Rendition(grant.rendition)
    )
