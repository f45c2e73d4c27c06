"""Serve the node over HTTP beside its loops, and stop all of it on SIGTERM or Ctrl-C."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import uvicorn
from anyio import to_thread

from handfast.node.app import World, build_node
from handfast.node.config import NodeConfig
from handfast.node.run import run, start
from handfast.web.serving import server

_log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Leaves signals to `serve`: uvicorn's own would end us before recordings are closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`."""
        yield


async def serve(config: NodeConfig, world: World) -> None:
    """Run the node until SIGINT or SIGTERM; every acknowledged recording is closed then.

    Raises:
        HandfastError: The configuration or a store is wrong; nothing was started.
    """
    node = await to_thread.run_sync(lambda: build_node(config, world))
    await start(node)
    http = _Server(server(node.http, config.listen).config)
    stopping = anyio.Event()
    async with anyio.create_task_group() as signals:
        signals.start_soon(_await_signal, stopping)
        async with anyio.create_task_group() as serving:
            serving.start_soon(http.serve)
            _log.info("node %s listens on port %d", config.table.id, config.listen.port)
            await run(node, stopping)
            http.should_exit = True
        signals.cancel_scope.cancel()


async def _await_signal(stopping: anyio.Event) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            stopping.set()
