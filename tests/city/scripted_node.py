"""A node that does what a test says: answers, frames and outbox items on cue."""

import asyncio
from collections.abc import Callable

import msgspec

from handfast.bus.ports import NodeBus
from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import NotFoundError
from handfast.model.media import Rendition, Stream
from handfast.protocol.signing import parse, sign
from handfast.protocol.statements import (
    AccessRequestStatement,
    Alive,
    Closes,
    DecisionStatement,
)
from handfast.protocol.wire import (
    AliveAnswer,
    AliveAsk,
    Ask,
    Attach,
    Attached,
    BytesAsk,
    Challenge,
    DecisionAnswer,
    OutboxItem,
    OutboxKind,
    Recordings,
    RecordingsAsk,
    StreamName,
)
from handfast.seal.identity import Envelope
from tests.city.people import NODE, YARD, Device

Decide = Callable[[AccessRequestStatement], DecisionStatement]
MAIN = StreamName(camera=YARD, stream=Stream.MAIN, rendition=Rendition.CLEAR)


class ScriptedNode:
    """Implements `bus.ports.NodeAnswers`; what it decides and holds is set by the test."""

    def __init__(self, device: Device, decide: Decide) -> None:
        """Speak with a node's key."""
        self.device = device
        self.decide = decide
        self.attached: asyncio.Queue[str] = asyncio.Queue()
        self.detached: asyncio.Queue[str] = asyncio.Queue()
        self.asks: list[AccessRequestStatement] = []
        self.refuses_attach: str | None = None
        self.is_watched = True
        self.segments: dict[str, bytes] = {}
        self.pieces: list[BytesAsk] = []
        self.ranges: list[RecordingsAsk] = []
        self.unmade: str | None = None
        self.bus: NodeBus | None = None
        self._sequence = 0

    async def challenge(self) -> Challenge:
        """Issue a challenge."""
        return Challenge(challenge=b64(bytes(32)), expires_us=1)

    async def access(self, ask: Ask) -> DecisionAnswer:
        """Decide as the test says."""
        request = parse(unb64(ask.request.payload), AccessRequestStatement)
        self.asks.append(request)
        return DecisionAnswer(decision=sign(self.decide(request), self.device.key))

    async def attach(self, ask: Attach) -> Attached:
        """Take note, or refuse."""
        self.attached.put_nowait(ask.grant)
        self.is_watched = self.refuses_attach is None
        return Attached(ok=self.is_watched, reason=self.refuses_attach)

    async def alive(self, ask: AliveAsk) -> AliveAnswer:
        """Sign a nonce while watched."""
        if not self.is_watched:
            return AliveAnswer(alive=None, reason="viewer-left")
        alive = Alive(
            node=NODE,
            camera=YARD,
            stream=Stream.MAIN,
            rendition=Rendition.CLEAR,
            nonce=ask.nonce,
            segment="s",
            run=0,
            unit=1,
            pts=0,
            age_us=10_000,
            last=None,
            at_us=1,
            closes=Closes(grant=ask.grant, at_us=2),
        )
        return AliveAnswer(alive=sign(alive, self.device.key))

    async def detach(self, ask: Attach) -> None:
        """Take note."""
        self.detached.put_nowait(ask.grant)

    async def recordings(self, ask: RecordingsAsk) -> Recordings:
        """List nothing, and say why."""
        self.ranges.append(ask)
        return Recordings(manifests=[], open=[], reason=self.unmade)

    async def read_bytes(self, ask: BytesAsk) -> bytes:
        """Read from `segments`."""
        self.pieces.append(ask)
        if ask.segment not in self.segments:
            raise NotFoundError(f"no segment {ask.segment}")
        return self.segments[ask.segment][ask.offset : ask.offset + ask.length]

    async def commit(
        self, kind: OutboxKind, body: Envelope | str, *, id_: str | None = None
    ) -> OutboxItem:
        """Hand an item to the hub and return it once the hub has committed."""
        self._sequence += 1
        item = OutboxItem(
            id=id_ or f"item-{self._sequence}",
            sequence=self._sequence,
            kind=kind,
            body=msgspec.to_builtins(body),
        )
        assert self.bus is not None
        await self.bus.commit(item)
        return item

    async def send(self, *, grant: str, own: list[bytes], shared: list[bytes]) -> None:
        """Send frames of a grant, then frames of the yard's main stream."""
        assert self.bus is not None
        for frame in own:
            assert await self.bus.send_grant(grant, frame)
        for frame in shared:
            assert await self.bus.send_live(MAIN, frame)
