"""The WebSocket that tells the owner's page what to read again."""

import anyio
import msgspec
from litestar import websocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect

from handfast.kit.errors import DeniedError, HandfastError
from handfast.node.bell import Listener
from handfast.node.http.doors import Doors, Socket

_FIRST_MESSAGE_S = 10.0
_DENIED = 4403  # close code; the page logs in again
_CHECK_S = 5.0


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """The first message of a page."""

    token: str


@websocket("/api/v1/events")
async def events(socket: Socket, doors: NamedDependency[Doors]) -> None:
    """Tell `{type: site | inbox | accesses}` on each change, all three at first."""
    await socket.accept()
    listener = doors.bell.join()
    try:
        token = await _token(socket)
        _check_session(doors, token)
        async with anyio.create_task_group() as group:
            group.start_soon(_tell, socket, listener)
            group.start_soon(_watch_session, doors, token)
            await _hear(socket)
            group.cancel_scope.cancel()
    except* HandfastError:
        await socket.close(code=_DENIED, reason="log in again")
    except* WebSocketDisconnect:
        pass
    finally:
        doors.bell.leave(listener)


async def _token(socket: Socket) -> str:
    with anyio.move_on_after(_FIRST_MESSAGE_S):
        try:
            return msgspec.json.decode(await socket.receive_text(), type=Token).token
        except msgspec.DecodeError as error:
            raise DeniedError("send the token first") from error
    raise DeniedError("send the token first")


async def _watch_session(doors: Doors, token: str) -> None:
    """Raise when the session or its device is no longer good."""
    while True:
        await anyio.sleep(_CHECK_S)
        _check_session(doors, token)


def _check_session(doors: Doors, token: str) -> None:
    doors.heart.devices.device(doors.sessions.who(token).device)


async def _tell(socket: Socket, listener: Listener) -> None:
    while True:
        what = await listener.next()
        await socket.send_text(msgspec.json.encode({"type": what}).decode())


async def _hear(socket: Socket) -> None:
    """Return when the page has gone; it has nothing to say here."""
    while True:
        try:
            await socket.receive_text()
        except WebSocketDisconnect:
            return
