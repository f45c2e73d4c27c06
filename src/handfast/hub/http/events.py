"""The WebSocket that tells a page the present state, then what changes."""

import msgspec
from litestar import websocket
from litestar.exceptions import WebSocketDisconnect

from handfast.hub.errors import NotLoggedInError
from handfast.hub.event_board import Listener
from handfast.hub.http.both_ways import both_ways
from handfast.hub.http.caller import Hub, Socket, count_malformed, receive_text, session_of
from handfast.hub.http.closing import close_for
from handfast.hub.live import FELL_BEHIND
from handfast.hub.services import Services
from handfast.hub.sessions import Session
from handfast.hub.usecases.watch_events import present_state
from handfast.kit.errors import HandfastError, InvalidError


@websocket("/events")
async def watch_events(socket: Socket, hub: Hub) -> None:
    """Tell events until the page leaves, falls behind or its session ends."""
    listener: Listener | None = None
    try:
        session = await session_of(socket, hub)
        listener = hub.board.join(session.device)  # before the state is read: nothing is missed
        hub.metrics.listeners.set(len(hub.board))
        await _tell(socket, hub, session, listener)
    except HandfastError as error:
        await close_for(socket, error)
    except WebSocketDisconnect:
        return
    finally:
        if listener is not None:
            hub.board.leave(listener)
            hub.metrics.listeners.set(len(hub.board))


async def _tell(socket: Socket, hub: Services, session: Session, listener: Listener) -> None:
    now_us = hub.clock.now_us()
    state = await hub.store.transact(
        lambda tables: present_state(tables, hub.presence, session, now_us=now_us)
    )
    for event in state:
        await socket.send_text(msgspec.json.encode(event).decode())
    left = (session.expires_us - hub.clock.now_us()) / 1_000_000
    try:
        await both_ways(_send(socket, listener), _hear(socket, hub), for_s=left)
    except TimeoutError as error:
        raise NotLoggedInError from error


async def _send(socket: Socket, listener: Listener) -> None:
    while (text := await listener.next()) is not None:
        await socket.send_text(text.decode())
    await close_for(socket, FELL_BEHIND)


async def _hear(socket: Socket, hub: Services) -> None:
    """Return when the page has gone; it has nothing to say here."""
    while True:
        try:
            await receive_text(socket)
        except InvalidError:
            count_malformed(socket, hub)
            raise
