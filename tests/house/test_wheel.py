"""The wheel holds all that a plain installation needs, and nothing else."""

import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from tests.house.tree import ROOT, SRC, walk


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel once, outside the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(
        [*build, "--directory", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    (built,) = Path(folder).glob("*.whl")
    return zipfile.ZipFile(built)


def test_every_file_of_the_package_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    """Pages, schemas, templates and typing marker come along with the code."""
    wanted = {f"handfast/{path.relative_to(SRC)}" for path in walk(SRC)}
    packed = {name for name in wheel.namelist() if name.startswith("handfast/")}
    assert wanted - packed == set()
    assert packed - wanted == set()


def test_the_wheel_starts_the_program_and_carries_its_licence(wheel: zipfile.ZipFile) -> None:
    """One script, the licence, the notice."""
    names = wheel.namelist()
    (entry_points,) = [name for name in names if name.endswith(".dist-info/entry_points.txt")]
    assert b"handfast = handfast.cli.main:main" in wheel.read(entry_points)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("licenses/NOTICE") for name in names)


def test_a_plain_installation_runs_everything(wheel: zipfile.ZipFile) -> None:
    """Extras exist for optional engines only, so no requirement hides behind one."""
    (metadata,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    required = message_from_string(wheel.read(metadata).decode()).get_all("Requires-Dist") or []
    assert required != []
    assert [each for each in required if "extra ==" in each] == []
