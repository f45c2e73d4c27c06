"""What must not stand anywhere in the checkout, whatever the language."""

import re

from tests.house.tree import ROOT, texts

# Written in pieces, so that this file does not find itself.
MACHINE_PATHS = re.compile("/" + r"(?:work|root|home/\w+|Users/\w+|opt/(?:pypi|wheels))/")
REGISTRIES = re.compile(
    r"--(?:extra-)?index-url|--find-links|--index[ =]|registry *= *.?https?:"
    r'|"resolved": *"http'
    r"|pypi\.(?:org|python\.org)/simple|files\.pythonhosted|registry\.npmjs",
)
# Put together from parts, so that the rule does not find itself; nothing here is open.
OPEN_ENDS = re.compile(
    r"NotImplemented" + r"Error|\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|pragma: no" + r" cover"
)
THE_AUTHORS_TOOLS = re.compile(
    r"\b(?:ChatGPT|GPT-\d|Claude|Copilot|LLM|language model|AI assistant|AI-generated)\b",
    re.IGNORECASE,
)
RULES = "tests/house/test_t"
CODE = (".py", ".ts", ".svelte", ".js", ".css", ".html", ".sql", ".sh")
GENERATED = ("src/handfast/web/static/", "web/package-lock.json", "LICENSE")


def lines_with(pattern: re.Pattern[str], *, only: tuple[str, ...] = ("",)) -> list[str]:
    """Return file:line of every match in files with one of these endings, rules left out."""
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts()
        if name.endswith(only) and not name.startswith((RULES, *GENERATED))
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_path_of_a_machine_is_written_down() -> None:
    """A fresh clone elsewhere must not depend on where this one stood."""
    assert lines_with(MACHINE_PATHS) == []


def test_no_registry_is_written_down() -> None:
    """What is installed is pinned by hash; where from is the machine's business."""
    assert lines_with(REGISTRIES) == []
    lock = ROOT / "web" / "package-lock.json"
    assert not lock.exists() or '"resolved"' not in lock.read_text()


def test_no_end_is_left_open() -> None:
    """No stub, no reminder, no line excused from tests."""
    assert lines_with(OPEN_ENDS, only=CODE) == []


def test_the_project_speaks_of_itself() -> None:
    """Nothing in the tree speaks of the tools its authors used."""
    assert lines_with(THE_AUTHORS_TOOLS) == []


def test_every_text_ends_its_last_line() -> None:
    """Files can be joined and compared without surprises."""
    ragged = [
        name
        for name, text in texts()
        if text
        and not text.endswith("\n")
        and not name.startswith(GENERATED)
        and name.endswith(CODE)
    ]
    assert ragged == []
