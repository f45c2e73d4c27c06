"""Where a panel reports to over MQTT: encrypted unless it stays on the machine."""

from pathlib import Path

import pytest

from handfast.cli.broker import BrokerAddress, broker_address, trust
from handfast.kit.errors import InvalidError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mqtts://broker.example", BrokerAddress(host="broker.example", port=8883, tls=True)),
        ("broker.example:8884", BrokerAddress(host="broker.example", port=8884, tls=True)),
        ("broker.example", BrokerAddress(host="broker.example", port=8883, tls=True)),
        ("mqtt://127.0.0.1", BrokerAddress(host="127.0.0.1", port=1883, tls=False)),
        ("mqtt://localhost:2000", BrokerAddress(host="localhost", port=2000, tls=False)),
        ("mqtts://[::1]:1", BrokerAddress(host="::1", port=1, tls=True)),
    ],
)
def test_an_address_is_encrypted_unless_it_says_otherwise(
    text: str, expected: BrokerAddress
) -> None:
    """Ports have their usual numbers."""
    assert broker_address(text, plain=False) == expected


def test_in_the_clear_only_this_machine_is_reached_unless_it_is_allowed() -> None:
    """The refusal names both ways on."""
    with pytest.raises(InvalidError, match=r"write mqtts://.*--mqtt-plain"):
        broker_address("mqtt://broker.example", plain=False)
    assert not broker_address("mqtt://broker.example", plain=True).tls


@pytest.mark.parametrize("text", ["https://broker", "mqtts://", "broker:x", "broker:0", "a/b"])
def test_what_is_no_address_is_refused(text: str) -> None:
    """With an example of one."""
    with pytest.raises(InvalidError, match="write mqtts://HOST"):
        broker_address(text, plain=True)


def test_an_authority_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    """Missing or not PEM: the file is named, nothing is trusted."""
    for path in (tmp_path / "missing.pem", tmp_path):
        with pytest.raises(InvalidError, match=str(path)):
            trust(path)
