"""Where a server may listen: TLS for everything that leaves the machine."""

from dataclasses import dataclass
from pathlib import Path

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
