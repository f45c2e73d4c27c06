"""The checkout as house rules see it: files, syntax trees, definitions. Parsed once a run."""

import ast
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
    """One Python file with its syntax tree; `name` is its path inside the checkout."""

    name: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """Return the number of lines."""
        return self.text.count("\n")

    def definitions(self) -> Iterator[Definition]:
        """Return every function, method and class, however deep."""
        for node in ast.walk(self.tree):
            if isinstance(node, Definition):
                yield node

    def at(self, node: ast.expr | ast.stmt | ast.excepthandler) -> str:
        """Return where a node stands, in the form editors jump to."""
        return f"{self.name}:{node.lineno}"


@cache
def modules(folder: Path) -> tuple[Module, ...]:
    """Return the Python files below a folder, parsed, in order of their names."""
    return tuple(
        Module(name=str(path.relative_to(ROOT)), text=text, tree=ast.parse(text))
        for path in sorted(folder.rglob("*.py"))
        if not LEFTOVERS.intersection(path.parts)
        for text in [path.read_text(encoding="utf-8")]
    )


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
