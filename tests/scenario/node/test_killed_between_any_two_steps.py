"""P2 under kill -9: whatever had left the node is explained by its log, and nothing is open."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from handfast.storage.sqlite_log import SqliteLog
from tests.house.tree import ROOT
from tests.scenario.node.killed_node import Fuse, open_memory
from tests.scenario.node.school import School

NEVER = 1 << 30


@pytest.fixture(scope="module")
def remains(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the folder of each child, in the order of the steps at which they were killed."""
    folder = tmp_path_factory.mktemp("killed")
    command = [sys.executable, "-m", "tests.scenario.node.killed_node", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return sorted(folder.iterdir(), key=lambda each: int(each.name))


def entries(folder: Path) -> list[dict[str, object]]:
    """Return every entry of the log, in order."""
    log = SqliteLog(folder / "log.db")
    found = [msgspec.json.decode(opening.entry) for opening in log.openings(0, log.size())]
    log.close()
    return found


def released(folder: Path) -> set[str]:
    """Return the grants of which something left the node before it was killed."""
    left = folder / "left"
    lines = left.read_text().splitlines() if left.exists() else []
    return {line.split()[1] for line in lines}


def permitted(found: list[dict[str, object]]) -> set[str]:
    """Return the grants that entries of the log explain."""
    grants = (entry.get("grant") for entry in found if entry["kind"] == "decision")
    return {str(grant["id"]) for grant in grants if isinstance(grant, dict)}


def test_the_story_was_killed_at_every_step(remains: list[Path]) -> None:
    """Before and after each write; some children had released keys, some had not."""
    assert len(remains) > 20
    assert not released(remains[0])
    assert released(remains[-1])


def test_p2_audit_before_effect_under_kill_what_left_is_in_the_log(
    remains: list[Path],
) -> None:
    """No release without its durable entry, wherever the node was killed."""
    for folder in remains:
        assert released(folder) <= permitted(entries(folder)), folder.name


async def test_p2_audit_before_effect_under_kill_a_restart_leaves_nothing_open(
    remains: list[Path],
) -> None:
    """After a restart no grant is open or half open, and each release has its end entry."""
    for folder in remains:
        school = School(memory=open_memory(folder, Fuse(NEVER)))
        await school.heart.start()
        assert school.heart.grants.all() == ()
        assert school.memory.accesses.unfinished() == ()
        assert school.memory.accesses.unlogged() == ()
        ends = {entry["grant"] for entry in entries(folder) if entry["kind"] == "end"}
        assert released(folder) <= ends, folder.name
