"""Live viewers: attach, prove that the picture is alive, leave, and be told of the end."""

from dataclasses import dataclass

import msgspec

from handfast.kit.clock import Clock
from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import InvalidError
from handfast.model.access import Grant, Permit, Reason
from handfast.node.attachments import Attachment, Attachments, stream_of
from handfast.node.live_stream import LiveStream, age_us
from handfast.node.metrics import NodeMetrics
from handfast.node.open_grants import OpenGrant, OpenGrants, refusal_reason
from handfast.node.ports import LiveTracks, Recorder, Viewers
from handfast.node.steady import SteadyClock
from handfast.node.usecases.open_windows import OpenWindows
from handfast.node.usecases.relay_live import RelayLive
from handfast.protocol.signing import sign
from handfast.protocol.statements import Alive, Closes, LastRun, Redaction
from handfast.protocol.wire import AliveAnswer, AliveAsk, Attached
from handfast.seal.format import FrameType, encode_statement_frame
from handfast.seal.identity import Envelope, SigningKey

ALIVE_S = 10.0  # without a nonce for this long an attachment ends
_NONCE_BYTES = range(8, 65)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveParts:
    """What live viewing needs; built once by `app`.

    Attributes:
        wall: The machine's clocks; `clock` is the one decisions are taken on.
    """

    node: str
    key: SigningKey
    clock: SteadyClock
    wall: Clock
    grants: OpenGrants
    attachments: Attachments
    windows: OpenWindows
    relay: RelayLive
    recorder: Recorder
    tracks: LiveTracks
    viewers: Viewers
    metrics: NodeMetrics


class StreamLive:
    """All live viewers of the node. Belongs to one event loop."""

    def __init__(self, parts: LiveParts) -> None:
        """Begin without viewers."""
        self._parts = parts
        parts.grants.on_end(self.ended)

    async def attach(self, grant: str) -> Attached:
        """Begin to send the live frames of a grant; attaching again begins anew."""
        parts = self._parts
        open_grant = parts.grants.get(grant)
        if open_grant is None:
            return Attached(ok=False, reason=Reason.TIME_BOX_ENDED.value)
        if open_grant.live_key is None:
            return Attached(ok=False, reason=Reason.VIEW_NOT_AGREED.value)
        judged = parts.grants.judge_again(open_grant, now_us=parts.clock.now_us())
        if not isinstance(judged.decision, Permit):
            return Attached(ok=False, reason=refusal_reason(judged).value)
        if not self._is_in_sight(open_grant.grant):
            return Attached(ok=False, reason=Reason.TRACK_NOT_SEEN.value)
        if not await parts.windows.ensure(open_grant):
            return Attached(ok=False, reason=Reason.LOG_NOT_WRITABLE.value)
        self.detach(grant)
        mono = parts.clock.monotonic()
        attachment = Attachment(open_grant=open_grant, alive_until=mono + ALIVE_S, since=mono)
        parts.attachments.add(attachment)
        parts.metrics.viewers.set(len(parts.attachments))
        parts.windows.show(open_grant)
        parts.recorder.attach(attachment.stream)
        return Attached(ok=True)

    def alive(self, ask: AliveAsk) -> AliveAnswer:
        """Sign a viewer's nonce with what is newest; answered from memory.

        Raises:
            InvalidError: The nonce is not 8 to 64 bytes of base64url.
        """
        if len(unb64(ask.nonce)) not in _NONCE_BYTES:
            raise InvalidError("a nonce has 8 to 64 bytes; send 16 random ones")
        attachment = self._parts.attachments.get(ask.grant)
        if attachment is None:
            return AliveAnswer(alive=None, reason=Reason.VIEWER_LEFT.value)
        if self._parts.grants.get(ask.grant) is None:
            # Over, and its end is being logged: the viewer stays attached until it is told.
            return AliveAnswer(alive=None, reason=Reason.TIME_BOX_ENDED.value)
        attachment.alive_until = self._parts.clock.monotonic() + ALIVE_S
        stream = self._parts.relay.stream(attachment.stream)
        statement = self._alive(attachment.open_grant, stream, ask.nonce)
        if statement is None:
            return AliveAnswer(alive=None, reason=Reason.NOTHING_RECORDED.value)
        return AliveAnswer(alive=sign(statement, self._parts.key))

    def attachments(self) -> tuple[Attachment, ...]:
        """Return who watches now."""
        return self._parts.attachments.all()

    def detach(self, grant: str) -> None:
        """Stop sending; when nobody else watches the stream, its frames stop too."""
        attachment = self._parts.attachments.pop(grant)
        if attachment is None:
            return
        seconds = self._parts.clock.monotonic() - attachment.since
        attachment.open_grant.viewed_us += int(seconds * 1_000_000)
        self._parts.metrics.viewers.set(len(self._parts.attachments))
        if not any(self._parts.attachments.of(attachment.stream)):
            self._parts.recorder.detach(attachment.stream)
            self._parts.relay.forget(attachment.stream)

    def ended(self, grant: Grant, statement: Envelope) -> None:
        """Tell a viewer that the grant has ended, as the last frame it gets."""
        if self._parts.attachments.get(grant.id) is not None:
            body = msgspec.json.encode(statement)
            self._parts.viewers.grant(grant.id, encode_statement_frame(FrameType.END, body))
            self.detach(grant.id)

    async def tick(self) -> None:
        """Drop viewers that are silent; make the next windows durable ahead of time.

        A grant whose one track has gone for good has nothing left to show, and ends.
        """
        for open_grant in self._parts.grants.all():
            if not self._is_in_sight(open_grant.grant):
                await self._end(open_grant, Reason.TRACK_NOT_SEEN)
        for attachment in self._parts.attachments.all():
            if self._parts.clock.monotonic() >= attachment.alive_until:
                self.detach(attachment.grant.id)
            elif not await self._parts.windows.ensure(attachment.open_grant):
                await self._end(attachment.open_grant, Reason.LOG_NOT_WRITABLE)

    def _is_in_sight(self, grant: Grant) -> bool:
        stream = stream_of(grant)
        return stream.kept is None or self._parts.tracks.kind_of(stream) is not None

    async def _end(self, open_grant: OpenGrant, reason: Reason) -> None:
        ended_us = self._parts.clock.now_us()
        await self._parts.grants.end(open_grant, reason, ended_us=ended_us)

    def _alive(self, open_grant: OpenGrant, stream: LiveStream, nonce: str) -> Alive | None:
        grant, newest, last = open_grant.grant, stream.newest, stream.last
        if newest is None:
            return None
        return Alive(
            node=self._parts.node,
            camera=grant.camera,
            stream=grant.stream,
            rendition=grant.rendition,
            nonce=nonce,
            segment=b64(newest.segment),
            run=newest.run,
            unit=newest.unit,
            pts=newest.pts,
            age_us=age_us(newest, clock=self._parts.wall),
            last=None
            if last is None
            else LastRun(segment=b64(last[0]), run=last[1], sha256=b64(last[2])),
            at_us=self._parts.clock.now_us(),
            closes=Closes(grant=grant.id, at_us=open_grant.ends_us),
            redaction=_redaction(stream),
        )


def _redaction(stream: LiveStream) -> Redaction | msgspec.UnsetType:
    told = stream.redaction
    if told is None:
        return msgspec.UNSET
    return Redaction(state=told.state, reason=told.reason)
