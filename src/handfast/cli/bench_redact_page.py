"""docs/redaction.md: what was measured, in words for everybody and in tables."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from string import Template
from typing import Final

from handfast.cli.bench_redact_groups import Counted
from handfast.cli.bench_redact_hard import GROUPS, hard_parts, plain_heights
from handfast.cli.bench_redact_quality import (
    AS_DELIVERED,
    MOVEMENT_ALONE,
    PERSONS,
    Findings,
    Outcome,
)
from handfast.cli.bench_redact_table import COLUMNS, HALVES, REPORTED, numbers, percent, table
from handfast.vision.boxes import Kind

_PARTS: Final = {
    AS_DELIVERED: "as delivered",
    "without_movement": "without movement",
    MOVEMENT_ALONE: "movement alone",
    "boxes_alone": "boxes alone",
    "without_bfloat16": "without bfloat16",
}
_SCENES: Final = {AS_DELIVERED: "as filmed", "far_away": "far away"}


def write_page(path: Path, findings: Findings) -> None:
    """Write the page; it is there whole or as it was before."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(render_page(findings), "utf-8")
    unfinished.replace(path)


def render_page(findings: Findings) -> str:
    """Return the page in Markdown."""
    file = resources.files("handfast.cli").joinpath("bench_data", "redaction-page.txt")
    delivered = findings.outcomes[AS_DELIVERED]
    promised = delivered[REPORTED].quality
    every = {
        **{
            name: f"k = {name.removeprefix('every_')}"
            for name in findings.outcomes
            if name.startswith("every_")
        },
        AS_DELIVERED: f"k = {PERSONS.every}, as delivered",
    }
    ordered = dict(sorted(every.items(), key=lambda each: int(each[1].split()[2].strip(","))))
    return Template(file.read_text("utf-8")).substitute(
        coverage=percent(promised.body_coverage),
        uncovered=percent(promised.uncovered_over_200_ms),
        needless=percent(promised.needless_area),
        **hard_parts(findings),
        every=PERSONS.every,
        most=PERSONS.every_most,
        faint=PERSONS.threshold(Kind.PERSON).faint,
        halves=_halves(delivered),
        sizes=_sizes(findings),
        groups=_groups(findings.groups),
        frames=_ways(findings, ordered),
        parts=_ways(findings, _PARTS),
        scenes=_ways(findings, _SCENES),
    )


def _halves(delivered: Mapping[str, Outcome]) -> str:
    rows = [
        [half, *numbers(delivered[half]), str(delivered[half].quality.person_frames)]
        for half in HALVES
    ]
    return table(["half", *COLUMNS, "person-frames"], rows)


def _ways(findings: Findings, names: Mapping[str, str]) -> str:
    heads = [f"{column}, {half}" for half in HALVES for column in COLUMNS]
    rows = [
        [title, *(text for half in HALVES for text in numbers(findings.outcomes[way][half]))]
        for way, title in names.items()
    ]
    return table(["", *heads], rows)


def _sizes(findings: Findings) -> str:
    rows = []
    for half in HALVES:
        by_height = findings.outcomes[AS_DELIVERED][half].quality.body_coverage_by_height
        for size, found in findings.recall[half].items():
            rows.append(
                [
                    half,
                    plain_heights(size),
                    str(found.sightings),
                    percent(by_height[size]),
                    percent(found.share),
                ]
            )
    return table(["half", "height, px", "person-frames", "covered", "found"], rows)


def _groups(groups: Mapping[str, Mapping[str, Counted]]) -> str:
    rows = [
        [half, title, str(groups[half][group].sightings), percent(groups[half][group].share)]
        for half in HALVES
        for group, title in GROUPS.items()
        if group in groups[half]
    ]
    return table(["half", "", "person-frames", "covered"], rows)
