"""Relay recorded ciphertext: what there is, and its bytes piece by piece.

Back-pressure: the next piece is asked for only when the browser has taken the last.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from handfast.bus.ports import MAX_PIECE, HubBus
from handfast.hub.metrics import Metrics
from handfast.kit.errors import InvalidError
from handfast.protocol.wire import BytesAsk, Recordings, RecordingsAsk
from handfast.storage.hub_rows import GrantRow


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRelay:
    """What relaying needs."""

    bus: HubBus
    metrics: Metrics

    async def recordings(self, grant: GrantRow, *, from_us: int, until_us: int) -> Recordings:
        """Return which segments hold `[from_us, until_us)`, and what the node says of the rest.

        Raises:
            InvalidError: The range is empty.
            DeniedError: The node refuses.
            UnavailableError: The node is not there.
        """
        if until_us <= from_us:
            raise InvalidError("until_us must be above from_us; ask for a range that has time")
        ask = RecordingsAsk(grant=grant.id, from_us=from_us, until_us=until_us)
        return await self.bus.recordings(grant.node, ask)

    async def first_piece(
        self, grant: GrantRow, segment: str, *, offset: int, length: int | None
    ) -> bytes:
        """Return the first piece, so that a refusal is one before any byte is sent.

        Raises:
            InvalidError: Offset or length are out of range.
            HandfastError: What the node raised, or that it is not there.
        """
        if offset < 0 or (length is not None and length < 1):
            raise InvalidError("offset is at least 0 and length at least 1")
        wanted = MAX_PIECE if length is None else min(length, MAX_PIECE)
        return await self._piece(grant, segment, offset, wanted)

    async def rest(
        self, grant: GrantRow, segment: str, *, offset: int, length: int | None
    ) -> AsyncIterator[bytes]:
        """Return the pieces from `offset` on; ends with the segment or after `length` bytes."""
        left = length
        while left is None or left > 0:
            wanted = MAX_PIECE if left is None else min(left, MAX_PIECE)
            piece = await self._piece(grant, segment, offset, wanted)
            if piece:
                yield piece
            if len(piece) < wanted:
                return
            offset += len(piece)
            left = None if left is None else left - len(piece)

    async def _piece(self, grant: GrantRow, segment: str, offset: int, length: int) -> bytes:
        ask = BytesAsk(grant=grant.id, segment=segment, offset=offset, length=length)
        piece = await self.bus.read_bytes(grant.node, ask)
        self.metrics.relayed_bytes.labels("recorded").inc(len(piece))
        return piece
