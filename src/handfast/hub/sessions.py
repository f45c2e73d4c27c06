"""Challenges and sessions, in memory: a restart makes devices log in again."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from handfast.hub.errors import NotLoggedInError, RefusedError
from handfast.kit.clock import Clock
from handfast.kit.encoding import b64
from handfast.kit.ids import Ids
from handfast.model.access import Reason

CHALLENGE_US: Final = 60_000_000
SESSION_US: Final = 12 * 3600 * 1_000_000
_CHALLENGES: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A named person on one enrolled device (P7).

    Attributes:
        device: Fingerprint of the device's key, `key`.
        agency: Id of the agency whose root stands behind it.
    """

    person: str
    name: str
    role: str
    device: str
    key: bytes
    agency: str
    expires_us: int


class Challenges:
    """Single-use challenges, each for one device and one audience. Event loop only."""

    def __init__(self, *, clock: Clock, ids: Ids) -> None:
        """Take time and randomness."""
        self._clock = clock
        self._ids = ids
        self._open: OrderedDict[str, tuple[str, str, int]] = OrderedDict()

    def issue(self, device: str, audience: str) -> tuple[str, int]:
        """Return a new challenge and when it expires."""
        now_us = self._clock.now_us()
        while self._open and (
            len(self._open) >= _CHALLENGES or next(iter(self._open.values()))[2] <= now_us
        ):
            self._open.popitem(last=False)
        challenge = b64(self._ids.secret(32))
        expires_us = now_us + CHALLENGE_US
        self._open[challenge] = (device, audience, expires_us)
        return challenge, expires_us

    def use(self, challenge: str, *, device: str, audience: str) -> None:
        """Use a challenge up, whether or not it was the right one.

        Raises:
            RefusedError: It is unknown, expired, used, or another device's or audience's.
        """
        found = self._open.pop(challenge, None)
        if found is None or found[:2] != (device, audience) or found[2] <= self._clock.now_us():
            raise RefusedError(
                Reason.CHALLENGE_UNKNOWN,
                "this challenge is unknown, used or too old; fetch a new one",
            )


class Sessions:
    """Who is logged in, by the hash of their token. Event loop only."""

    def __init__(self, *, clock: Clock, ids: Ids, most: int) -> None:
        """Take time, randomness and how many may be logged in at once."""
        self._clock = clock
        self._ids = ids
        self._most = most
        self._open: OrderedDict[bytes, Session] = OrderedDict()

    def open(self, session: Session) -> str:
        """Return the token of a new session; beyond the bound the oldest one ends."""
        token = b64(self._ids.secret(32))
        while len(self._open) >= self._most:
            self._open.popitem(last=False)
        self._open[_digest(token)] = session
        return token

    def find(self, token: str) -> Session:
        """Return the session of a token.

        Raises:
            NotLoggedInError: There is none (any more).
        """
        key = _digest(token)
        session = self._open.get(key)
        if session is None:
            raise NotLoggedInError
        if session.expires_us <= self._clock.now_us():
            del self._open[key]
            raise NotLoggedInError
        return session

    def is_open(self, session: Session) -> bool:
        """Tell whether a session found earlier has not expired since."""
        return session.expires_us > self._clock.now_us()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
