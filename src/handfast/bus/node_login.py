"""How a node logs in to the hub and learns where the bus is (protocol.md, "Login")."""

import ssl
from typing import Final, TypeVar

import httpx
import msgspec

from handfast.bus.ports import BusAccess
from handfast.kit.clock import Clock
from handfast.kit.encoding import read_json
from handfast.kit.errors import DeniedError, InvalidError, UnavailableError
from handfast.protocol.signing import sign
from handfast.protocol.statements import Login
from handfast.protocol.wire import LoginAsk, LoginChallenge
from handfast.seal.identity import Envelope, SigningKey

TIMEOUT_S: Final = 5.0
CHALLENGE_PATH: Final = "/api/v1/nodes/login/challenge"
LOGIN_PATH: Final = "/api/v1/nodes/login"
_ANSWER_LIMIT: Final = 64 * 1024
_REFUSED: Final = frozenset({400, 401, 403, 404})

_Message = TypeVar("_Message", bound=msgspec.Struct)


class DeviceName(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants a challenge: the fingerprint of its key."""

    device: str


class HubLogin:
    """Fetches a fresh bus token for each connection."""

    def __init__(
        self,
        url: str,
        *,
        key: SigningKey,
        certificate: Envelope,
        clock: Clock,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Take who logs in where.

        Args:
            url: The hub, `https://…` (plain `http://` on loopback only).
            key: The node's signing key.
            certificate: The owner root's statement about that key.
            clock: Now.
            tls: Trusts the hub's certificate; the system's authorities otherwise.
        """
        self._url = url.rstrip("/")
        self._key = key
        self._certificate = certificate
        self._clock = clock
        self._tls = tls

    async def __call__(self) -> BusAccess:
        """Log in and return what opens one connection.

        Raises:
            DeniedError: The hub knows no owner root that vouches for this node.
            UnavailableError: The hub does not answer as it should.
        """
        verify: ssl.SSLContext | bool = self._tls if self._tls is not None else True
        async with httpx.AsyncClient(
            base_url=self._url, verify=verify, timeout=TIMEOUT_S
        ) as client:
            named = DeviceName(device=self._key.fingerprint)
            challenge = await _post(client, CHALLENGE_PATH, named, LoginChallenge)
            login = Login(
                audience=challenge.audience,
                challenge=challenge.challenge,
                device=self._key.fingerprint,
                at_us=self._clock.now_us(),
            )
            ask = LoginAsk(login=sign(login, self._key), chain=[self._certificate])
            return await _post(client, LOGIN_PATH, ask, BusAccess)


async def _post(
    client: httpx.AsyncClient, path: str, body: msgspec.Struct, expected: type[_Message]
) -> _Message:
    try:
        answer = await client.post(
            path,
            content=msgspec.json.encode(body),
            headers={"Content-Type": "application/json"},
        )
    except httpx.HTTPError as error:
        message = f"the hub at {client.base_url} does not answer: {type(error).__name__}"
        raise UnavailableError(message) from error
    if answer.status_code in _REFUSED:
        raise DeniedError(
            f"the hub refuses this node ({answer.status_code}): {answer.text[:300]}"
        )
    if answer.is_error or len(answer.content) > _ANSWER_LIMIT:
        raise UnavailableError(f"the hub failed to log this node in ({answer.status_code})")
    try:
        return read_json(answer.content, expected)
    except InvalidError as error:
        raise UnavailableError(
            "the hub answers something else than protocol.md says"
        ) from error
