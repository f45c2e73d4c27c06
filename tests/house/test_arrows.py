"""Each import contract breaks when somebody breaks it, so a build failure stands behind it.

A break is planted into the import graph of the real package: cheap enough to try many. One
run of the real program on a copy with planted files shows that nothing is lost in between.
"""

import os
import shutil
import subprocess
import sys
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter import Contract
from importlinter.api import read_configuration
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

from tests.house.tree import ROOT, SRC

KINDS: dict[str, type[Contract]] = {
    "acyclic_siblings": AcyclicSiblingsContract,
    "forbidden": ForbiddenContract,
    "layers": LayersContract,
    "protected": ProtectedContract,
}
CONFIGURATION = read_configuration(str(ROOT / "pyproject.toml"))
CONTRACTS: dict[str, dict[str, Any]] = {
    options["id"]: options for options in CONFIGURATION["contracts_options"]
}

# Contract -> ways to break it, each a chain in which every module imports the next.
BREAKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "layers": (
        ("handfast.newcomer",),  # a package nobody gave a place
        ("handfast.kit.clock", "handfast.model.camera"),
        ("handfast.seal.planted", "handfast.protocol.wire"),
        ("handfast.hub.planted", "handfast.node.planted"),
        ("handfast.agency.planted", "handfast.hub.planted"),
        ("handfast.storage.planted", "handfast.media.planted"),
        ("handfast.audit.planted", "handfast.protocol.wire"),
        ("handfast.node.planted", "handfast.cli.main"),
    ),
    "pure-core": (
        ("handfast.model.planted", "sqlite3"),
        ("handfast.policy.planted", "handfast.kit.planted", "time"),
        ("handfast.protocol.planted", "handfast.seal.planted", "pathlib"),
    ),
    "audit-writers": (
        ("handfast.node.app", "handfast.audit.append"),
        ("handfast.hub.usecases.planted", "handfast.audit.append"),
        ("handfast.agency.pep", "handfast.audit.append"),
        ("handfast.cli.planted", "handfast.audit.append"),
    ),
    "hub-cannot-open": (
        ("handfast.hub.planted", "handfast.seal.open"),
        ("handfast.hub.planted", "handfast.storage.planted", "handfast.seal.open"),
    ),
    "only-seal": (
        ("handfast.node.planted", "cryptography"),
        ("handfast.cli.planted", "cryptography"),
        ("handfast.newcomer.planted", "cryptography"),
    ),
    "only-media": (("handfast.node.planted", "av"), ("handfast.cli.planted", "av")),
    "only-policy": (("handfast.node.pep", "cedarpy"), ("handfast.hub.planted", "cedarpy")),
    "only-bus": (
        ("handfast.hub.app", "nats"),
        ("handfast.node.app", "nats"),
        ("handfast.cli.planted", "nats"),
    ),
    "only-vision": (
        ("handfast.media.planted", "cv2"),
        ("handfast.cli.planted", "onnx"),
        ("handfast.node.planted", "onnxruntime"),
        ("handfast.hub.planted", "openvino"),
    ),
    "no-cycles": (
        ("handfast.media.planted", "handfast.media.planned", "handfast.media.planted"),
        (
            "handfast.hub.http.planted",
            "handfast.hub.usecases.planted",
            "handfast.hub.http.other",
        ),
    ),
}
CASES = [(contract, chain) for contract, chains in BREAKS.items() for chain in chains]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Return the import graph of the package as it stands."""
    return grimp.build_graph("handfast", include_external_packages=True, cache_dir=None)


def add_modules(graph: grimp.ImportGraph, chain: tuple[str, ...]) -> None:
    """Add the modules of a chain and the packages around them, where they are missing."""
    for name in chain:
        words = name.split(".")
        for end in range(1, len(words) + 1):
            module = ".".join(words[:end])
            if module not in graph.modules:
                graph.add_module(module, is_squashed=words[0] != "handfast")


def plant(graph: grimp.ImportGraph, chain: tuple[str, ...]) -> None:
    """Let each module of a chain import the next."""
    add_modules(graph, chain)
    for importer, imported in pairwise(chain):
        line = f"import {imported}"
        graph.add_import(
            importer=importer, imported=imported, line_number=1, line_contents=line
        )


def keeps(graph: grimp.ImportGraph, contract: str) -> bool:
    """Tell whether a graph keeps a contract."""
    options = CONTRACTS[contract]
    judge = KINDS[options["type"]](options["name"], CONFIGURATION["session_options"], options)
    return judge.check(deepcopy(graph), verbose=False).kept


def test_every_contract_has_a_planted_break() -> None:
    """A contract nobody tried to break may hold nothing."""
    assert sorted(BREAKS) == sorted(CONTRACTS)


@pytest.mark.parametrize("contract", sorted(CONTRACTS))
def test_every_contract_is_kept_today(graph: grimp.ImportGraph, contract: str) -> None:
    """Without a planted break there is none."""
    assert keeps(graph, contract)


@pytest.mark.parametrize(("contract", "chain"), CASES)
def test_a_planted_break_is_caught(
    graph: grimp.ImportGraph, contract: str, chain: tuple[str, ...]
) -> None:
    """The contract that forbids it, and not only some other one, sees the break."""
    broken = deepcopy(graph)
    plant(broken, chain)
    assert not keeps(broken, contract)


def write_break(source: Path, chain: tuple[str, ...]) -> None:
    """Write a chain of imports into a copy of the sources."""
    for name in chain:
        words = name.split(".")
        if words[0] != "handfast":
            continue
        for end in range(1, len(words)):
            package = source.joinpath(*words[:end])
            package.mkdir(exist_ok=True)
            (package / "__init__.py").touch()
        package = source.joinpath(*words)
        if not package.is_dir():
            package.with_suffix(".py").touch()
    for importer, imported in pairwise(chain):
        module = source.joinpath(*importer.split(".")).with_suffix(".py")
        module.write_text(f"{module.read_text()}\nimport {imported}\n")


def test_the_program_reports_every_contract_as_broken(tmp_path: Path) -> None:
    """`make arch` on a copy with a break of each kind names them all and fails."""
    source = tmp_path / "src"
    shutil.copytree(SRC, source / "handfast", ignore=shutil.ignore_patterns("static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for chains in BREAKS.values():
        write_break(source, chains[0])
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "200"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    names = {options["name"] for options in CONTRACTS.values()}
    assert {name for name in names if f"{name} BROKEN" not in done.stdout} == set()
