"""Host names of cameras, looked up beside the ingest thread."""

import socket
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias

from handfast.media.faults import CameraFaultError, FaultCode

Place: TypeAlias = tuple[int, tuple[str, int]]
"""Address family, and what `connect` takes."""


class Resolver:
    """Turns host and port into a numeric address without stopping the caller.

    Numeric addresses are answered at once; names are asked for in one background thread,
    because the system's resolver blocks (for many seconds when its server is away).
    """

    def __init__(self) -> None:
        """Start no thread yet."""
        self._pool: ThreadPoolExecutor | None = None

    def look_up(self, host: str, port: int) -> Future[Place]:
        """Begin a look-up; the future fails with `OSError` when the name is unknown."""
        future: Future[Place] = Future()
        try:
            future.set_result(_ask(host, port, socket.AI_NUMERICHOST))
        except OSError:
            self._pool = self._pool or ThreadPoolExecutor(1, thread_name_prefix="resolve")
            return self._pool.submit(_ask, host, port)
        return future

    def close(self) -> None:
        """Stop the thread; a look-up under way is not waited for."""
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)


def result(future: Future[Place], host: str) -> Place:
    """Return a finished look-up.

    Raises:
        CameraFaultError: The name is unknown.
    """
    try:
        return future.result(timeout=0)
    except OSError as error:
        raise CameraFaultError(FaultCode.NAME_UNKNOWN, f"no address for {host}") from error


def _ask(host: str, port: int, flags: int = 0) -> Place:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    family, _, _, _, address = found[0]
    return family, (str(address[0]), int(address[1]))
