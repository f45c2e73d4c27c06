"""What the pages say is what is there."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.tree import DOCS, ROOT, SRC, TESTS, Function, modules
from tools.write_docs import COLUMNS, PAGES

TEST_NAME = re.compile(r"`(test_\w+)`")
CODE_PATH = re.compile(
    r"`((?:src|tests|tools|docs|web)/[\w./-]+|[\w-]+(?:/[\w-]+)*/[\w-]+\.py)`"
)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")


def page(name: str) -> str:
    """Return a page's text, empty when it is not written."""
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def pages() -> list[Path]:
    """Return every page, wherever it stands."""
    return [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]


def names_of_tests() -> set[str]:
    """Return the name of every test in the checkout."""
    return {
        node.name
        for module in modules(TESTS)
        for node in module.definitions()
        if isinstance(node, Function) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("name", sorted(PAGES))
def test_generated_pages_are_fresh(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make docs` would change nothing."""
    monkeypatch.setenv("COLUMNS", COLUMNS)
    is_fresh = page(name) == PAGES[name]()
    assert is_fresh, f"{name} has drifted from the code; run `make docs`"


def test_promises_name_tests_that_exist() -> None:
    """Whatever test ARCHITECTURE.md leans on is there."""
    named = set(TEST_NAME.findall(page("ARCHITECTURE.md")))
    known = names_of_tests()
    unknown = {
        name for name in named if not any(each.startswith(name.rstrip("_*")) for each in known)
    }
    assert unknown == set()


def test_every_test_of_a_promise_is_named() -> None:
    """A test called `test_p3_...` is listed in ARCHITECTURE.md, so readers can find it."""
    text = page("ARCHITECTURE.md")
    promised = {name for name in names_of_tests() if re.match(r"test_p\d+_", name)}
    assert {name for name in promised if text and name not in text} == set()


def test_the_glossary_covers_the_model() -> None:
    """Each public class of `handfast.model` is a word, and each word is explained."""
    text = page("docs/glossary.md")
    words = {
        node.name
        for module in modules(SRC / "model")
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }
    assert {word for word in words if text and f"`{word}`" not in text} == set()


def test_paths_in_pages_lead_somewhere() -> None:
    """A file named in code type exists, from the root of the checkout or from the package."""
    lost = [
        f"{source.relative_to(ROOT)}: {path}"
        for source in pages()
        for path in CODE_PATH.findall(source.read_text(encoding="utf-8"))
        if not any((base / path).exists() for base in (ROOT, SRC, TESTS))
    ]
    assert lost == []


def test_links_between_pages_lead_somewhere() -> None:
    """A relative link points at a file."""
    lost = [
        f"{source.relative_to(ROOT)}: {target}"
        for source in pages()
        for target in LINK.findall(source.read_text(encoding="utf-8"))
        if not (source.parent / target).exists()
    ]
    assert lost == []


def test_every_make_target_in_a_page_exists() -> None:
    """What a page tells a person to type works."""
    targets = set(re.findall(r"^([a-z0-9]+):", page("Makefile"), flags=re.MULTILINE))
    told = {
        target
        for source in pages()
        for target in re.findall(r"`make ([a-z0-9]+)", source.read_text(encoding="utf-8"))
    }
    assert told - targets == set()


def test_the_version_is_in_the_changelog() -> None:
    """An operator finds what the version they run has changed."""
    text = page("CHANGELOG.md")
    package = (SRC / "__init__.py").read_text(encoding="utf-8")
    version = re.search(r'__version__ = "([^"]+)"', package)
    assert version
    assert not text or version.group(1) in text
