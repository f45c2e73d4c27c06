"""What every module, name and handler owes its reader."""

import ast
import re
import tomllib
from collections.abc import Iterator

from tests.house.tree import SRC, TESTS, Definition, Function, Module, modules

VAGUE = re.compile(
    r"(Manager|Helper|Utils?|Handler|Processor|Info|Data)$|^(utils?|helpers?|common|misc|manager)$"
)
BROAD_LIST = TESTS / "house" / "broad_except.toml"
MOST_ANY_PER_1000_LINES = 2.0
MOST_BROAD_PER_1000_LINES = 0.3
# Constructors whose instances nobody can change; a constant may hold one.
IMMUTABLE = {
    *(
        "NewType",
        "TypeVar",
        "TypeVarTuple",
        "ParamSpec",
        "Path",
        "PurePosixPath",
        "ContextVar",
        "Struct",
    ),
    *("Decimal", "Fraction", "UUID", "MappingProxyType", "Encoder", "Decoder"),
    *("MetaData", "Table"),  # a database schema is a definition
}


def thousands_of_lines() -> float:
    """Return the size of the product, at least one thousand lines."""
    return max(sum(module.lines for module in modules(SRC)) / 1000, 1.0)


def is_frozen(node: ast.ClassDef) -> bool:
    """Tell whether a class is declared frozen, as a dataclass, a message or a named tuple."""
    calls = [each for each in node.decorator_list if isinstance(each, ast.Call)]
    keywords = [*node.keywords, *(keyword for call in calls for keyword in call.keywords)]
    frozen = any(
        keyword.arg == "frozen"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is True
        for keyword in keywords
    )
    return frozen or any(getattr(base, "id", "") == "NamedTuple" for base in node.bases)


def is_broad(node: ast.ExceptHandler) -> bool:
    """Tell whether a handler swallows what it cannot name; to clean up and pass on is fine."""
    last = node.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    names = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(
        each is None or getattr(each, "id", "") in {"Exception", "BaseException"}
        for each in names
    )


def stands_in(inner: ast.expr | ast.stmt | ast.excepthandler, outer: Definition) -> bool:
    """Tell whether a node lies within the lines of a definition."""
    return outer.lineno <= inner.lineno <= (outer.end_lineno or outer.lineno)


def broad_handlers(module: Module) -> Iterator[tuple[str, ast.ExceptHandler]]:
    """Return each broad handler with the name of the function it stands in."""
    broad = [n for n in module.nodes if isinstance(n, ast.ExceptHandler) and is_broad(n)]
    for node in module.definitions():
        for handler in broad:
            if isinstance(node, Function) and stands_in(handler, node):
                yield node.name, handler


def test_every_module_says_what_it_is_for() -> None:
    """The first line of a file is a sentence."""
    assert [each.name for each in modules(SRC) if not ast.get_docstring(each.tree)] == []


def test_every_public_name_has_a_docstring() -> None:
    """It says what the types cannot: units, ranges, ends, durability, threads, errors."""
    silent = [
        f"{module.at(node)} {node.name}"
        for module in modules(SRC)
        for node in module.definitions()
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_every_function_says_what_it_returns() -> None:
    """An annotation on each return, `None` included."""
    silent = [
        f"{module.at(node)} {node.name}"
        for module in modules(SRC)
        for node in module.definitions()
        if isinstance(node, Function) and node.returns is None
    ]
    assert silent == []


def test_no_name_is_vague() -> None:
    """A newcomer searches for the thing, not for its manager."""
    files = [each.name for each in modules(SRC) if VAGUE.search(each.name.split("/")[-1][:-3])]
    classes = [
        f"{module.at(node)} {node.name}"
        for module in modules(SRC)
        for node in module.definitions()
        if isinstance(node, ast.ClassDef) and VAGUE.search(node.name)
    ]
    assert files + classes == []


def test_imports_stand_at_the_top() -> None:
    """An import inside a function hides an arrow from the reader."""
    hidden = [
        f"{module.at(inner)} in {node.name}"
        for module in modules(SRC)
        for inner in module.nodes
        if isinstance(inner, ast.Import | ast.ImportFrom) and inner.col_offset
        for node in module.definitions()
        if isinstance(node, Function) and stands_in(inner, node)
    ]
    assert hidden == []


def test_modules_hold_no_changing_state() -> None:
    """Composition roots build things; a module only defines them."""
    frozen = {
        node.name
        for module in modules(SRC)
        for node in module.definitions()
        if isinstance(node, ast.ClassDef) and is_frozen(node)
    }
    held = []
    for module in modules(SRC):
        for node in module.tree.body:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if isinstance(value, ast.Call):
                callee = value.func
                name = (
                    callee.id if isinstance(callee, ast.Name) else getattr(callee, "attr", "")
                )
                if name[:1].isupper() and name not in IMMUTABLE | frozen:
                    held.append(f"{module.at(node)} {name}")
    assert held == []


def test_nothing_is_declared_global() -> None:
    """State that functions share lives in an object that is handed to them."""
    found = [
        module.at(node)
        for module in modules(SRC)
        for node in module.nodes
        if isinstance(node, ast.Global)
    ]
    assert found == []


def test_types_are_seldom_given_up() -> None:
    """`Any` stays below two in a thousand lines."""
    found = [
        module.at(node)
        for module in modules(SRC)
        for node in module.nodes
        if isinstance(node, ast.Name) and node.id == "Any"
    ]
    assert len(found) / thousands_of_lines() <= MOST_ANY_PER_1000_LINES, found


def test_a_silenced_type_error_names_its_code_and_reason() -> None:
    """`type: ignore[code] reason`, so that the next reader can judge it."""
    bare = re.compile(r"#\s*type:\s*ignore(?!\[[^\]]+\]\s+\S)")
    assert [each.name for each in modules(SRC) if bare.search(each.text)] == []


def test_broad_handlers_are_few_and_listed() -> None:
    """`except Exception` stands only at the top of a supervised loop, its reason on file."""
    found = sorted(
        f"{module.name}:{function}"
        for module in modules(SRC)
        for function, _ in broad_handlers(module)
    )
    listed = tomllib.loads(BROAD_LIST.read_text())
    assert found == sorted(listed), f"list each with its reason in {BROAD_LIST.name}"
    assert all(len(reason) > len("because") for reason in listed.values())
    assert len(found) / thousands_of_lines() <= MOST_BROAD_PER_1000_LINES
