"""docs/redaction.md: what was measured, in words for everybody and in tables."""

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import Final

from handfast.cli.bench_redact_metrics import size_class
from handfast.cli.bench_redact_quality import AS_DELIVERED, PERSONS, Counted, Findings, Outcome
from handfast.vision.boxes import Box, Kind

_REPORTED: Final = "reporting"
_HALVES: Final = (_REPORTED, "tuning")
_COLUMNS: Final = ("covered", "needless", "bare over 0.2 s")
_PARTS: Final = {
    AS_DELIVERED: "as delivered",
    "without_movement": "without movement",
    "movement_alone": "movement alone",
    "boxes_alone": "boxes alone",
    "without_bfloat16": "without bfloat16",
}
_SCENES: Final = {AS_DELIVERED: "as filmed", "night": "dark", "far_away": "far away"}
_GROUPS: Final = {
    "by_themselves": "by themselves",
    "touching_another": "box touches another person's",
    "half_hidden_or_more": "half hidden or more",
}


def write_page(path: Path, findings: Findings) -> None:
    """Write the page; it is there whole or as it was before."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(render_page(findings), "utf-8")
    unfinished.replace(path)


def render_page(findings: Findings) -> str:
    """Return the page in Markdown."""
    file = resources.files("handfast.cli").joinpath("bench_data", "redaction-page.txt")
    delivered = findings.outcomes[AS_DELIVERED]
    promised = delivered[_REPORTED].quality
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
        coverage=_percent(promised.body_coverage),
        uncovered=_percent(promised.uncovered_over_200_ms),
        needless=_percent(promised.needless_area),
        night_words=_night_words(findings.outcomes["night"][_REPORTED]),
        far_words=_far_words(findings),
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


def _night_words(night: Outcome) -> str:
    quality = night.quality
    return (
        "There is no marked film of a real night here. With the same film made dark and\n"
        f"  noisy, {_percent(quality.body_coverage)} are covered, and people could be "
        "recognised for longer than a fifth\n"
        f"  of a second in {_percent(quality.uncovered_over_200_ms)} of the time. "
        "A real night is harder."
    )


def _far_words(findings: Findings) -> str:
    """Speak of the smallest in the half that has more of them; heights there are halved."""
    smallest = size_class(Box(0, 0, 1, 1))
    half = max(_HALVES, key=lambda each: _sightings(findings, each, smallest))
    far = findings.outcomes["far_away"][half].quality.body_coverage_by_height
    sightings, share = _sightings(findings, half, smallest), far.get(smallest, 0.0)
    return (
        "The smaller people are, the more often they are missed. With the film halved,\n"
        f"  those under 24 px high ({sightings} sightings) are covered to {_percent(share)}. "
        "What moves is\n"
        "  covered also when nobody is found there; whoever stands still far away may show."
    )


def _sightings(findings: Findings, half: str, size: str) -> int:
    found = findings.recall[half].get(size)
    return found.sightings if found else 0


def _halves(delivered: Mapping[str, Outcome]) -> str:
    rows = [
        [half, *_numbers(delivered[half]), str(delivered[half].quality.person_frames)]
        for half in _HALVES
    ]
    return _table(["half", *_COLUMNS, "person-frames"], rows)


def _ways(findings: Findings, names: Mapping[str, str]) -> str:
    heads = [f"{column}, {half}" for half in _HALVES for column in _COLUMNS]
    rows = [
        [title, *(text for half in _HALVES for text in _numbers(findings.outcomes[way][half]))]
        for way, title in names.items()
    ]
    return _table(["", *heads], rows)


def _sizes(findings: Findings) -> str:
    rows = []
    for half in _HALVES:
        by_height = findings.outcomes[AS_DELIVERED][half].quality.body_coverage_by_height
        for size, found in findings.recall[half].items():
            rows.append(
                [
                    half,
                    _plain(size),
                    str(found.sightings),
                    _percent(by_height[size]),
                    _percent(found.share),
                ]
            )
    return _table(["half", "height, px", "person-frames", "covered", "found"], rows)


def _groups(groups: Mapping[str, Mapping[str, Counted]]) -> str:
    rows = [
        [half, title, str(groups[half][group].sightings), _percent(groups[half][group].share)]
        for half in _HALVES
        for group, title in _GROUPS.items()
        if group in groups[half]
    ]
    return _table(["half", "", "person-frames", "covered"], rows)


def _numbers(outcome: Outcome) -> list[str]:
    quality = outcome.quality
    shares = (quality.body_coverage, quality.needless_area, quality.uncovered_over_200_ms)
    return [_percent(share) for share in shares]


def _plain(size: str) -> str:
    """Write `048-079` as a person would: 48 to 79."""
    since, _, until = size.partition("-")
    return f"{int(since)} to {int(until)}" if until else f"{int(since)} or more"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
