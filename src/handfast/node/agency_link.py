"""How a node asks an agency's server what it has taken back (protocol.md, "Nodes")."""

import ssl
from typing import Final

import anyio
import httpx
from anyio import to_thread

from handfast.kit.errors import InvalidError, UnavailableError
from handfast.web.origins import require_private

TIMEOUT_S: Final = 5.0
LARGEST_BYTES: Final = 4 << 20
PATH: Final = "/api/v1/revocations"
# A server that compresses all the same is not understood; nothing small can grow large here.
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


class AgencyLink:
    """Asks agencies' servers. Belongs to one event loop; several questions at once are fine."""

    def __init__(self, *, timeout_s: float = TIMEOUT_S) -> None:
        """Begin without any trust read; authorities are read once and kept."""
        self._timeout_s = timeout_s
        self._tls: dict[str, ssl.SSLContext] = {}

    async def fetch(self, url: str, *, ca: str = "") -> bytes:
        """Return the body of an agency's answer, within the timeout in all.

        Args:
            url: The agency's origin, `https://`; plain `http://` on loopback only.
            ca: PEM text of the authority of its server; empty for the system's.

        Raises:
            InvalidError: `url` may not be asked, or `ca` holds no authority.
            UnavailableError: No answer, not in time, another status than 200, or more than
                `LARGEST_BYTES`.
        """
        origin = require_private(url)
        verify = await self._context(origin, ca)
        try:
            with anyio.fail_after(self._timeout_s):
                return await _get(origin, verify)
        except TimeoutError as error:
            message = f"{origin} did not answer within {self._timeout_s} s"
            raise UnavailableError(message) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # a host no name has
            message = f"{origin} does not answer: {type(error).__name__}: {error}"
            raise UnavailableError(message) from error

    async def _context(self, origin: str, ca: str) -> ssl.SSLContext:
        if origin.startswith("http:"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # unused, and trusts nobody
        known = self._tls.get(ca)
        if known is None:
            known = self._tls[ca] = await to_thread.run_sync(_trust, ca)
        return known


def _trust(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=ca or None)
    except (ssl.SSLError, ValueError) as error:
        raise InvalidError(f"the card's `ca` holds no PEM certificate: {error}") from error


async def _get(origin: str, verify: ssl.SSLContext) -> bytes:
    # A proxy may carry what is encrypted end to end, never what stays on this machine.
    proxies = origin.startswith("https:")
    async with (
        httpx.AsyncClient(verify=verify, timeout=TIMEOUT_S, trust_env=proxies) as client,
        client.stream("GET", origin + PATH, headers=_HEADERS) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise UnavailableError(f"{origin} answers with {answer.status_code}")
        body = bytearray()
        async for piece in answer.aiter_raw():
            body += piece
            if len(body) > LARGEST_BYTES:
                raise UnavailableError(f"{origin} answers with more than {LARGEST_BYTES} bytes")
        return bytes(body)
