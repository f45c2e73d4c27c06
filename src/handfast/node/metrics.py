"""What the node counts, in a Prometheus registry of its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class NodeMetrics:
    """Counters and gauges; safe from any thread."""

    def __init__(self) -> None:
        """Begin at zero, in a fresh registry."""
        registry = self.registry = CollectorRegistry()
        self.decisions = Counter(
            "handfast_node_decisions", "Decisions by outcome", ["outcome"], registry=registry
        )
        self.evaluation_errors = _counter(
            registry, "evaluation_errors", "Decisions that failed"
        )
        self.log_entries = _counter(registry, "log_entries", "Entries in the owner's log")
        self.log_failures = _counter(registry, "log_failures", "Appends the log did not take")
        self.unlogged_denials = _counter(
            registry, "unlogged_denials", "Denials of a flood, counted and not logged"
        )
        self.run_keys = _counter(registry, "run_keys", "Run keys released live")
        self.run_keys_outside = _counter(
            registry, "run_keys_outside", "Run keys refused: outside their grant (P3)"
        )
        self.frames_dropped = _counter(
            registry, "frames_dropped", "Live frames the way to the hub did not take"
        )
        self.removed_bytes = _counter(registry, "removed_bytes", "Bytes removed by retention")
        self.reports = Counter(
            "handfast_node_panel_reports", "Panel reports by result", ["result"],
            registry=registry,
        )  # fmt: skip
        self.revocation_fetches = Counter(
            "handfast_node_revocation_fetches", "Questions to agencies, by what came of them",
            ["result"], registry=registry,
        )  # fmt: skip
        self.agencies_silent = Gauge(
            "handfast_node_agencies_silent",
            "Agencies that did not answer, when last asked, what they have revoked",
            registry=registry,
        )
        self.failures = Counter(
            "handfast_node_loop_failures", "Supervised loops that failed", ["loop"],
            registry=registry,
        )  # fmt: skip
        self.viewers = Gauge(
            "handfast_node_viewers", "Attached live viewers", registry=registry
        )
        self.open_grants = Gauge(
            "handfast_node_open_grants", "Grants that are open", registry=registry
        )
        self.hub_connected = Gauge(
            "handfast_node_hub_connected", "1 while the hub is reached", registry=registry
        )


def _counter(registry: CollectorRegistry, name: str, text: str) -> Counter:
    return Counter(f"handfast_node_{name}", text, registry=registry)
