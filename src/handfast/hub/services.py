"""Everything a route or the bus may call, built once by `app`."""

from collections.abc import Callable
from dataclasses import dataclass

from handfast.bus.ports import HubBus
from handfast.bus.tokens import BusTokens
from handfast.hub.config import HubConfig
from handfast.hub.event_board import EventBoard
from handfast.hub.journal import Journal
from handfast.hub.limits import RateLimit
from handfast.hub.live import LiveRelay
from handfast.hub.metrics import Metrics
from handfast.hub.pep import HubPep
from handfast.hub.ports import HubStore
from handfast.hub.presence import Presence
from handfast.hub.usecases.forward_request import Forwarder
from handfast.hub.usecases.relay_recorded import RecordedRelay
from handfast.kit.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The hub's parts.

    Attributes:
        bus_url: Where nodes dial; known once the bus runs.
        is_ready: Whether the bus is reachable.
        logins: Bounds attempts to log in, per address.
        malformed: Bounds what an address may get wrong.
    """

    config: HubConfig
    clock: Clock
    store: HubStore
    bus: HubBus
    bus_url: Callable[[], str]
    is_ready: Callable[[], bool]
    tokens: BusTokens
    pep: HubPep
    presence: Presence
    board: EventBoard
    live: LiveRelay
    recorded: RecordedRelay
    forwarder: Forwarder
    metrics: Metrics
    journal: Journal
    logins: RateLimit
    malformed: RateLimit
