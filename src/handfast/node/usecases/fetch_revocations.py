"""Ask agencies what they have taken back, and keep what their roots stand behind.

The answer can only ever take away: a list that does not hold, is older, or does not arrive
leaves everything as it is. What holds is written into the trust folders, where `TrustWatch`
finds it and has every open grant judged again.
"""

import logging
from enum import StrEnum
from functools import partial

import anyio
from anyio import to_thread

from handfast.kit.clock import Clock
from handfast.kit.encoding import read_json, unb64
from handfast.kit.errors import HandfastError, InvalidError
from handfast.node.agency_link import AgencyLink
from handfast.node.metrics import NodeMetrics
from handfast.node.ports import Serials
from handfast.node.trust import AgencyRoot
from handfast.node.trust_watch import TrustWatch
from handfast.protocol.revocation_lists import SignedList, believe_lists
from handfast.protocol.wire import RevocationLists

_log = logging.getLogger(__name__)
_QUIET_S = 600.0


class Fetched(StrEnum):
    """What came of asking, as `/metrics` counts it.

    Once for each question: unreachable, garbage, answered. Once for each list or certificate
    in an answer: refused (it does not hold), older, unwritable (the disk failed), new.
    """

    UNREACHABLE = "unreachable"
    GARBAGE = "garbage"
    ANSWERED = "answered"
    REFUSED = "refused"
    OLDER = "older"
    UNWRITABLE = "unwritable"
    NEW = "new"


class FetchRevocations:
    """Belongs to one event loop."""

    def __init__(
        self,
        *,
        trust: TrustWatch,
        serials: Serials,
        link: AgencyLink,
        clock: Clock,
        metrics: NodeMetrics,
    ) -> None:
        """Take what is believed, the serials seen, and the way out."""
        self._trust = trust
        self._serials = serials
        self._link = link
        self._clock = clock
        self._metrics = metrics
        self._kept: dict[str, int] = {}
        self._said: dict[str, float] = {}

    async def tick(self) -> None:
        """Ask every agency whose card has an address, all at once; takes 5 s at most.

        A failure of one of them, or of the disk, is counted and takes nothing from the others.
        """
        agencies = [each for each in self._trust.now().agencies if each.url]
        silent: list[str] = []
        async with anyio.create_task_group() as group:
            for agency in agencies:
                group.start_soon(self._ask, agency, silent)
        self._metrics.agencies_silent.set(len(silent))

    async def _ask(self, agency: AgencyRoot, silent: list[str]) -> None:
        silent.append(agency.id)
        try:
            body = await self._link.fetch(agency.url, ca=agency.ca)
        except HandfastError as error:
            self._failed(agency, Fetched.UNREACHABLE, error)
            return
        try:
            lists = read_json(body, RevocationLists)
        except InvalidError as error:
            self._failed(agency, Fetched.GARBAGE, error)
            return
        silent.remove(agency.id)
        self._count(Fetched.ANSWERED)
        await self._take(agency, lists)

    async def _take(self, agency: AgencyRoot, lists: RevocationLists) -> None:
        check = partial(believe_lists, lists, root=unb64(agency.root), organisation=agency.id)
        believed = await to_thread.run_sync(check)
        for error in believed.refused:
            self._failed(agency, Fetched.REFUSED, error)
        for found in believed.newest.values():
            await self._keep(agency, found)

    async def _keep(self, agency: AgencyRoot, found: SignedList) -> None:
        """Keep a list above the known one; also the known one itself, should it be lost."""
        issuer, serial = found.revocation.issuer, found.revocation.serial
        held = self._trust.now().revoked.lists.newest.get(issuer)
        if held is not None and held.serial == serial:
            return
        seen = self._serials.highest(f"revocation:{issuer}") or 0
        known = max(seen, self._kept.get(issuer, 0))  # kept ones are seen two seconds later
        if serial < known:
            older = InvalidError(f"list {serial} of {issuer} is older than {known}")
            self._failed(agency, Fetched.OLDER, older)
            return
        try:
            await self._trust.keep(found)
        except InvalidError as error:
            self._failed(agency, Fetched.REFUSED, error)
            return
        except OSError as error:
            self._failed(agency, Fetched.UNWRITABLE, error)
            return
        self._kept[issuer] = serial
        self._count(Fetched.NEW)
        count = len(found.revocation.revoked)
        _log.info("%s revokes %d keys: list %d of %s", agency.name, count, serial, issuer)

    def _failed(self, agency: AgencyRoot, what: Fetched, error: Exception) -> None:
        """Count, and say it once in ten minutes for each agency."""
        self._count(what)
        now_s = self._clock.monotonic()
        if now_s - self._said.get(agency.id, -_QUIET_S) >= _QUIET_S:
            self._said[agency.id] = now_s
            _log.warning("revocations of %s, %s: %s", agency.name, what, error)

    def _count(self, what: Fetched) -> None:
        self._metrics.revocation_fetches.labels(what.value).inc()
