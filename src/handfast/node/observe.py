"""Nobody watches releases but the counters; tests put a witness of their own here."""


class Unobserved:
    """`handfast.node.ports.Observer` that looks away."""

    def run_key_released(self, grant: str, *, since_us: int, until_us: int) -> None:
        """Do nothing."""

    def range_released(self, grant: str, *, since_us: int, until_us: int) -> None:
        """Do nothing."""
