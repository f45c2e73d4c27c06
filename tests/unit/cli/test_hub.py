"""`handfast hub`: make, check, explain, admit."""

from pathlib import Path

import msgspec
import pytest

from handfast.cli.main import main
from handfast.hub.config import load
from handfast.kit.errors import InvalidError
from handfast.protocol.signing import sign
from handfast.protocol.statements import Revocation
from tests.city.people import POLICE, Organisation
from tests.fakes.steady import CountingIds, HandClock


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Make a hub."""
    assert main(["hub", "init", str(tmp_path / "city")]) == 0
    return tmp_path / "city" / "hub.toml"


@pytest.fixture
def police() -> Organisation:
    """Found the police."""
    return Organisation(
        id=POLICE, name="Police", ids=CountingIds(), now_us=HandClock().now_us()
    )


def write_card(path: Path, police: Organisation) -> Path:
    """Write an agency's public card."""
    path.write_bytes(msgspec.json.encode(police.card()))
    return path


def test_a_new_hub_has_an_id_of_its_own_and_is_not_overwritten(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second `init` refuses: the id is part of what devices sign."""
    first = load(config).id
    assert main(["hub", "config", "--config", str(config)]) == 0
    assert first in capsys.readouterr().out
    assert main(["hub", "init", str(config.parent)]) == 1
    assert load(config).id == first


def test_every_key_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """With its default, as a file that can be edited."""
    assert main(["hub", "config", "--explain"]) == 0
    said = capsys.readouterr().out
    for key in ("agency_origins", "session_hours", "close_after_s", "viewer_queue", "id"):
        assert f"\n{key} =" in said


@pytest.mark.parametrize(
    "line",
    [
        'colour = "blue"',
        'id = "not a uuid"',
        '[http]\nhost = "0.0.0.0"',
        '[bus]\nhost = "0.0.0.0"',
        '[http]\ncertificate = "only.pem"',
        '[http]\nagency_origins = ["*"]',
        "[http]\nport = 70000",
        "[limits]\nviewer_queue = 1",
        "[http",
    ],
)
def test_what_cannot_run_safely_refuses_to_start(config: Path, line: str) -> None:
    """An unknown key, plain text beyond loopback, half a certificate, any origin."""
    id_ = "" if line.startswith("id") else f'id = "{load(config).id}"\n'
    config.write_text(id_ + line)
    with pytest.raises(InvalidError):
        load(config)
    assert main(["hub", "run", "--config", str(config)]) == 2


def test_an_agency_is_admitted_only_after_its_fingerprint_was_compared(
    config: Path,
    tmp_path: Path,
    police: Organisation,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The whole fingerprint is shown; until it is named in return nothing is stored."""
    card = write_card(tmp_path / "agency.json", police)
    admit = ["hub", "admit", "agency", str(card), "--config", str(config)]
    assert main(admit) == 1
    assert police.root.fingerprint in capsys.readouterr().out
    assert main([*admit, "--fingerprint", "another"]) == 2
    assert main([*admit, "--fingerprint", police.root.fingerprint]) == 0


def test_a_revocation_needs_a_signature_and_a_higher_serial(
    config: Path, tmp_path: Path, police: Organisation
) -> None:
    """Replaying an older list would bring a revoked device back."""
    card = write_card(tmp_path / "agency.json", police)
    where = ["--config", str(config)]
    assert main(["hub", "admit", "agency", str(card), "--yes", *where]) == 0
    path = tmp_path / "revoked.json"
    revoke = ["hub", "admit", "revocation", str(path), *where]
    for serial, signer, status in (
        (2, police.root, 0),
        (1, police.root, 2),
        (3, police.new_key(), 1),
    ):
        listed = Revocation(
            suite=1, issuer=police.root.fingerprint, serial=serial, revoked=["x" * 43]
        )
        path.write_bytes(msgspec.json.encode(sign(listed, signer)))
        assert main(revoke) == status


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"id":"x","name":"y","root":"short"}'])
def test_a_file_that_is_no_card_is_refused(config: Path, tmp_path: Path, text: str) -> None:
    """With what it should have been."""
    path = tmp_path / "card.json"
    path.write_text(text)
    assert main(["hub", "admit", "owner", str(path), "--yes", "--config", str(config)]) == 2
    missing = str(tmp_path / "missing.json")
    assert main(["hub", "admit", "owner", missing, "--yes", "--config", str(config)]) == 2
