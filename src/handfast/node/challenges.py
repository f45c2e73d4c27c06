"""Single-use challenges. In memory on purpose: a restart invalidates every one of them."""

from handfast.kit.clock import Clock
from handfast.kit.encoding import b64
from handfast.kit.ids import Ids
from handfast.protocol.wire import Challenge

LIFETIME_US = 120_000_000
_MOST = 4096  # a flood pushes out the oldest; it cannot fill memory


class Challenges:
    """Issues 32 random bytes, accepts each once. Belongs to one event loop."""

    def __init__(self, *, clock: Clock, ids: Ids) -> None:
        """Begin with none."""
        self._clock = clock
        self._ids = ids
        self._expiry: dict[str, int] = {}

    def issue(self) -> Challenge:
        """Return a challenge that is good for one use within two minutes."""
        now_us = self._clock.now_us()
        while self._expiry and (
            len(self._expiry) >= _MOST or next(iter(self._expiry.values())) <= now_us
        ):
            del self._expiry[next(iter(self._expiry))]
        challenge = b64(self._ids.secret(32))
        self._expiry[challenge] = now_us + LIFETIME_US
        return Challenge(challenge=challenge, expires_us=self._expiry[challenge])

    def consume(self, challenge: str) -> bool:
        """Tell whether it was issued here, is unexpired and unused; it is used up now."""
        expires_us = self._expiry.pop(challenge, 0)
        return self._clock.now_us() < expires_us

    def forget(self, _set_back_us: int = 0) -> None:
        """Invalidate all: nobody knows how old they are once the clock was set back."""
        self._expiry.clear()
