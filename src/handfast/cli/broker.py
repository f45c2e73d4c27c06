"""The MQTT broker that a command line names: its address, and what to trust it by."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from handfast.kit.errors import InvalidError
from handfast.web.origins import is_loopback

_PORTS: Final = {"mqtts": 8883, "mqtt": 1883}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where a broker is.

    Attributes:
        tls: Encrypt, and check the broker's certificate.
    """

    host: str
    port: int
    tls: bool


def broker_address(text: str, *, plain: bool) -> BrokerAddress:
    """Read `mqtts://HOST[:PORT]`, `mqtt://HOST[:PORT]` or `HOST[:PORT]`, which means `mqtts`.

    Args:
        text: As it was typed.
        plain: Allow `mqtt://` beyond this machine.

    Raises:
        InvalidError: It is no such address, or would cross a network in the clear.
    """
    parts = urlsplit(text if "://" in text else f"mqtts://{text}")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in _PORTS or not parts.hostname or port == 0 or parts.path:
        raise InvalidError(f"{text!r} is no broker; write mqtts://HOST or mqtts://HOST:PORT")
    tls = parts.scheme == "mqtts"
    if not tls and not plain and not is_loopback(parts.hostname):
        raise InvalidError(
            f"{text} would send the report and the login unencrypted; write mqtts://, or "
            "allow it with --mqtt-plain"
        )
    return BrokerAddress(host=parts.hostname, port=port or _PORTS[parts.scheme], tls=tls)


def trust(ca: Path | None) -> ssl.SSLContext:
    """Return a context that trusts one authority; without one, the system's.

    Raises:
        InvalidError: The file is not there or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as error:
        raise InvalidError(f"{ca} holds no certificate; name a PEM file with --ca") from error
