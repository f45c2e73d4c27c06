"""The checkout as house rules see it: files, syntax trees, definitions. Parsed once a run."""

import ast
import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "handfast"
TESTS = ROOT / "tests"
DOCS = ROOT / "docs"

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef

# What a build, a run or a package manager leaves behind is not the project's own text.
LEFTOVERS = {
    *(".git", ".venv", ".demo", "node_modules", "dist", "__pycache__", ".hypothesis"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".import_linter_cache", ".cache"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One Python file with its syntax tree.

    Attributes:
        name: Its path inside the checkout.
        tree: Its statements.
        nodes: Every node of the tree, as `ast.walk` gives them; walked once for all rules.
    """

    name: str
    text: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]

    @property
    def lines(self) -> int:
        """Return the number of lines."""
        return self.text.count("\n")

    def definitions(self) -> Iterator[Definition]:
        """Return every function, method and class, however deep."""
        return (node for node in self.nodes if isinstance(node, Definition))

    def at(self, node: ast.expr | ast.stmt | ast.excepthandler) -> str:
        """Return where a node stands, in the form editors jump to."""
        return f"{self.name}:{node.lineno}"


@cache
def parsed(path: Path) -> Module:
    """Return one Python file, parsed."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    name = str(path.relative_to(ROOT))
    return Module(name=name, text=text, tree=tree, nodes=tuple(ast.walk(tree)))


@cache
def modules(folder: Path) -> tuple[Module, ...]:
    """Return the Python files below a folder, parsed, in order of their names."""
    paths = sorted(folder.rglob("*.py"))
    found = tuple(parsed(path) for path in paths if not LEFTOVERS.intersection(path.parts))
    # A million nodes stay until the run ends: the collector need not look at them again.
    gc.freeze()
    return found


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Return (name, content) of every text file of the project, the binary ones left out."""
    found = []
    for path in sorted(walk(ROOT)):
        data = path.read_bytes()
        if b"\0" not in data:
            found.append((str(path.relative_to(ROOT)), data.decode("utf-8", "replace")))
    return tuple(found)


def walk(folder: Path) -> Iterator[Path]:
    """Return the project's own files below a folder."""
    for path in folder.iterdir():
        if path.name in LEFTOVERS or path.is_symlink():
            continue
        if path.is_dir():
            yield from walk(path)
        else:
            yield path


def length(node: Definition) -> int:
    """Return the number of lines a definition takes, decorators left out."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def percentile(values: Sequence[int], share: float) -> int:
    """Return the value below which this share (0..1) of values lies; 0 of nothing."""
    ordered = sorted(values)
    return ordered[round(share * (len(ordered) - 1))] if ordered else 0
