"""Tests say what they hold, and hold it with the real thing or a fake that is held itself."""

import ast
import re
from collections.abc import Iterator

from tests.house.tree import TESTS, Function, Module, modules

STAND_INS = re.compile(
    r"\b(?:Magic|Async|NonCallable)?Mock\(|\bmock\.patch|@patch|mocker\.|monkeypatch\.setattr"
)
SLEEPS = re.compile(r"\b(?:time|asyncio|anyio|trio)\.sleep\(")
WAYS_OUT = re.compile(
    r"\bpytest\.(?:mark\.)?(?:skip|skipif|xfail|importorskip)\b|unittest\.skip"
)
THIS = "tests/house/test_tests.py"


def cases(module: Module) -> Iterator[Function]:
    """Return the tests of a file."""
    for node in module.definitions():
        if isinstance(node, Function) and node.name.startswith("test_"):
            yield node


def files_with(pattern: re.Pattern[str]) -> list[str]:
    """Return the files of tests that hold a forbidden word, this one left out."""
    return [
        each.name for each in modules(TESTS) if each.name != THIS and pattern.search(each.text)
    ]


def test_every_test_says_what_it_holds() -> None:
    """One line that a person who is not a programmer could read."""
    silent = [
        f"{module.at(node)} {node.name}"
        for module in modules(TESTS)
        for node in cases(module)
        if not ast.get_docstring(node)
    ]
    assert silent == []


def test_names_of_tests_are_sentences() -> None:
    """At least two words: who does what."""
    short = [
        f"{module.at(node)} {node.name}"
        for module in modules(TESTS)
        for node in cases(module)
        if node.name.count("_") < len(("who", "does"))
    ]
    assert short == []


def test_no_test_stands_something_in() -> None:
    """Mocks repeat the code they should question; fakes live in tests/fakes and are tested."""
    assert files_with(STAND_INS) == []


def test_no_test_sleeps() -> None:
    """A test waits for what it expects, or moves a clock of its own."""
    assert files_with(SLEEPS) == []


def test_no_test_is_passed_over() -> None:
    """What a test needs is installed by `make setup`, so nothing is skipped."""
    assert files_with(WAYS_OUT) == []


def test_every_fake_is_held_to_a_contract() -> None:
    """Each module of fakes is used by a test of contracts, beside the real thing."""
    held = "\n".join(module.text for module in modules(TESTS / "contract"))
    fakes = [
        each.name for each in modules(TESTS / "fakes") if not each.name.endswith("__init__.py")
    ]
    names = [name.removeprefix("tests/fakes/").removesuffix(".py") for name in fakes]
    free = [name for name in names if f"tests.fakes.{name}" not in held]
    assert free == []
