"""Whether the demo's ports are free, asked before anything is made or started."""

import socket
from collections.abc import Iterator
from contextlib import suppress

from handfast.cli.demo.city import City, Ports
from handfast.cli.demo.places import SITES
from handfast.kit.errors import InvalidError, UnavailableError

_LAST = 65_535


def require_free(city: City, *, made: bool) -> None:
    """Make sure that every port of a city can be listened on.

    Args:
        city: A city that is to run.
        made: Whether it is there already; then its files name its ports.

    Raises:
        InvalidError: There are no such ports.
        UnavailableError: A port is taken; says which, by whom it is wanted, what to do.
    """
    numbers = [port for port, _ in _ports(city.ports)]
    if min(numbers) < 1 or max(numbers) > _LAST:
        most = _LAST - max(numbers) + city.ports.base
        raise InvalidError(
            f"--port {city.ports.base}: the demo's ports would lie outside 1 to {_LAST}; "
            f"name one from 1024 to {most}"
        )
    for port, wanted_by in _ports(city.ports):
        if not _is_free(port):
            instead = f"--port {city.ports.base + 100}"
            if made:
                instead = f"--folder {city.folder}-2 {instead}, which makes another city"
            raise UnavailableError(
                f"port {port} (for {wanted_by}) is taken by another program, perhaps by a "
                f"demo that still runs; end that, or run: handfast demo {instead}"
            )


def _ports(ports: Ports) -> Iterator[tuple[int, str]]:
    yield ports.start, "the page to begin at"
    yield ports.hub, "the hub"
    yield ports.bus, "the hub's bus"
    yield ports.cameras, "the cameras"
    yield ports.agency, "the agency"
    for site in SITES:
        yield ports.node(site), f"the node of {site.name}"


def _is_free(port: int) -> bool:
    with socket.socket() as tried, suppress(OSError):
        # As servers do: connections that ended a moment ago do not count.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind(("127.0.0.1", port))
        return True
    return False
