"""Release windows: 10 s each, durable in the log before the first key in them (P2)."""

import msgspec
from anyio import Lock

from handfast.node.open_grants import OpenGrant
from handfast.node.pep import LogUnwritableError, Opened, Pep
from handfast.node.ports import Viewers
from handfast.node.steady import SteadyClock
from handfast.protocol.signing import sign
from handfast.protocol.statements import Window
from handfast.seal.format import FrameType, encode_statement_frame
from handfast.seal.identity import SigningKey

_AHEAD_US = 4_000_000  # the next window is opened this long before the last one is over
_KEPT = 3  # a group of pictures may have begun in an earlier window
_REACH_BACK_US = 2_000_000  # runs of the present group that a viewer coming back may get


class OpenWindows:
    """Opens windows and shows them to viewers. Belongs to one event loop."""

    def __init__(
        self, *, node: str, key: SigningKey, clock: SteadyClock, pep: Pep, viewers: Viewers
    ) -> None:
        """Take the log and the way to viewers."""
        self._node = node
        self._key = key
        self._clock = clock
        self._pep = pep
        self._viewers = viewers
        self._lock = Lock()  # attach and tick may want the same window

    async def ensure(self, open_grant: OpenGrant) -> bool:
        """Make sure that windows cover the next seconds; `False` when the log took nothing."""
        async with self._lock:
            return await self._ensure(open_grant)

    async def _ensure(self, open_grant: OpenGrant) -> bool:
        now_us = self._clock.now_us()
        newest = open_grant.windows[-1]
        same_clause = newest.clause == open_grant.permit.clause
        covered_us = newest.window.until_us if same_clause else now_us
        if all(each.window.from_us > now_us for each in open_grant.windows):
            covered_us = now_us - _REACH_BACK_US  # the clock was set back
        if covered_us >= min(now_us + _AHEAD_US, open_grant.until_us):
            return True
        from_us = max(covered_us, now_us - _REACH_BACK_US)
        try:
            opened = await self._pep.open_window(
                newest, open_grant.permit, from_us=from_us, now_us=now_us
            )
        except LogUnwritableError:
            # What is open stays open until its end; the next window is tried again.
            return now_us < covered_us
        open_grant.windows = (*open_grant.windows, opened)[-_KEPT:]
        self._show(opened)
        return True

    def show(self, open_grant: OpenGrant) -> None:
        """Send a viewer that attaches the windows its keys will come under."""
        for opened in open_grant.windows:
            self._show(opened)

    def _show(self, opened: Opened) -> None:
        statement = Window(
            node=self._node,
            grant=opened.grant.id,
            window=opened.window.number,
            from_us=opened.window.from_us,
            until_us=opened.window.until_us,
            log=opened.logged.proof,
        )
        body = msgspec.json.encode(sign(statement, self._key))
        self._viewers.grant(opened.grant.id, encode_statement_frame(FrameType.WINDOW, body))
