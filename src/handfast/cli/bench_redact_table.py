"""Tables of docs/redaction.md: what stands in their columns, and how a share is written."""

from collections.abc import Sequence
from typing import Final

from handfast.cli.bench_redact_quality import Outcome

REPORTED: Final = "reporting"
HALVES: Final = (REPORTED, "tuning")
COLUMNS: Final = ("covered", "needless", "bare over 0.2 s")


def numbers(outcome: Outcome) -> list[str]:
    """Return what stands in `COLUMNS`."""
    quality = outcome.quality
    shares = (quality.body_coverage, quality.needless_area, quality.uncovered_over_200_ms)
    return [percent(share) for share in shares]


def percent(share: float) -> str:
    """Write a share, 0 to 1, as per cent with one digit."""
    return f"{share * 100:.1f} %"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
