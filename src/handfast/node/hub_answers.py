"""What the node answers when the hub asks; the hub has no authority here."""

from functools import partial

from anyio import to_thread

from handfast.bus.ports import MAX_PIECE
from handfast.kit.errors import DeniedError, InvalidError
from handfast.model.access import Grant
from handfast.node.assembly import Heart
from handfast.protocol.wire import (
    AliveAnswer,
    AliveAsk,
    Ask,
    Attach,
    Attached,
    BytesAsk,
    Challenge,
    DecisionAnswer,
    Recordings,
    RecordingsAsk,
)

_LONGEST_LIST_US = 24 * 3600 * 1_000_000


class HubAnswers:
    """`handfast.bus.ports.NodeAnswers` over the node's use cases."""

    def __init__(self, heart: Heart) -> None:
        """Take the use cases."""
        self._heart = heart

    async def challenge(self) -> Challenge:
        """Issue a single-use challenge."""
        return self._heart.challenges.issue()

    async def access(self, ask: Ask) -> DecisionAnswer:
        """Decide."""
        return DecisionAnswer(decision=await self._heart.answers.answer(ask))

    async def attach(self, ask: Attach) -> Attached:
        """Begin to send the live frames of a grant."""
        return await self._heart.live.attach(ask.grant)

    async def alive(self, ask: AliveAsk) -> AliveAnswer:
        """Sign a nonce."""
        return self._heart.live.alive(ask)

    async def detach(self, ask: Attach) -> None:
        """Stop sending."""
        self._heart.live.detach(ask.grant)

    async def recordings(self, ask: RecordingsAsk) -> Recordings:
        """List the segments of a part of a grant's range."""
        if not 0 < ask.until_us - ask.from_us <= _LONGEST_LIST_US:
            raise InvalidError("ask for a range of at most 24 hours")
        grant = self._open(ask.grant)
        listed = partial(self._heart.ranges.list_recordings, grant)
        return await to_thread.run_sync(
            partial(listed, from_us=ask.from_us, until_us=ask.until_us)
        )

    async def read_bytes(self, ask: BytesAsk) -> bytes:
        """Read a piece of a segment that a grant opens."""
        if not (ask.offset >= 0 and 0 < ask.length <= MAX_PIECE):
            raise InvalidError(f"ask for 1 to {MAX_PIECE} bytes from an offset of at least 0")
        grant = self._open(ask.grant)
        read = partial(self._heart.ranges.read, grant, ask.segment)
        return await to_thread.run_sync(partial(read, offset=ask.offset, length=ask.length))

    def _open(self, grant: str) -> Grant:
        found = self._heart.grants.get(grant)
        if found is None:
            raise DeniedError("the grant is not open, or has ended; ask again")
        return found.grant
