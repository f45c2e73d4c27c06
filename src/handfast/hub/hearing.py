"""What the hub does with what nodes say, and what time does to it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from handfast.hub.event_board import EventBoard
from handfast.hub.journal import Journal
from handfast.hub.live import LiveRelay
from handfast.hub.metrics import Metrics
from handfast.hub.ports import HubStore
from handfast.hub.presence import Presence
from handfast.hub.usecases.close_incident import close_due
from handfast.hub.usecases.commit_outbox import Told, commit_outbox
from handfast.hub.usecases.list_incidents import view_incident
from handfast.hub.usecases.list_registry import find_site
from handfast.hub.usecases.open_incident import Opening
from handfast.hub.views import EndedEvent, IncidentEvent, SiteEvent
from handfast.kit.clock import Clock
from handfast.kit.errors import HandfastError, Kind
from handfast.kit.ids import Ids
from handfast.protocol.wire import Heartbeat, OutboxItem
from handfast.storage.sqlite_hub import HubTransaction

TICK_S: Final = 1.0
KEEP_US: Final = 7 * 24 * 3600 * 1_000_000  # requests, ended grants and item ids
_FORGET_EVERY: Final = 3600  # ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How alarms become incidents (`config.IncidentSection`)."""

    radius_m: float
    close_after_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EarParts:
    """What an ear changes, and who is told."""

    store: HubStore
    presence: Presence
    board: EventBoard
    live: LiveRelay
    metrics: Metrics
    journal: Journal
    clock: Clock
    ids: Ids
    terms: Terms


class NodeEar:
    """Hears nodes (`bus.ports.NodeHearer`) and keeps the hub's own time. Event loop only."""

    def __init__(self, parts: EarParts) -> None:
        """Take the parts."""
        self._store = parts.store
        self._presence = parts.presence
        self._board = parts.board
        self._live = parts.live
        self._metrics = parts.metrics
        self._journal = parts.journal
        self._clock = parts.clock
        self._ids = parts.ids
        self._terms = parts.terms
        self._changed: set[str] = set()  # nodes whose site is to be told
        self._wake = asyncio.Event()

    def hear_heartbeat(self, node: str, heartbeat: Heartbeat) -> None:
        """Note that a node is there."""
        if self._presence.hear(node, heartbeat):
            self._note(node)

    def hear_malformed(self, node: str, what: str) -> None:
        """Count what could not be read."""
        self._metrics.malformed.labels(what).inc()
        self._journal.warn(f"malformed {what}", f"node {node} sent a malformed {what}")

    async def commit(self, node: str, item: OutboxItem) -> None:
        """Commit an outbox item and tell who should know."""
        opening = Opening(
            incident=str(self._ids.uuid7()),
            radius_m=self._terms.radius_m,
            now_us=self._clock.now_us(),
        )
        try:
            outcome = await self._store.transact(
                lambda tables: commit_outbox(tables, node, item, opening)
            )
        except HandfastError as error:
            self._refuse(node, item, error)
            raise
        self._metrics.outbox.labels(item.kind, "committed").inc()
        self._tell(outcome.told)
        if outcome.registered:
            self._note(node)

    async def keep_time(self) -> None:
        """Tell what came and went, close what is due, forget what is old; until cancelled."""
        ticks = 0
        while True:
            try:
                await self.tick(forget=ticks % _FORGET_EVERY == 0)
            except HandfastError as error:
                self._journal.warn("tick", f"housekeeping failed: {error}")
            ticks += 1
            self._wake.clear()
            try:
                async with asyncio.timeout(TICK_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def tick(self, *, forget: bool = False) -> None:
        """Do once what `keep_time` does each second, or sooner when a node came."""
        now_us = self._clock.now_us()
        self._changed.update(self._presence.sweep())
        self._metrics.nodes_online.set(self._presence.online)
        changed, self._changed = self._changed, set()

        def _work(tables: HubTransaction) -> list[SiteEvent | IncidentEvent]:
            closed = close_due(tables, now_us=now_us, close_after_us=self._terms.close_after_us)
            if forget:
                tables.accesses.forget(before_us=now_us - KEEP_US)
                tables.sites.forget_items(before_us=now_us - KEEP_US)
            sites = (find_site(tables, node, self._presence) for node in sorted(changed))
            events: list[SiteEvent | IncidentEvent] = []
            events += [SiteEvent(site=site) for site in sites if site is not None]
            events += [IncidentEvent(incident=view_incident(tables, row)) for row in closed]
            return events

        for event in await self._store.transact(_work):
            self._board.tell(event)

    def _tell(self, told: Sequence[Told]) -> None:
        for each in told:
            self._board.tell(each.event, device=each.device)
            if isinstance(each.event, EndedEvent):
                self._live.end(each.event.grant, each.event.ended, "ended")

    def _refuse(self, node: str, item: OutboxItem, error: HandfastError) -> None:
        self._metrics.outbox.labels(item.kind, error.kind.value).inc()
        if error.kind is not Kind.UNAVAILABLE:
            self._metrics.malformed.labels("outbox").inc()
        self._journal.warn(f"outbox {node}", f"node {node}, {item.kind}: {error}")

    def _note(self, node: str) -> None:
        self._changed.add(node)
        self._wake.set()
