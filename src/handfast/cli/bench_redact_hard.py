"""The parts of docs/redaction.md on what is hard: night, crowds, steep cameras, far away."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import fill
from typing import Final

from handfast.cli.bench_redact_crowd import CrowdOutcome
from handfast.cli.bench_redact_groups import MANY
from handfast.cli.bench_redact_metrics import size_class
from handfast.cli.bench_redact_quality import (
    AS_DELIVERED,
    FLATTER,
    LIGHTS,
    MOVEMENT_ALONE,
    PERSONS,
    Findings,
    Outcome,
    flat_way,
    night_way,
)
from handfast.cli.bench_redact_stills import load_stills
from handfast.cli.bench_redact_table import COLUMNS, HALVES, REPORTED, numbers, percent, table
from handfast.cli.bench_redact_turning import SCENES, Scene, Turned
from handfast.vision.boxes import Box, Kind

GROUPS: Final = {
    "by_themselves": "by themselves",
    "touching_another": "box touches another person's",
    "half_hidden_or_more": "half hidden or more",
    "in_full_pictures": "in full pictures",
}
_CROWD: Final = {
    "every_1": "camera that moves, k = 1",
    f"every_{PERSONS.every}": f"camera that moves, k = {PERSONS.every}",
    f"every_{PERSONS.every_most}": f"camera that moves, k = {PERSONS.every_most}",
    "live": f"camera that moves, live, k = {PERSONS.every}",
    "taken_for_fixed": "taken for fixed",
}
_DEGREES: Final = {2: 60, 4: 75}
_ALL: Final = 0.995
_COLUMNS: Final = 98  # of the page's lines
_MOSTLY: Final = 0.5  # of the pictures covered whole: then what is left says little


def hard_parts(findings: Findings) -> dict[str, str]:
    """Return words and tables by their names in the template."""
    stills = load_stills().stills
    return {
        "night_words": _night_words(findings),
        "far_words": _far_words(findings),
        "crowd_words": _crowd_words(findings.crowd[f"every_{PERSONS.every}"]),
        "steep_words": _steep_words(findings),
        "many": str(MANY),
        "stills": str(len(stills)),
        "figures": str(sum(len(each.persons) for each in stills)),
        "nights": _nights(findings),
        "crowds": _crowds(findings),
        "crowd_groups": _crowd_groups(findings.crowd[f"every_{PERSONS.every}"]),
        "flats": _flats(findings),
        "paces": _paces(findings),
        "turning_words": _turning_words(findings.turning),
        "roams_faint": str(replace(PERSONS, motion=False).threshold(Kind.PERSON).faint),
        "turnings": _turnings(findings.turning),
    }


def plain_heights(size: str) -> str:
    """Write `048-079` as a person would: 48 to 79."""
    since, _, until = size.partition("-")
    return f"{int(since)} to {int(until)}" if until else f"{int(since)} or more"


def _night_words(findings: Findings) -> str:
    """Speak of the worst light of which the program did not warn, and of what it warned."""
    lit = [(light, findings.outcomes[night_way(light)][REPORTED]) for light in LIGHTS]
    seen = [(light, each) for light, each in lit if each.whole < _ALL]
    whole = [light.lux for light, each in lit if each.whole >= _ALL]
    said = ["There is no marked film of a real night here, only a simulation of a sensor."]
    if seen:
        light, worst = min(seen, key=lambda each: each[1].quality.body_coverage)
        day = findings.outcomes[AS_DELIVERED][REPORTED]
        smoothing = "with" if light.smoothed else "without"
        said += [
            f"In the worst light in which a picture is left to see ({light.lux:g} lux,",
            f"{smoothing} smoothing), {_covered(worst)} are covered, and people could be",
            f"recognised for longer than a fifth of a second in {_bare(worst)} of the time;",
            f"by day it is {_covered(day)} and {_bare(day)}.",
        ]
    if whole:
        said += [
            f"In noise as from {max(whole):g} lux on down all is covered: safe, and of no use.",
        ]
    return "\n  ".join([*said, "A real night is harder."])


def _far_words(findings: Findings) -> str:
    """Speak of the smallest in the half that has more of them; heights there are halved."""
    smallest = size_class(Box(0, 0, 1, 1))
    half = max(HALVES, key=lambda each: _sightings(findings, each, smallest))
    far = findings.outcomes["far_away"][half].quality.body_coverage_by_height
    sightings, share = _sightings(findings, half, smallest), far.get(smallest, 0.0)
    return (
        "The smaller people are, the more often they are missed. With the film halved,\n"
        f"  those under 24 px high ({sightings} sightings) are covered to {percent(share)}. "
        "What moves is\n"
        "  covered also when nobody is found there; whoever stands still far away may show."
    )


def _crowd_words(crowd: CrowdOutcome) -> str:
    hidden = crowd.groups.get("half_hidden_or_more")
    behind = f", of those half hidden {percent(hidden.share)}" if hidden else ""
    return (
        "In an old film of a crowded street, from a camera that moves,\n"
        f"  {percent(crowd.covered)} of a person's area is covered{behind}; "
        f"{percent(crowd.bare)} of the\n"
        "  people marked could be recognised. Small people in a crowd are not measured. With\n"
        "  a fixed camera what moves is covered as well, and a large area that moves without\n"
        "  anybody found in it makes the program cover more."
    )


def _steep_words(findings: Findings) -> str:
    found = findings.flat_recall[FLATTER[-1]][REPORTED].share
    alone = findings.outcomes[MOVEMENT_ALONE][REPORTED]
    return (
        "People\n"
        f"  pressed to a quarter of their height, as from 75 degrees above, are found to "
        f"{percent(found)}. What\n"
        f"  moves is covered all the same: by itself that is {_covered(alone)}, but whoever "
        "stays will\n"
        "  show sooner or later. Draw a permanent mask, or give no redacted access."
    )


def _turning_words(turning: Mapping[str, Mapping[str, Turned]]) -> str:
    """Speak of the worst turn, and of the worst light, in which the picture still shows."""
    seen = {
        name: halves[REPORTED]
        for name, halves in turning.items()
        if halves[REPORTED].whole < _MOSTLY
    }
    worst = []
    for dark in (False, True):
        alike = [name for name in seen if (SCENES[name].light is not None) is dark]
        if alike:
            name = max(alike, key=lambda each: seen[each].bare_over_200_ms)
            bare = percent(seen[name].bare_over_200_ms)
            worst.append(f" in {bare} of the time ({_scene_title(SCENES[name])}),")
    said = (
        "There is no background to tell movement by, so whom the detector misses may show. "
        "Turns, cuts, noise and darkness are noticed, and cover more. At worst people could be "
        f"recognised for longer than a fifth of a second{''.join(worst)} and in less light all "
        "is covered. Fixed cameras do better: say so where a camera is one."
    )
    return fill(said, _COLUMNS, initial_indent=" " * 33, subsequent_indent="  ").strip()


def _turnings(turning: Mapping[str, Mapping[str, Turned]]) -> str:
    heads = ["", "half", "found", *COLUMNS[:2], "bare", COLUMNS[2], "more", "whole", "looks"]
    rows = []
    for name, halves in turning.items():
        for half in HALVES:
            each = halves[half]
            shares = (each.found, each.covered, each.needless, each.bare, each.bare_over_200_ms)
            seldom = (each.careful, each.whole, each.looks)
            rows.append([_scene_title(SCENES[name]), half, *map(percent, (*shares, *seldom))])
    return table(heads, rows)


def _scene_title(scene: Scene) -> str:
    """Name a scene as a person would: turns, 0.25 widths a second, 0.3 lux, smoothed."""
    moves = f"turns, {scene.speed:g} widths a second" if scene.speed else "rests"
    light = scene.light
    lit = f"{light.lux:g} lux{', smoothed' if light.smoothed else ''}" if light else "day"
    return f"{'cut' if scene.jumps else moves}, {lit}"


def _nights(findings: Findings) -> str:
    rows = [["day", half, *_lit(findings.outcomes[AS_DELIVERED][half])] for half in HALVES] + [
        [
            f"{light.lux:g} lux{', smoothed' if light.smoothed else ''}",
            half,
            *_lit(findings.outcomes[night_way(light)][half]),
        ]
        for light in LIGHTS
        for half in HALVES
    ]
    return table(["light", "half", *COLUMNS, "more", "whole"], rows)


def _crowds(findings: Findings) -> str:
    rows = [
        [title, *map(percent, (each.covered, each.needless, each.bare, each.whole))]
        for way, title in _CROWD.items()
        for each in (findings.crowd[way],)
    ]
    return table(["", "covered", "needless", "bare", "whole"], rows)


def _crowd_groups(crowd: CrowdOutcome) -> str:
    rows = [
        [title, str(crowd.groups[name].sightings), percent(crowd.groups[name].share)]
        for name, title in GROUPS.items()
        if name in crowd.groups
    ] + [
        [f"{plain_heights(size)} px", str(each.sightings), percent(each.share)]
        for size, each in crowd.heights.items()
    ]
    return table(["", "people", "covered"], rows)


def _flats(findings: Findings) -> str:
    rows = []
    for half in HALVES:
        sizes = findings.recall[half].values()
        total = sum(each.sightings for each in sizes)
        found = sum(each.share * each.sightings for each in sizes) / total
        upright = findings.outcomes[AS_DELIVERED][half]
        rows.append(["as filmed", half, percent(found), *numbers(upright)])
        for times in FLATTER:
            share = findings.flat_recall[times][half].share
            flat = findings.outcomes[flat_way(times)][half]
            name = f"1/{times} as high, {_DEGREES[times]} degrees"
            rows.append([name, half, percent(share), *numbers(flat)])
    return table(["", "half", "found", *COLUMNS], rows)


def _paces(findings: Findings) -> str:
    rows: list[Sequence[str]] = []
    for half in HALVES:
        alone = findings.outcomes[MOVEMENT_ALONE][half]
        people = str(alone.quality.person_frames)
        rows.append(["all", half, people, _covered(alone), _bare(alone)])
        rows += [
            [name, half, str(each.sightings), percent(each.share), ""]
            for name, each in findings.paces[half].items()
        ]
    return table(["", "half", "person-frames", "covered", "bare over 0.2 s"], rows)


def _lit(outcome: Outcome) -> list[str]:
    return [*numbers(outcome), percent(outcome.careful), percent(outcome.whole)]


def _covered(outcome: Outcome) -> str:
    return percent(outcome.quality.body_coverage)


def _bare(outcome: Outcome) -> str:
    return percent(outcome.quality.uncovered_over_200_ms)


def _sightings(findings: Findings, half: str, size: str) -> int:
    found = findings.recall[half].get(size)
    return found.sightings if found else 0
