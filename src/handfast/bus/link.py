"""How every NATS connection here is made: limits, pings and what a failure is called."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import nats
import nats.errors
from nats.aio.client import Client

from handfast.kit.errors import InvalidError, UnavailableError

PING_S: Final = 2
LOST_PINGS: Final = 2  # two unanswered pings: a silent cut is noticed within 6 s
CONNECT_TIMEOUT_S: Final = 5
RECONNECT_S: Final = 0.25
PENDING_OUT: Final = 16 * 1024 * 1024  # bytes waiting for a slow link
PENDING_IN: Final = 64 * 1024 * 1024  # bytes one subscription may lag behind
FAILURES: Final = (nats.errors.Error, OSError, TimeoutError, asyncio.InvalidStateError)

Notice: TypeAlias = Callable[[str], None]
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who connects, and where.

    Attributes:
        url: `nats://host:port` on loopback, `tls://host:port` elsewhere.
        inbox_prefix: Where answers arrive; a node's own (`subjects.inbox_prefix`).
        tls: Trusts the hub's authority; needed exactly for `tls://`.
    """

    url: str
    user: str
    password: str
    inbox_prefix: str
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        """Refuse to send a password over a wire in the clear."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("nats", "tls"):
            raise InvalidError(f"{self.url}: the bus speaks nats:// or tls://")
        if parts.scheme == "nats" and parts.hostname not in _LOOPBACK:
            raise InvalidError(f"{self.url}: beyond loopback the bus is tls://; give its CA")
        if parts.scheme == "tls" and self.tls is None:
            raise InvalidError(f"{self.url}: name the certificate authority of the bus")


async def connect(
    login: Login,
    *,
    on_notice: Notice,
    on_lost: Callable[[], Awaitable[None]],
    on_back: Callable[[], Awaitable[None]] | None = None,
) -> Client:
    """Connect once; with `on_back` the connection mends itself for ever, else it closes.

    Raises:
        UnavailableError: Nobody answers, or the login is refused.
    """
    client = Client()

    async def _failed(error: Exception) -> None:
        # Only the class: the text of some errors holds subjects, none may hold a body.
        on_notice(type(error).__name__)

    async def _lost() -> None:
        await on_lost()

    async def _back() -> None:
        if on_back is not None:
            await on_back()

    mends = on_back is not None
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await client.connect(
                servers=login.url,
                user=login.user,
                password=login.password,
                inbox_prefix=login.inbox_prefix,
                tls=login.tls,
                tls_hostname=urlsplit(login.url).hostname if login.tls else None,
                connect_timeout=CONNECT_TIMEOUT_S,
                allow_reconnect=mends,
                max_reconnect_attempts=-1 if mends else 1,
                reconnect_time_wait=RECONNECT_S,  # type: ignore[arg-type] # slept, so a float will do
                ping_interval=PING_S,
                max_outstanding_pings=LOST_PINGS,
                pending_size=PENDING_OUT,
                error_cb=_failed,
                disconnected_cb=_lost if mends else None,
                closed_cb=None if mends else _lost,
                reconnected_cb=_back,
            )
    except FAILURES as error:
        await close(client)
        message = f"the bus at {login.url} does not take {login.user} in: {error!r}"
        raise UnavailableError(message) from error
    return client


async def settle(client: Client) -> None:
    """Return once the server has taken every subscription made before."""
    # nats-py writes the first PING past what its flusher still holds; when it has been
    # answered the flusher has run, and the second comes after everything.
    await client.flush()
    await client.flush()


async def close(client: Client) -> None:
    """Close whatever state the connection is in."""
    try:
        await client.close()
    except FAILURES:
        return
