"""What each program loads when it runs, which is more than what its own lines import."""

import json
import subprocess
import sys
from functools import cache

import pytest

LOAD = """
import importlib, json, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(getattr(package, "__path__", []), package.__name__ + "."):
    importlib.import_module(module.name)
print(json.dumps(sorted(sys.modules)))
"""


@cache
def loaded_by(package: str) -> frozenset[str]:
    """Return every module in memory once all of a package, or one module, is imported."""
    command = [sys.executable, "-W", "error::ImportWarning", "-c", LOAD, package]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return frozenset(json.loads(done.stdout))


HELP = """
import json, sys
from handfast.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit:
    print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("program", ["handfast.hub", "handfast.agency"])
def test_p1_zero_standing_access_no_code_that_opens_is_loaded(program: str) -> None:
    """Neither the hub's nor the agency's process holds the code that opens a sealed segment."""
    assert "handfast.seal.open" not in loaded_by(program)


@pytest.mark.parametrize(
    ("program", "others"),
    [
        ("handfast.hub", ("handfast.node", "handfast.agency", "handfast.cli")),
        ("handfast.node", ("handfast.hub", "handfast.agency", "handfast.cli")),
        ("handfast.agency", ("handfast.hub", "handfast.node", "handfast.cli")),
    ],
)
def test_programs_do_not_load_each_other(program: str, others: tuple[str, ...]) -> None:
    """A partner who audits the node need not read the hub."""
    assert loaded_by(program).intersection(others) == set()


@pytest.mark.parametrize("program", ["handfast.hub", "handfast.agency"])
def test_only_sites_load_video_libraries(program: str) -> None:
    """What cannot decode need not carry a decoder."""
    assert "av" not in loaded_by(program)


def test_the_verifier_loads_no_server() -> None:
    """`handfast log verify` runs alone: no web framework, no bus, no database."""
    assert loaded_by("handfast.audit").isdisjoint(
        {"litestar", "nats", "sqlalchemy", "av", "cedarpy"}
    )


def test_redacting_files_loads_no_server() -> None:
    """Only a review needs a web framework, and the help reads no video and runs no network."""
    assert loaded_by("handfast.cli.redact.redact_files").isdisjoint({"litestar", "uvicorn"})
    assert loaded_by("handfast.cli.redact.command").isdisjoint({"av", "openvino"})


@pytest.mark.parametrize("line", [["--help"], ["bench", "--help"]])
def test_a_list_of_commands_loads_none_of_them(line: list[str]) -> None:
    """It is the first thing a newcomer types, also on a small machine."""
    done = subprocess.run(
        [sys.executable, "-c", HELP, *line], check=True, capture_output=True, text=True
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert loaded.isdisjoint(
        {"av", "cryptography", "litestar", "nats", "numpy", "onnxruntime", "openvino"}
    )
