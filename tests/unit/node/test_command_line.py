"""`handfast node` and `handfast signal` as a person meets them."""

import re
from pathlib import Path

import msgspec
import pytest

from handfast.cli.main import build_parser, main
from handfast.kit.encoding import b64, unb64
from handfast.node.config import read_config
from handfast.node.identity import NodeCard, log_vkey, read_key
from handfast.seal.identity import fingerprint
from tests.scenario.node.people import OWNER, key


def make_node(folder: Path) -> Path:
    """Run `node init` and return where the configuration lies."""
    owner = {"id": OWNER, "name": "Kallio school", "root": b64(key("owner root").public)}
    (folder / "owner.json").write_bytes(msgspec.json.encode(owner))
    words = ["node", "init", str(folder / "kallio"), "--owner", str(folder / "owner.json")]
    words += ["--name", 'The "old" school', "--kind", "school", "--lon", "24.95"]
    assert main([*words, "--lat", "60.18"]) == 0
    return folder / "kallio" / "node.toml"


def test_a_new_node_is_complete(tmp_path: Path) -> None:
    """Key, card, folders, panel secret: the configuration checks, the card says its key."""
    path = make_node(tmp_path)
    assert main(["node", "config", "--config", str(path)]) == 0
    config = read_config(path)
    card = msgspec.json.decode((path.parent / "node.json").read_bytes(), type=NodeCard)
    signing = read_key(config)
    assert unb64(card.sign) == signing.public
    assert card.log == log_vkey(config.log_origin, signing)
    assert config.site.name == 'The "old" school'
    assert (path.parent / "node.key").stat().st_mode & 0o077 == 0
    assert (path.parent / "trust" / "agencies").is_dir()


def test_a_node_is_never_made_over_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its key would be lost, and with it every agreement."""
    path = make_node(tmp_path)
    before = (path.parent / "node.key").read_bytes()
    words = ["node", "init", str(path.parent), "--owner", str(tmp_path / "owner.json")]
    assert main([*words, "--name", "x", "--lon", "1", "--lat", "1"]) == 1
    assert (path.parent / "node.key").read_bytes() == before
    assert "exists already" in capsys.readouterr().err


def test_a_pairing_code_is_printed_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Code, address, the owner's root in the link and in groups, next step."""
    path = make_node(tmp_path)
    assert main(["node", "pair", "--config", str(path)]) == 0
    said = capsys.readouterr().out
    root = fingerprint(unb64(read_config(path).table.owner.root))
    link = re.search(r"(http\S+/owner/)#root=(\S{43})&pair=([A-Z2-9]{10})$", said, re.MULTILINE)
    assert link is not None
    assert link[2] == root
    assert f"Or open {link[1]} and enter the code {link[3]}," in said
    assert root in said.replace(" ", "")
    assert "handfast owner certify" in said


def test_the_configuration_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """Every table, from the program itself."""
    assert main(["node", "config", "--explain"]) == 0
    assert "[[cameras]]" in capsys.readouterr().out


def test_a_panel_needs_somebody_to_report_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither node nor broker: one sentence, status 2; nobody there: status 1."""
    secret = make_node(tmp_path).parent / "panel-hall.secret"
    words = ["signal", "raise", "intrusion", "--panel", "hall", "--secret-file", str(secret)]
    assert main(words) == 2
    assert "--node" in capsys.readouterr().err
    assert main([*words, "--node", "http://127.0.0.1:9"]) == 1
    assert "is the node up" in capsys.readouterr().err


def test_the_state_is_the_word_that_was_typed() -> None:
    """raise, renew, clear."""
    for word in ("raise", "renew", "clear"):
        line = ["signal", word, "fire", "--panel", "p", "--secret-file", "f", "--test"]
        arguments = build_parser().parse_args(line)
        assert (arguments.state, arguments.signal, arguments.test) == (word, "fire", True)
