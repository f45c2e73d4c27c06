"""Who may enter the bus: the server asks, we answer with a signed user of few subjects.

NATS auth callout (ADR-26): each connection that is not the hub's own is put to this
service. It gets a user JWT with exactly `subjects.node_permissions`, or nothing.
"""

import base64
import hashlib
from binascii import crc_hqx
from collections.abc import Callable
from typing import Final, TypeAlias
from uuid import UUID

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg

from handfast.bus.link import FAILURES, Login, Notice, close, connect, settle
from handfast.kit.clock import Clock
from handfast.kit.encoding import Json, b64, canonical, read_json, unb64
from handfast.kit.errors import HandfastError, InvalidError
from handfast.protocol import subjects
from handfast.seal.identity import SigningKey

ACCOUNT: Final = "HANDFAST"
ASKED_ON: Final = "$SYS.REQ.USER.AUTH"
_ACCOUNT_ROLE: Final = b"\0"  # nkeys' prefix byte of an account; it makes the text begin with A
_ANSWER_WITHIN_NS: Final = 60 * 10**9  # how long a node may answer what it was asked
_HEADER: Final = b64(b'{"typ":"JWT","alg":"ed25519-nkey"}')

Redeem: TypeAlias = Callable[[str, str], int | None]


class _ConnectOptions(msgspec.Struct, frozen=True, kw_only=True):
    user: str = ""
    password: str = msgspec.field(name="pass", default="")


class _ServerId(msgspec.Struct, frozen=True, kw_only=True):
    id: str


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    user_nkey: str
    server_id: _ServerId
    connect_opts: _ConnectOptions


class _Claims(msgspec.Struct, frozen=True, kw_only=True):
    nats: _Asked


class AccountKey:
    """The key that vouches for users to one server. Made anew at each start, never stored."""

    def __init__(self, seed: bytes) -> None:
        """Take 32 unpredictable bytes."""
        self._key = SigningKey.from_bytes(seed)

    @property
    def public(self) -> str:
        """The public key as NATS writes it: base32 of role, key and CRC-16 (an "nkey")."""
        raw = _ACCOUNT_ROLE + self._key.public
        return base64.b32encode(raw + crc_hqx(raw, 0).to_bytes(2, "little")).decode("ascii")

    def jwt(self, claims: dict[str, Json], *, now_us: int) -> bytes:
        """Sign claims as a NATS JWT (version 2)."""
        claims = {"iat": now_us // 1_000_000, "iss": self.public, **claims}
        digest = hashlib.sha256(canonical(claims)).digest()
        claims["jti"] = base64.b32encode(digest).decode().rstrip("=")
        text = f"{_HEADER}.{b64(canonical(claims))}".encode()
        return text + b"." + b64(self._key.sign(text)).encode()


class CalloutService:
    """Answers the server. Every refusal is counted through `on_notice`, never explained."""

    def __init__(
        self, *, key: AccountKey, redeem: Redeem, clock: Clock, on_notice: Notice
    ) -> None:
        """Take what decides.

        Args:
            key: The issuer named in the server's configuration.
            redeem: Uses a node's token up and says when its session ends (`BusTokens`).
            clock: Now.
            on_notice: Told of refusals and trouble, without tokens.
        """
        self._key = key
        self._redeem = redeem
        self._clock = clock
        self._notice = on_notice
        self._client: Client | None = None

    async def open(self, login: Login) -> None:
        """Connect as the callout user and answer from now on.

        Raises:
            UnavailableError: The server does not answer or refuses us.
        """
        self._client = await connect(
            login, on_notice=self._notice, on_lost=self._lost, on_back=self._back
        )
        await self._client.subscribe(ASKED_ON, cb=self._asked)
        await settle(self._client)

    async def close(self) -> None:
        """Answer no more: nobody enters, whoever is in stays."""
        if self._client is not None:
            await close(self._client)

    async def _asked(self, message: Msg) -> None:
        try:
            asked = _read(message.data)
        except HandfastError:
            self._notice("unreadable authorisation request")
            return
        try:
            await message.respond(self._decide(asked))
        except FAILURES as error:
            self._notice(type(error).__name__)

    def _decide(self, asked: _Asked) -> bytes:
        now_us = self._clock.now_us()
        node = asked.connect_opts.user
        until_us = self._redeem(node, asked.connect_opts.password) if _is_id(node) else None
        said: dict[str, Json] = {"type": "authorization_response", "version": 2}
        if until_us is None or until_us <= now_us:
            self._notice("a connection to the bus was refused")
            said["error"] = "unknown node or token"
        else:
            user = _user(asked.user_nkey, node, until_us)
            said["jwt"] = self._key.jwt(user, now_us=now_us).decode()
        claims: dict[str, Json] = {
            "sub": asked.user_nkey,
            "aud": asked.server_id.id,
            "nats": said,
        }
        return self._key.jwt(claims, now_us=now_us)

    async def _lost(self) -> None:
        self._notice("callout connection lost")

    async def _back(self) -> None:
        self._notice("callout connection back")


def _user(user_nkey: str, node: str, until_us: int) -> dict[str, Json]:
    may = subjects.node_permissions(node)
    return {
        "sub": user_nkey,
        "aud": ACCOUNT,
        "name": node,
        "exp": until_us // 1_000_000,
        "nats": {
            "type": "user",
            "version": 2,
            "subs": -1,
            "data": -1,
            "payload": -1,
            "pub": {"allow": list(may.publish)},
            "sub": {"allow": list(may.subscribe)},
            "resp": {"max": 1, "ttl": _ANSWER_WITHIN_NS},
        },
    }


def _read(token: bytes) -> _Asked:
    try:
        payload = token.decode("ascii").split(".")[1]
        return read_json(unb64(payload), _Claims).nats
    except (UnicodeDecodeError, IndexError) as error:
        raise InvalidError("no readable authorisation request") from error


def _is_id(text: str) -> bool:
    # A wildcard or a dot in a name would become part of a subject pattern.
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
