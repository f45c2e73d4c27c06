"""The live WebSocket of one grant: ciphertext out, nonces in."""

import asyncio
import contextlib
from typing import Final

import msgspec
from litestar import websocket
from litestar.exceptions import WebSocketDisconnect

from handfast.hub.errors import RefusedError
from handfast.hub.http.both_ways import both_ways
from handfast.hub.http.caller import Hub, Socket, count_malformed, receive_text, session_of
from handfast.hub.http.closing import close_for
from handfast.hub.http.registry import IdText
from handfast.hub.live import Viewer
from handfast.hub.services import Services
from handfast.kit.encoding import read_json
from handfast.kit.errors import HandfastError, InvalidError
from handfast.model.access import Reason

NONCES_AT_ONCE: Final = 2
LINGER_US: Final = 5_000_000  # the node says when a grant ends; this long we wait to hear it
_NONCE_LIMIT: Final = 64


class PageSays(msgspec.Struct, frozen=True, kw_only=True):
    """What a viewing page sends: a nonce each second, or that it stops."""

    type: str
    nonce: str = ""


@websocket("/grants/{grant:str}/live")
async def watch_live(socket: Socket, grant: IdText, hub: Hub) -> None:
    """Relay a grant's live frames until it ends, the page leaves or falls behind."""
    viewer: Viewer | None = None
    try:
        session = await session_of(socket, hub)
        row = await hub.pep.grant_of(session, grant)
        if row.view != "live":
            raise RefusedError(Reason.VIEW_NOT_AGREED, f"grant {grant} is not for looking live")
        viewer = await hub.live.open(row)
        await _relay(socket, hub, viewer)
        await close_for(socket, viewer.closed or Reason.VIEWER_LEFT)
    except HandfastError as error:
        await close_for(socket, error)
    except WebSocketDisconnect:
        return
    finally:
        if viewer is not None:
            await asyncio.shield(hub.live.close(viewer))


async def _relay(socket: Socket, hub: Services, viewer: Viewer) -> None:
    left = (viewer.grant.until_us + LINGER_US - hub.clock.now_us()) / 1_000_000
    try:
        await both_ways(_send(socket, hub, viewer), _hear(socket, hub, viewer), for_s=left)
    except TimeoutError:
        viewer.close(Reason.TIME_BOX_ENDED)


async def _send(socket: Socket, hub: Services, viewer: Viewer) -> None:
    relayed = hub.metrics.relayed_bytes.labels("live")
    while (frame := await viewer.next()) is not None:
        await socket.send_bytes(frame)
        relayed.inc(len(frame))


async def _hear(socket: Socket, hub: Services, viewer: Viewer) -> None:
    asking: set[asyncio.Task[None]] = set()
    try:
        while True:
            said = _read(await receive_text(socket))
            if said.type == "stop":
                return
            if said.type != "alive":
                raise InvalidError(f"a viewer sends alive or stop, not {said.type[:20]!r}")
            if len(asking) < NONCES_AT_ONCE:
                task = asyncio.create_task(hub.live.ask_alive(viewer, said.nonce))
                asking.add(task)
                task.add_done_callback(asking.discard)
    except InvalidError:
        count_malformed(socket, hub)
        raise
    finally:
        for task in asking:
            task.cancel()
        with contextlib.suppress(HandfastError):
            await asyncio.gather(*asking, return_exceptions=True)


def _read(text: bytes) -> PageSays:
    try:
        said = read_json(text, PageSays)
    except InvalidError as error:
        raise InvalidError("a viewer sends JSON with a type; see protocol.md") from error
    if len(said.nonce) > _NONCE_LIMIT:
        raise InvalidError("a nonce is 16 bytes as base64url")
    return said
