"""The asks of protocol.md and the type of each body, in one table for both sides of the bus."""

from typing import Final, TypeVar

import msgspec

from handfast.bus.ports import MAX_PAYLOAD, MAX_PIECE, NodeAnswers
from handfast.kit.encoding import read_json
from handfast.kit.errors import InvalidError
from handfast.protocol.wire import AliveAsk, Ask, Attach, BytesAsk, RecordingsAsk

_Message = TypeVar("_Message", bound=msgspec.Struct)

SILENT: Final = frozenset({"detach"})  # published, never answered


def decode(body: bytes, expected: type[_Message]) -> _Message:
    """Read one message.

    Raises:
        InvalidError: It is too large or no JSON of an `expected`.
    """
    if len(body) > MAX_PAYLOAD:
        raise InvalidError(f"a message of {len(body)} bytes is too large; send at most 8 MiB")
    try:
        return read_json(body, expected)
    except InvalidError as error:
        raise InvalidError(f"no readable {expected.__name__}; see protocol.md") from error


async def answer(answers: NodeAnswers, verb: str, body: bytes) -> bytes:
    """Let a node answer one ask and return the bytes of its answer.

    Raises:
        InvalidError: The verb is unknown or the ask cannot be read.
        HandfastError: What the node raised.
    """
    match verb:
        case "challenge":
            return msgspec.json.encode(await answers.challenge())
        case "access":
            return msgspec.json.encode(await answers.access(decode(body, Ask)))
        case "attach":
            return msgspec.json.encode(await answers.attach(decode(body, Attach)))
        case "alive":
            return msgspec.json.encode(await answers.alive(decode(body, AliveAsk)))
        case "detach":
            await answers.detach(decode(body, Attach))
            return b""
        case "recordings":
            return msgspec.json.encode(await answers.recordings(decode(body, RecordingsAsk)))
        case "bytes":
            return await _read_bytes(answers, decode(body, BytesAsk))
        case _:
            raise InvalidError(f"a node answers no {verb!r}; see protocol.md")


async def _read_bytes(answers: NodeAnswers, ask: BytesAsk) -> bytes:
    if not (ask.offset >= 0 and 0 < ask.length <= MAX_PIECE):
        raise InvalidError(f"ask for 1 to {MAX_PIECE} bytes from an offset of at least 0")
    return await answers.read_bytes(ask)
