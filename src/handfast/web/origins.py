"""Addresses that may be asked: what is not encrypted never leaves this machine."""

import ipaddress
from urllib.parse import urlsplit

from handfast.kit.errors import InvalidError


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine: `localhost`, or an address of its loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_private(url: str) -> str:
    """Return the origin of a server that may be asked over the network.

    Args:
        url: `https://host[:port]`; `http://` only for this machine. A last `/` is dropped.

    Raises:
        InvalidError: It is another kind of address, has a login, a path or a query, or would
            leave this machine unencrypted.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidError(f"{url!r} is no address: {error}") from error
    rest = (parts.username, parts.password, parts.path.strip("/"), parts.query, parts.fragment)
    if parts.scheme not in {"http", "https"} or not host or any(rest):
        raise InvalidError(f"{url!r} is no origin; write https://host:port")
    if parts.scheme == "http" and not is_loopback(host):
        raise InvalidError(f"{url!r} would leave this machine as plain HTTP; write https://")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + ("" if port is None else f":{port}")
