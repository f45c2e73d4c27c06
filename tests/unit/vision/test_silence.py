"""What models run on tells nobody about this machine."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.house.tree import ROOT, SRC, TESTS, modules

_LOADS = """
from handfast.vision.runtime import Choice, compile_model
from handfast.vision.probe import choose_runtime
from handfast.vision.silent_runtimes import onnxruntime, openvino
onnxruntime.get_available_providers(), openvino.Core()
"""
_LOADED = re.compile(r"^\s*(?:import|from) (?:onnxruntime|openvino)", re.MULTILINE)


def test_loading_the_runtimes_writes_nothing_down(tmp_path: Path) -> None:
    """Each would keep an identifier of the machine, and then send it with what it notes."""
    folders = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), **folders}
    subprocess.run([sys.executable, "-c", _LOADS], env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []


def test_the_runtimes_are_loaded_in_one_place() -> None:
    """Whoever loaded one first in the usual way would have it speak."""
    found = [
        module.name
        for module in [*modules(SRC), *modules(TESTS)]
        if _LOADED.search(module.text)
    ]
    assert found == ["src/handfast/vision/silent_runtimes.py"]
