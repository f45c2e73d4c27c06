"""HTTP servers of tests on a free port of this machine, for as long as a block lasts."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from litestar import Litestar, Response, get

from handfast.web.listen import Listen
from handfast.web.serving import server


@asynccontextmanager
async def serving(app: Litestar, listen: Listen | None = None) -> AsyncIterator[str]:
    """Serve `app` as the product does, and yield its origin."""
    listen = listen or Listen()
    listening = socket.create_server((listen.host, 0))
    running = server(app, listen)
    task = asyncio.create_task(running.serve(sockets=[listening]))
    scheme = "http" if listen.certificate is None else "https"
    try:
        yield f"{scheme}://{listen.host}:{listening.getsockname()[1]}"
    finally:
        running.should_exit = True
        await task


@dataclass
class ScriptedAgency:
    """An agency's server that says whatever a test wants.

    Attributes:
        asked: How often it was.
    """

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def app(self) -> Litestar:
        """Return its server."""

        @get("/api/v1/revocations", sync_to_thread=False)
        def revocations() -> Response[bytes]:
            self.asked += 1
            return Response(
                self.body,
                status_code=self.status,
                headers=self.headers,
                media_type="application/json",
            )

        return Litestar(route_handlers=[revocations], openapi_config=None)
