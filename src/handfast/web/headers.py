"""What every page tells the browser to refuse: one strict policy, no exceptions per page."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from handfast.kit.errors import InvalidError

_SOCKET_SCHEME = {"http": "ws", "https": "wss"}
_SCHEMES = {"http", "https", "ws", "wss"}

# What pages need, and nothing that they do not: a camera to read pairing codes, a place for
# the map, a whole screen for the wall.
_PERMISSIONS = (
    "accelerometer=(), camera=(self), display-capture=(), fullscreen=(self), "
    "geolocation=(self), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), "
    "payment=(), serial=(), usb=()"
)


def connect_origins(url: str) -> tuple[str, str]:
    """Return the HTTP and the WebSocket origin of a server, as `connect` wants them.

    Args:
        url: Address of the server, http or https; path and query are dropped.

    Raises:
        InvalidError: `url` is no http or https address.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SOCKET_SCHEME or not parts.netloc:
        raise InvalidError(f"{url!r} is no http or https address; write https://host:port")
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}", f"{_SOCKET_SCHEME[parts.scheme]}://{host}"


def content_security_policy(connect: Iterable[str] = ()) -> str:
    """Return the Content-Security-Policy (W3C CSP 3) of every page.

    No inline script, style or handler, no `eval`, no blob worker, no frame. Script sinks take
    trusted types only: Svelte's own templates, and workers among our built assets.

    Args:
        connect: Origins besides the page's own that it may talk to, `scheme://host[:port]`.

    Raises:
        InvalidError: An origin has a path, a space or a scheme other than http(s) and ws(s);
            it would change the meaning of the policy.
    """
    origins = ["'self'", *(_checked(origin) for origin in connect)]
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "worker-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "media-src blob:",
            "font-src 'self'",
            "manifest-src 'self'",
            f"connect-src {' '.join(origins)}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types default svelte-trusted-html",
        )
    )


def security_headers(connect: Iterable[str] = ()) -> dict[str, str]:
    """Return the headers of every answer that carries a page or a part of one.

    Strict-Transport-Security is not among them: it binds a whole host with all its ports, so
    it belongs to the server that ends TLS there.

    Raises:
        InvalidError: see `content_security_policy`.
    """
    return {
        "content-security-policy": content_security_policy(connect),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": _PERMISSIONS,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }


def _checked(origin: str) -> str:
    parts = urlsplit(origin)
    plain = f"{parts.scheme}://{parts.netloc}"
    strange = set(origin) & set(" ;,'\"*\r\n\t")
    if parts.scheme not in _SCHEMES or not parts.netloc or plain != origin or strange:
        raise InvalidError(f"{origin!r} is no origin; write scheme://host:port without a path")
    return origin
