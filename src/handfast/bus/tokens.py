"""Tokens with which nodes enter the bus: for one node, once, within a minute."""

import hashlib
import hmac
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from handfast.kit.clock import Clock
from handfast.kit.encoding import b64
from handfast.kit.ids import Ids

LIFE_US: Final = 60_000_000
_MOST: Final = 20_000  # tokens that wait to be used; more than nodes on one server


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A token that has not been used, by its hash: a memory dump opens no connection."""

    node: str
    expires_us: int
    session_until_us: int


class BusTokens:
    """Issues and redeems tokens. Kept in memory: a restart only makes nodes log in again."""

    def __init__(self, *, clock: Clock, ids: Ids) -> None:
        """Take time and randomness."""
        self._clock = clock
        self._ids = ids
        self._waiting: OrderedDict[bytes, Waiting] = OrderedDict()

    def issue(self, node: str, *, session_until_us: int) -> tuple[str, int]:
        """Return a new token for `node` and when it stops opening a connection.

        Args:
            node: Id of the node that has proved who it is.
            session_until_us: The connection it opens is closed by the bus at this instant.
        """
        now_us = self._clock.now_us()
        self._forget(now_us)
        token = b64(self._ids.secret(32))
        expires_us = now_us + LIFE_US
        self._waiting[_digest(token)] = Waiting(
            node=node, expires_us=expires_us, session_until_us=session_until_us
        )
        return token, expires_us

    def redeem(self, node: str, token: str) -> int | None:
        """Use a token up and return when its session ends; `None` refuses it.

        A token that is shown for another node than its own is burnt as well.
        """
        found = self._waiting.pop(_digest(token), None)
        if found is None or self._clock.now_us() >= found.expires_us:
            return None
        if not hmac.compare_digest(found.node.encode(), node.encode()):
            return None
        return found.session_until_us

    def _forget(self, now_us: int) -> None:
        while self._waiting:
            oldest = next(iter(self._waiting))
            if self._waiting[oldest].expires_us > now_us and len(self._waiting) < _MOST:
                return
            del self._waiting[oldest]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
