"""The figures and the page of `handfast bench redact --quality`, from drawn masks."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from handfast.cli.bench_redact_crowd import judge_stills
from handfast.cli.bench_redact_groups import Counted
from handfast.cli.bench_redact_marks import Half, Keyframe, Marks, Person
from handfast.cli.bench_redact_page import render_page, write_page
from handfast.cli.bench_redact_quality import (
    AS_DELIVERED,
    FLATTER,
    LIGHTS,
    Findings,
    coverage_by_group,
    flat_way,
    judge,
    night_way,
)
from handfast.cli.bench_redact_stills import Corners, Figure, Still, Stills
from handfast.cli.bench_redact_turning import SCENES, Turned
from handfast.cli.bench_redact_ways import Covered

STANDS = (Keyframe(0, 0, 0, 8, 40, 0), Keyframe(3, 0, 0, 8, 40, 0))
HIDDEN = (Keyframe(0, 40, 0, 48, 40, 60), Keyframe(3, 40, 0, 48, 40, 60))
MARKS = Marks(
    film="drawn.avi",
    sha256="0" * 64,
    width=80,
    height=48,
    fps=10,
    halves=(Half(name="tuning", since=0, until=2), Half(name="reporting", since=2, until=4)),
    columns=(),
    persons=(Person(id="a", keyframes=STANDS), Person(id="b", keyframes=HIDDEN)),
)
WAYS = (
    "every_1",
    "every_2",
    "every_10",
    "without_movement",
    "movement_alone",
    "boxes_alone",
    "without_bfloat16",
    "far_away",
    *(night_way(light) for light in LIGHTS),
    *(flat_way(times) for times in FLATTER),
)
CROWD = Stills(
    film="drawn.mp4",
    sha256="0" * 64,
    width=80,
    height=48,
    columns=(),
    stills=(
        Still(
            frame=3,
            persons=(Figure(0, 0, 8, 40, 0), Figure(40, 0, 48, 40, 60)),
            unmarked=(Corners(60, 0, 80, 48),),
        ),
    ),
)
TURNED = Turned(
    found=0.9,
    covered=0.8,
    needless=0.1,
    bare=0.2,
    bare_over_200_ms=0.125,
    careful=0.5,
    whole=0.25,
    looks=0.4,
    sightings=8,
)


def covered(*, both: bool) -> list[Covered]:
    """Return four frames in which the first person is covered, or both are."""
    cells = np.zeros((12, 20), np.bool_)
    cells[:10, :2] = True
    if both:
        cells[:10, 10:12] = True
    return [Covered(cells=cells, careful=not both)] * 4


def findings() -> Findings:
    """Return findings in which all is well as delivered, and half of it otherwise."""
    good, bad = (
        {half.name: judge(covered(both=both), MARKS, half) for half in MARKS.halves}
        for both in (True, False)
    )
    halves = ("tuning", "reporting")
    found = {"000-047": Counted(share=0.75, sightings=4)}
    return Findings(
        outcomes={AS_DELIVERED: good, **dict.fromkeys(WAYS, bad)},
        groups={
            half.name: coverage_by_group(covered(both=True), MARKS, half)
            for half in MARKS.halves
        },
        recall=dict.fromkeys(halves, found),
        paces={half: {"moves": found["000-047"]} for half in halves},
        flat_recall=dict.fromkeys(
            FLATTER, dict.fromkeys(halves, Counted(share=0.25, sightings=4))
        ),
        crowd=dict.fromkeys(
            ("every_1", "every_5", "every_10", "live", "taken_for_fixed"),
            judge_stills({3: covered(both=False)[3]}, CROWD),
        ),
        turning={name: dict.fromkeys(halves, TURNED) for name in SCENES},
    )


def test_cells_are_held_against_the_marks_of_their_half() -> None:
    """Cells are enlarged to pixels, frames of the other half do not count."""
    outcome = judge(covered(both=False), MARKS, MARKS.half("reporting"))
    assert outcome.quality.body_coverage == 0.5
    assert outcome.quality.frames == 2
    assert outcome.careful == 1


def test_hidden_people_are_a_group_of_their_own() -> None:
    """Their coverage does not drown in that of the others."""
    groups = coverage_by_group(covered(both=False), MARKS, MARKS.half("tuning"))
    assert groups == {
        "by_themselves": Counted(share=1, sightings=2),
        "half_hidden_or_more": Counted(share=0, sightings=2),
    }


def test_the_promised_figures_are_those_of_the_reporting_half() -> None:
    """They have the keys by which they were promised."""
    figures = findings().figures()
    assert (figures["body_coverage"], figures["half"]) == (1, "reporting")
    assert (figures["needless_area"], figures["uncovered_over_200_ms"]) == (0, 0)


def test_the_page_says_every_number(tmp_path: Path) -> None:
    """Nothing of the template is left, and tables hold a row for each way."""
    page = tmp_path / "redaction.md"
    write_page(page, findings())
    text = page.read_text("utf-8")
    assert "$" not in text
    assert text == render_page(findings())
    assert "| k = 5, as delivered | 100.0 % |" in text
    assert text.index("| k = 2 |") < text.index("| k = 5,") < text.index("| k = 10 |")
    assert "| boxes alone | 50.0 % |" in text
    assert "| reporting | 0 to 47 | 4 | 100.0 % | 75.0 % |" in text
    assert "| 0.1 lux, smoothed | reporting | 50.0 % |" in text
    assert "| camera that moves, k = 5 | 50.0 % | 0.0 % | 50.0 % |" in text
    assert "| 1/4 as high, 75 degrees | reporting | 25.0 % | 50.0 % |" in text
    assert "| moves | reporting | 4 | 75.0 % |" in text
    assert "| turns, 0.25 widths a second, 0.3 lux, smoothed | reporting | 90.0 % |" in text
    told = " ".join(text.split())
    assert "12.5 % of the time (rests, day), in 12.5 % of the time (rests, 1 lux)," in told
    assert list(tmp_path.iterdir()) == [page]


def test_the_page_can_be_written_where_every_picture_was_grey() -> None:
    """A measurement of many minutes is not lost for that."""
    grey = {
        name: dict.fromkeys(("tuning", "reporting"), replace(TURNED, whole=1))
        for name in SCENES
    }
    assert "all is covered" in " ".join(render_page(replace(findings(), turning=grey)).split())
