"""Recorded ciphertext of a grant."""

from collections.abc import AsyncIterator
from typing import Annotated, TypeAlias

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Stream

from handfast.bus.ports import MAX_PIECE
from handfast.hub.http.caller import Caller, Hub
from handfast.hub.http.registry import IdText
from handfast.protocol.wire import Recordings

Size: TypeAlias = Annotated[int, QueryParameter(ge=0, le=2**40)]
SizeOrNot: TypeAlias = Annotated[int | None, QueryParameter(ge=1, le=2**40)]
Instant: TypeAlias = Annotated[int, QueryParameter(ge=0, le=2**62)]


@get("/grants/{grant:str}/recordings")
async def list_recordings(
    grant: IdText, from_us: Instant, until_us: Instant, hub: Hub, session: Caller
) -> Recordings:
    """Return which segments hold a range, as the node signed them."""
    row = await hub.pep.grant_of(session, grant)
    return await hub.recorded.recordings(row, from_us=from_us, until_us=until_us)


@get("/grants/{grant:str}/segments/{segment:str}", media_type="application/octet-stream")
async def read_segment(
    grant: IdText,
    segment: IdText,
    hub: Hub,
    session: Caller,
    offset: Size = 0,
    length: SizeOrNot = None,
) -> Stream:
    """Return the bytes of a sealed segment, from `offset`, at most `length` of them."""
    row = await hub.pep.grant_of(session, grant)
    first = await hub.recorded.first_piece(row, segment, offset=offset, length=length)
    wanted = MAX_PIECE if length is None else min(length, MAX_PIECE)
    whole = len(first) < wanted or length == len(first)

    async def _pieces() -> AsyncIterator[bytes]:
        yield first
        if whole:
            return
        left = None if length is None else length - len(first)
        at = offset + len(first)
        async for piece in hub.recorded.rest(row, segment, offset=at, length=left):
            yield piece

    return Stream(_pieces, media_type="application/octet-stream")
