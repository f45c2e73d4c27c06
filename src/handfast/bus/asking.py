"""The hub's asks over any bus that can carry bytes there and back."""

from abc import ABC, abstractmethod
from typing import TypeVar

import msgspec

from handfast.bus.ports import ACCESS_TIMEOUT_S, ASK_TIMEOUT_S, MAX_PIECE
from handfast.bus.verbs import decode
from handfast.kit.errors import InvalidError, UnavailableError
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

_Message = TypeVar("_Message", bound=msgspec.Struct)


class AskingBus(ABC):
    """Turns typed asks into bytes; a bus adds how bytes travel."""

    @abstractmethod
    async def ask(self, node: str, verb: str, body: bytes, *, timeout_s: float) -> bytes:
        """Carry one ask to a node and return the bytes of its answer.

        Raises:
            UnavailableError: Nobody listens, or no answer came in `timeout_s`.
            HandfastError: What the node raised.
        """

    @abstractmethod
    async def tell(self, node: str, verb: str, body: bytes) -> None:
        """Carry one message to a node that does not answer it; lost when it is not there."""

    async def challenge(self, node: str) -> Challenge:
        """Fetch a single-use challenge for an access request."""
        return await self._ask(node, "challenge", None, Challenge)

    async def access(self, node: str, ask: Ask) -> DecisionAnswer:
        """Forward an access request and await the node's decision."""
        return await self._ask(node, "access", ask, DecisionAnswer, ACCESS_TIMEOUT_S)

    async def attach(self, node: str, ask: Attach) -> Attached:
        """Ask for the live frames of a grant; listen to them first."""
        return await self._ask(node, "attach", ask, Attached)

    async def alive(self, node: str, ask: AliveAsk) -> AliveAnswer:
        """Ask for a signed sign of life of a grant's stream."""
        return await self._ask(node, "alive", ask, AliveAnswer)

    async def detach(self, node: str, ask: Attach) -> None:
        """Tell the node that nobody looks any more; without an answer."""
        await self.tell(node, "detach", msgspec.json.encode(ask))

    async def recordings(self, node: str, ask: RecordingsAsk) -> Recordings:
        """Ask which segments hold a range."""
        return await self._ask(node, "recordings", ask, Recordings)

    async def read_bytes(self, node: str, ask: BytesAsk) -> bytes:
        """Fetch a piece of a segment; shorter than asked only at its end."""
        if not (ask.offset >= 0 and 0 < ask.length <= MAX_PIECE):
            raise InvalidError(f"ask for 1 to {MAX_PIECE} bytes from an offset of at least 0")
        piece = await self.ask(node, "bytes", msgspec.json.encode(ask), timeout_s=ASK_TIMEOUT_S)
        if len(piece) > ask.length:
            raise UnavailableError(f"node {node} sent more bytes than asked; try again")
        return piece

    async def _ask(
        self,
        node: str,
        verb: str,
        ask: msgspec.Struct | None,
        expected: type[_Message],
        timeout_s: float = ASK_TIMEOUT_S,
    ) -> _Message:
        body = b"" if ask is None else msgspec.json.encode(ask)
        answer = await self.ask(node, verb, body, timeout_s=timeout_s)
        try:
            return decode(answer, expected)
        except InvalidError as error:
            message = f"node {node} answered {verb} with what cannot be read; try again"
            raise UnavailableError(message) from error
