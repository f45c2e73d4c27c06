"""Who calls: the session of a bearer token, or of the first message of a WebSocket."""

import asyncio
from typing import Any, Final, TypeAlias

import msgspec
from litestar import Request, WebSocket
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect
from litestar.params import SkipValidation

from handfast.hub.errors import NotLoggedInError
from handfast.hub.http.problems import address_of
from handfast.hub.services import Services
from handfast.hub.sessions import Session
from handfast.kit.encoding import read_json
from handfast.kit.errors import InvalidError

FIRST_MESSAGE_S: Final = 10.0
TEXT_LIMIT: Final = 4096  # bytes of one text message from a page
_BEARER: Final = "bearer "

Socket: TypeAlias = WebSocket[Any, Any, Any]
Hub: TypeAlias = NamedDependency[SkipValidation[Services]]
Caller: TypeAlias = NamedDependency[SkipValidation[Session]]


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """The first text message of a WebSocket."""

    token: str


async def provide_session(request: Request[Any, Any, Any], hub: Hub) -> Session:
    """Return the session of the `Authorization: Bearer` header.

    Raises:
        NotLoggedInError: There is none.
        TooManyError: This address has got too much wrong lately.
    """
    hub.malformed.require_room(address_of(request))
    header = request.headers.get("authorization", "")
    if header[: len(_BEARER)].lower() != _BEARER:
        raise NotLoggedInError
    return hub.pep.session(header[len(_BEARER) :].strip())


async def session_of(socket: Socket, hub: Services) -> Session:
    """Accept a WebSocket and return the session its first message names.

    Raises:
        NotLoggedInError: No valid token came in time, or the page is of a strange origin.
        WebSocketDisconnect: The page has gone.
    """
    await socket.accept()
    origin = socket.headers.get("origin")
    if origin is not None and not is_known_origin(hub, origin):
        raise NotLoggedInError
    try:
        async with asyncio.timeout(FIRST_MESSAGE_S):
            text = await receive_text(socket)
        return hub.pep.session(read_json(text, Token).token)
    except (TimeoutError, InvalidError) as error:
        count_malformed(socket, hub)
        raise NotLoggedInError from error


async def receive_text(socket: Socket) -> bytes:
    """Return the next text message.

    Raises:
        InvalidError: It is binary or too long.
        WebSocketDisconnect: The page has gone.
    """
    message = await socket.receive()
    if message["type"] != "websocket.receive":
        raise WebSocketDisconnect(detail="gone", code=1005)
    text = message.get("text")
    if not isinstance(text, str) or len(text) > TEXT_LIMIT:
        raise InvalidError("send text of at most 4 KiB")
    return text.encode()


def is_known_origin(hub: Services, origin: str) -> bool:
    """Tell whether a page of this origin may use the hub."""
    return origin in hub.config.http.agency_origins


def count_malformed(connection: ASGIConnection[Any, Any, Any, Any], hub: Services) -> None:
    """Count a message that could not be read against its address."""
    hub.metrics.malformed.labels("websocket").inc()
    hub.malformed.note(address_of(connection))
    hub.journal.warn("malformed websocket", "malformed WebSocket messages are being refused")
