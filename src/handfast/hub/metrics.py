"""What the hub counts. No ids of people, devices or grants: only kinds and outcomes."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


class Metrics:
    """All counters in one registry of their own; safe from any thread."""

    def __init__(self) -> None:
        """Start at zero."""
        self._registry = CollectorRegistry()
        self.malformed = self._counter("malformed", "messages that were refused", "source")
        self.logins = self._counter("logins", "attempts to log in", "who", "outcome")
        self.outbox = self._counter(
            "outbox_items", "items nodes handed over", "kind", "outcome"
        )
        self.asks = self._counter("asks", "questions put to nodes", "verb", "outcome")
        self.requests = self._counter("http_requests", "answers given", "status")
        self.relayed_bytes = self._counter("relayed_bytes", "ciphertext passed on", "view")
        self.groups_lost = self._counter(
            "relay_groups_lost", "times a slow viewer lost groups of pictures"
        )
        self.notices = self._counter("bus_notices", "trouble on the bus")
        self.viewers = self._gauge("viewers", "live pictures being relayed")
        self.listeners = self._gauge("event_listeners", "sessions that listen to events")
        self.nodes_online = self._gauge("nodes_online", "nodes heard in the last seconds")

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(f"handfast_hub_{name}", says, labels, registry=self._registry)

    def _gauge(self, name: str, says: str) -> Gauge:
        return Gauge(f"handfast_hub_{name}", says, registry=self._registry)
