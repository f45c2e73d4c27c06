"""Nothing is too long to be read in one go."""

import ast

from tests.house.tree import SRC, TESTS, Function, length, modules, percentile

MEDIAN_FILE, P95_FILE, LONGEST_FILE = 150, 400, 600
MEDIAN_FUNCTION, P95_FUNCTION, LONGEST_FUNCTION = 10, 35, 60
LONGEST_CLASS = 200
MOST_PARAMETERS = 6


def parameters(function: Function) -> list[ast.arg]:
    """Return what a caller has to know, so without `self` and `cls`."""
    arguments = function.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return [each for each in every if each.arg not in {"self", "cls"}]


def test_files_are_short() -> None:
    """Half of all files fit on two screens, and no file is a book."""
    lines = {module.name: module.lines for module in modules(SRC)}
    assert {name: n for name, n in lines.items() if n > LONGEST_FILE} == {}
    assert percentile(list(lines.values()), 0.5) <= MEDIAN_FILE
    assert percentile(list(lines.values()), 0.95) <= P95_FILE


def test_test_files_are_short() -> None:
    """A file of tests is read as often as the code it holds."""
    lines = {module.name: module.lines for module in modules(TESTS)}
    assert {name: n for name, n in lines.items() if n > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    """Half of all functions have ten lines or fewer, docstring included."""
    lines = {
        f"{module.at(node)} {node.name}": length(node)
        for module in modules(SRC)
        for node in module.definitions()
        if isinstance(node, Function)
    }
    assert {name: n for name, n in lines.items() if n > LONGEST_FUNCTION} == {}
    assert percentile(list(lines.values()), 0.5) <= MEDIAN_FUNCTION
    assert percentile(list(lines.values()), 0.95) <= P95_FUNCTION


def test_classes_are_short() -> None:
    """A class that needs more is two classes."""
    lines = {
        f"{module.at(node)} {node.name}": length(node)
        for module in modules(SRC)
        for node in module.definitions()
        if isinstance(node, ast.ClassDef)
    }
    assert {name: n for name, n in lines.items() if n > LONGEST_CLASS} == {}


def test_functions_take_few_parameters() -> None:
    """Six at most; more want to be a value with a name."""
    counts = {
        f"{module.at(node)} {node.name}": len(parameters(node))
        for module in modules(SRC)
        for node in module.definitions()
        if isinstance(node, Function)
    }
    assert {name: n for name, n in counts.items() if n > MOST_PARAMETERS} == {}
