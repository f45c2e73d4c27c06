"""The agency's public card tells nodes where to ask what it has revoked."""

from pathlib import Path

import msgspec
import pytest

from handfast.cli.main import main
from handfast.cli.owner import AgencyCard
from handfast.kit.clock import SystemClock
from handfast.node.trust import AgencyRoot
from tests.fakes.authority import make_authority


def make(folder: Path, *more: str) -> int:
    """Run `handfast agency init`."""
    command = ["agency", "init", str(folder / "agency"), "--root", str(folder / "root")]
    hub = ["--name", "Police", "--hub-id", "h", "--hub-url", "http://127.0.0.1:8700"]
    return main([*command, *hub, *more])


def test_the_card_names_this_machine_unless_told_otherwise(tmp_path: Path) -> None:
    """A node reads the same card."""
    assert make(tmp_path, "--port", "8711") == 0
    text = (tmp_path / "agency" / "agency.json").read_bytes()
    card = msgspec.json.decode(text, type=AgencyRoot)
    assert (card.url, card.ca) == ("http://127.0.0.1:8711", "")


def test_the_card_carries_the_servers_address_and_authority(tmp_path: Path) -> None:
    """As given."""
    authority = make_authority("Test", now_us=SystemClock().now_us()).certificate
    (tmp_path / "ca.pem").write_bytes(authority)
    given = ("--url", "https://police.example", "--ca", str(tmp_path / "ca.pem"))
    assert make(tmp_path, *given) == 0
    text = (tmp_path / "agency" / "agency.json").read_bytes()
    card = msgspec.json.decode(text, type=AgencyCard)
    assert (card.url, card.ca) == ("https://police.example", authority.decode())


@pytest.mark.parametrize(
    "wrong",
    [("--url", "http://police.example"), ("--ca", "/nowhere.pem"), ("--ca", "/dev/null")],
)
def test_an_address_that_no_node_would_ask_makes_nothing(
    tmp_path: Path, wrong: tuple[str, str]
) -> None:
    """Before any key is made."""
    assert make(tmp_path, *wrong) == 2
    assert not (tmp_path / "root").exists()
