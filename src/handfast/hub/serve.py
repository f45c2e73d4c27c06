"""Serve the hub over HTTP with uvicorn, and say where it is."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn

from handfast.hub.app import World, run_hub
from handfast.hub.config import HttpSection, HubConfig
from handfast.kit.errors import UnavailableError
from handfast.storage.files import write_durably

ADDRESS_FILE: Final = "hub.url"
_SOCKET_BACKLOG: Final = 2048
_WS_LIMIT: Final = 16 * 1024  # bytes of one message from a page
_WS_PING_S: Final = 20.0
_GRACE_S: Final = 3


async def serve(config: HubConfig, world: World) -> None:
    """Run the hub until SIGINT or SIGTERM.

    While it takes connections its URL stands in the file `hub.url` of its directory.
    """
    (Path(config.directory) / ADDRESS_FILE).unlink(missing_ok=True)
    async with run_hub(config, world) as hub:
        listening = listen(config.http)
        server = HttpServer(uvicorn_config(config.http, hub.api))
        for signal_ in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signal_, server.stop)
        url = url_of(config.http, listening)
        address = Path(config.directory) / ADDRESS_FILE
        write_durably(address, url.encode() + b"\n", mode=0o644)
        world.logger.info("hub %s at %s, bus at %s", config.id, url, hub.services.bus_url())
        try:
            await server.serve(sockets=[listening])
        finally:
            address.unlink(missing_ok=True)


class HttpServer(uvicorn.Server):
    """Stops when told; uvicorn's own signals would end us before the bus is down."""

    def stop(self) -> None:
        """Finish what is being answered; the second time do not wait for it."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`."""
        yield


def listen(section: HttpSection) -> socket.socket:
    """Return a bound socket.

    Raises:
        UnavailableError: The port is taken.
    """
    family = socket.AF_INET6 if ":" in section.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((section.host, section.port))
        bound.listen(_SOCKET_BACKLOG)
    except OSError as error:
        bound.close()
        message = f"cannot listen on {section.host}:{section.port}: {error.strerror}"
        raise UnavailableError(message) from error
    return bound


def url_of(section: HttpSection, listening: socket.socket) -> str:
    """Return the URL of a bound socket."""
    port = listening.getsockname()[1]
    host = f"[{section.host}]" if ":" in section.host else section.host
    return f"{'https' if section.certificate else 'http'}://{host}:{port}"


def uvicorn_config(section: HttpSection, app: object) -> uvicorn.Config:
    """Return how uvicorn serves the hub: no access log, since lines would name people."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type] # Litestar types ASGI more narrowly than uvicorn
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=_WS_LIMIT,
        ws_ping_interval=_WS_PING_S,
        ws_per_message_deflate=False,  # ciphertext does not compress
        lifespan="off",
        backlog=_SOCKET_BACKLOG,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ssl_certfile=section.certificate or None,
        ssl_keyfile=section.key or None,
        timeout_graceful_shutdown=_GRACE_S,
        date_header=False,
    )
