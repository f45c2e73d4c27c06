"""Login: single-use challenges and sessions, in memory; a restart logs everybody out.

Neither is a secret of value: a challenge only proves freshness, and a session reads what
its person may read. Authority travels in signed statements, never in a session.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from handfast.kit.clock import Clock
from handfast.kit.encoding import b64
from handfast.kit.errors import DeniedError
from handfast.kit.ids import Ids

_Who = TypeVar("_Who")
_SECOND_US = 1_000_000
CHALLENGE_US = 60 * _SECOND_US
SESSION_US = 12 * 3600 * _SECOND_US
_MOST = 10_000  # a flood of challenges forgets the oldest, it does not fill memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Generic[_Who]):
    """Somebody has logged in; `until_us` is exclusive."""

    token: str
    who: _Who
    until_us: int


class Challenges:
    """Challenges that have been given out and not yet answered. One thread."""

    def __init__(self, clock: Clock, ids: Ids, *, lasting_us: int = CHALLENGE_US) -> None:
        """Start with none."""
        self._clock = clock
        self._ids = ids
        self._lasting_us = lasting_us
        self._given: OrderedDict[str, int] = OrderedDict()

    def give(self) -> tuple[str, int]:
        """Return a new challenge and its exclusive end."""
        challenge = b64(self._ids.secret(32))
        until_us = self._clock.now_us() + self._lasting_us
        self._given[challenge] = until_us
        while len(self._given) > _MOST:
            self._given.popitem(last=False)
        return challenge, until_us

    def take(self, challenge: str) -> None:
        """Use up a challenge.

        Raises:
            DeniedError: It was never given, has run out or was used before.
        """
        until_us = self._given.pop(challenge, 0)
        if self._clock.now_us() >= until_us:
            raise DeniedError("the challenge is unknown, used or too old; ask for a new one")


class Sessions(Generic[_Who]):
    """Who is logged in. One thread."""

    def __init__(self, clock: Clock, ids: Ids, *, lasting_us: int = SESSION_US) -> None:
        """Start with nobody."""
        self._clock = clock
        self._ids = ids
        self._lasting_us = lasting_us
        self._open: OrderedDict[str, Session[_Who]] = OrderedDict()

    def open(self, who: _Who, *, not_after_us: int) -> Session[_Who]:
        """Open a session that ends with the certificate at the latest."""
        until_us = min(self._clock.now_us() + self._lasting_us, not_after_us)
        session = Session(token=b64(self._ids.secret(32)), who=who, until_us=until_us)
        self._open[session.token] = session
        while len(self._open) > _MOST:
            self._open.popitem(last=False)
        return session

    def who(self, token: str) -> _Who:
        """Return who holds a token.

        Raises:
            DeniedError: Nobody does any more.
        """
        session = self._open.get(token)
        if session is None or self._clock.now_us() >= session.until_us:
            self._open.pop(token, None)
            raise DeniedError("you are not logged in, or the session has ended; log in again")
        return session.who

    def bearer(self, header: str) -> _Who:
        """Return who an `Authorization: Bearer` header stands for.

        Raises:
            DeniedError: There is no such session.
        """
        scheme, _, token = header.partition(" ")
        return self.who(token.strip() if scheme.lower() == "bearer" else "")
