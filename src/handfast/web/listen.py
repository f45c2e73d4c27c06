"""Where a server may listen: TLS for everything that leaves the machine."""

from dataclasses import dataclass
from pathlib import Path

import uvicorn
from litestar import Litestar

from handfast.kit.errors import InvalidError
from handfast.web.origins import is_loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Address of a server.

    Attributes:
        host: Address to bind; plain HTTP only when it is of this machine alone.
        port: TCP port; 0 takes a free one.
        certificate: PEM chain, with `key` its private key.
    """

    host: str = "127.0.0.1"
    port: int = 0
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        """Refuse plain HTTP beyond loopback, and half a TLS configuration."""
        if (self.certificate is None) != (self.key is None):
            raise InvalidError("TLS needs both certificate and key; name both files or none")
        if self.certificate is None and not is_loopback(self.host):
            raise InvalidError(
                f"{self.host} leaves this machine and would speak plain HTTP; "
                "name a certificate and key, or listen on 127.0.0.1"
            )


def server(app: Litestar, listen: Listen) -> uvicorn.Server:
    """Return a server ready to `serve()`; it logs no request lines (they name people)."""
    config = uvicorn.Config(
        app,
        host=listen.host,
        port=listen.port,
        ssl_certfile=listen.certificate,
        ssl_keyfile=listen.key,
        access_log=False,
        log_config=None,
        lifespan="on",
        timeout_graceful_shutdown=2,
        ws_max_size=1 << 20,
        server_header=False,
    )
    return uvicorn.Server(config)
