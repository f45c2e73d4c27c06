"""How a WebSocket ends: a code for programs, a reason for both."""

from typing import Final

from litestar.exceptions import WebSocketException

from handfast.hub.errors import NotLoggedInError, TooManyError
from handfast.hub.http.caller import Socket
from handfast.hub.live import DISPLACED, FELL_BEHIND
from handfast.kit.errors import HandfastError, Kind

_ENDED: Final = 1000
_BY_REASON: Final = {DISPLACED: 4409, FELL_BEHIND: 4408}
_BY_KIND: Final = {
    Kind.INVALID: 4400,
    Kind.DENIED: 4403,
    Kind.NOT_FOUND: 4404,
    Kind.CONFLICT: 4409,
    Kind.UNAVAILABLE: 4503,
    Kind.CORRUPT: 4500,
}
_REASON_LIMIT: Final = 120  # bytes; RFC 6455 5.5.1 allows 123


async def close_for(socket: Socket, why: str | HandfastError) -> None:
    """Close a WebSocket and say why; harmless when it has gone already."""
    if isinstance(why, HandfastError):
        code = 4401 if isinstance(why, NotLoggedInError) else _BY_KIND[why.kind]
        code = 4429 if isinstance(why, TooManyError) else code
        reason = str(getattr(why, "reason", why.kind.value))
    else:
        code, reason = _BY_REASON.get(why, _ENDED), str(why)
    try:
        await socket.close(code=code, reason=reason.encode()[:_REASON_LIMIT].decode())
    except (WebSocketException, RuntimeError):
        return  # the page was faster
