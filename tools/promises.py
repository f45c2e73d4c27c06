"""The last part of ARCHITECTURE.md: each promise with every test that bears its name."""

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADING = "## Promises and the tests that hold them"
PROMISES = {
    1: ("zero_standing_access", "Nobody but the owner holds a video key until a grant opens."),
    2: ("audit_before_effect", "No key leaves a site before its log entry is durable."),
    3: ("closes_by_itself", "When a grant ends, nothing more is sent, whatever the hub does."),
    4: ("the_site_decides", "The owner's node decides, from what the owner signed."),
    5: ("denial_has_a_reason", "A denial is a value with a named reason."),
    6: ("redacted_by_default", "Redacted and clear pictures have keys of their own."),
    7: ("named_people_only", "Every viewer is a named person on an enrolled device."),
    9: ("provable_log", "The owner's log is append-only, and anybody can check it."),
    11: ("no_faces", "No face is recognised, nobody is scored."),
    12: ("recording_goes_on", "A site records, decides and logs whatever happens around it."),
}
TEST = re.compile(r"^\s*(?:async )?def (test_p(\d+)_([a-z0-9_]+))\(", re.MULTILINE)


def promises_page() -> str:
    """Return ARCHITECTURE.md with its last part written anew from the tests."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    kept = text[: text.index(HEADING)]
    parts = [f"{HEADING}\n\nWritten by `make docs`. The promises themselves are fixed.\n"]
    found = _tests()
    for number, (name, sentence) in PROMISES.items():
        parts.append(f"**P{number} {name.replace('_', '-')}** {sentence}\n")
        parts += [f"- `{path}`: {_listed(tests)}" for path, tests in found[number].items()]
        parts.append("")
    return kept + "\n".join(parts)


def _tests() -> dict[int, dict[str, list[str]]]:
    found: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for test, number, _ in TEST.findall(path.read_text(encoding="utf-8")):
            found[int(number)][str(path.relative_to(ROOT))].append(test)
    return found


def _listed(tests: list[str]) -> str:
    return ", ".join(f"`{test}`" for test in tests)
