"""Whatever arrives, a reader works or refuses with a sentence; it neither breaks nor hangs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS, survives
from tests.house.tree import ROOT

SECONDS = 2
MIB = 1024
FOUND = Path(__file__).with_name("found")
SEEDS = seeds()


def test_every_reader_begins_from_valid_inputs() -> None:
    """A fuzzer that is refused at once tests the refusal and nothing behind it."""
    assert sorted(SEEDS) == sorted(TARGETS)
    refused = [
        name
        for name, inputs in SEEDS.items()
        if not any(survives(TARGETS[name], each) for each in inputs)
    ]
    assert refused == []


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_what_once_broke_a_reader_breaks_it_no_more(name: str) -> None:
    """Each input that a fuzzer found stays in the checkout."""
    for path in sorted((FOUND / name).glob("*")):
        survives(TARGETS[name], path.read_bytes())


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_reader_survives_the_fuzzer(name: str, tmp_path: Path) -> None:
    """Some seconds of inputs that follow the code's branches, from valid ones on."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, each in enumerate(SEEDS[name]):
        (corpus / str(number)).write_bytes(each)
    options = (
        f"-max_total_time={SECONDS}",
        f"-rss_limit_mb={MIB}",
        "-timeout=5",
        f"-artifact_prefix={tmp_path}/",
        str(corpus),
    )
    # A child is charged with the most memory its parent ever had (getrusage), and this one may
    # have had much: the shell in between is small.
    small = ("sh", "-c", '"$@"; exit $?', "sh")
    done = subprocess.run(
        [*small, sys.executable, "-m", "tests.fuzz.run", name, *options],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    broke = "\n".join((done.stdout + done.stderr).splitlines()[-40:])
    assert done.returncode == 0, broke
