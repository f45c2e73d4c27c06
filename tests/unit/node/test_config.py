"""A node's configuration: whole, explained, and strict about secrets and unknown keys."""

from pathlib import Path

import pytest

from handfast.kit.errors import InvalidError
from handfast.model.media import Stream
from handfast.node.config import NodeConfig, explain_config, read_config

ID = "01900000-0000-7000-8000-00000000000c"
WHOLE = f"""
id = "{ID}"
[owner]
id = "{ID}"
name = "Kallio school"
root = "{"A" * 43}"
[site]
name = "Kallio school"
kind = "school"
lon = 24.95
lat = 60.18
[[cameras]]
id = "{ID}"
name = "Gate"
lon = 24.95
lat = 60.18
heading_deg = 10
angle_deg = 90
range_m = 30
main = "rtsp://camera/main"
sub = "rtsp://camera/sub"
credentials_file = "gate.login"
[[panels]]
id = "hall"
secret_file = "hall.secret"
signals = ["intrusion"]
"""


def write(folder: Path, text: str, *, mode: int = 0o600) -> NodeConfig:
    """Write a configuration with its secrets and read it."""
    (folder / "node.toml").write_text(text)
    for name, secret in (
        ("gate.login", "admin:pass:word\n"),
        ("hall.secret", "sixteen bytes at least\n"),
    ):
        (folder / name).write_text(secret)
        (folder / name).chmod(mode)
    return read_config(folder / "node.toml")


def test_a_whole_configuration_is_read(tmp_path: Path) -> None:
    """Site, cameras, streams with their logins, panels."""
    config = write(tmp_path, WHOLE)
    (camera,) = config.site.cameras
    assert camera.streams == (Stream.MAIN, Stream.SUB)
    main, sub = config.sources()
    assert (main.url, sub.key.stream) == ("rtsp://camera/main", "sub")
    assert main.credentials is not None
    assert main.credentials.password == "pass:word"
    assert config.panels()["hall"].secret == b"sixteen bytes at least"
    assert config.log_origin == f"handfast/{ID}"


def test_secrets_are_not_shown_when_values_are_printed(tmp_path: Path) -> None:
    """A traceback or log line must not give a login away."""
    config = write(tmp_path, WHOLE)
    shown = repr(config.sources()) + repr(config.panels())
    assert "pass:word" not in shown
    assert "sixteen" not in shown


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (WHOLE.replace("[site]", "[site]\ncolour = 1"), "colour"),
        (WHOLE.replace('kind = "school"\n', ""), "kind"),
        (WHOLE.replace("lon = 24.95", 'lon = "east"'), "lon"),
        ("id = ", "node.toml"),
    ],
)
def test_what_is_unknown_missing_or_wrong_refuses_to_start(
    text: str, named: str, tmp_path: Path
) -> None:
    """The message names the key."""
    with pytest.raises(InvalidError, match=named):
        write(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        WHOLE.replace(f'id = "{ID}"\nname = "Gate"', 'id = "gate"\nname = "Gate"'),
        WHOLE.replace("heading_deg = 10", "heading_deg = 400"),
        WHOLE.replace("lon = 24.95", "lon = 240.95"),
    ],
)
def test_a_camera_that_cannot_be_is_refused(text: str, tmp_path: Path) -> None:
    """Ids are UUIDs, places are on the globe, angles are angles."""
    config = write(tmp_path, text)
    with pytest.raises(InvalidError):
        assert config.site.cameras == ()


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """0600 or nothing."""
    config = write(tmp_path, WHOLE, mode=0o644)
    with pytest.raises(InvalidError, match="chmod 600"):
        config.panels()
    with pytest.raises(InvalidError, match="chmod 600"):
        config.sources()


def test_a_login_inside_an_address_is_refused(tmp_path: Path) -> None:
    """Addresses are logged, logins are not."""
    text = WHOLE.replace("rtsp://camera/main", "rtsp://admin:secret@camera/main")
    with pytest.raises(InvalidError, match="credentials"):
        write(tmp_path, text).sources()


def test_plain_http_stays_on_this_machine(tmp_path: Path) -> None:
    """Beyond loopback a certificate is needed."""
    config = write(tmp_path, WHOLE + '[listen]\nhost = "0.0.0.0"\n')
    with pytest.raises(InvalidError, match="plain HTTP"):
        assert config.listen.port


def test_every_key_is_explained() -> None:
    """No key without a sentence, no table left out."""
    lines = explain_config().splitlines()
    keys = [i for i, line in enumerate(lines) if " =" in line and not line.startswith("#")]
    assert len(keys) > 40
    assert all(lines[i - 1].startswith("# ") and len(lines[i - 1]) > 8 for i in keys)
    assert {"[hub]", "[mqtt]", "[[cameras]]", "[[panels]]", "[retention]"} <= set(lines)
