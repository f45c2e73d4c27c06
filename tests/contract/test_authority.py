"""The small authority makes certificates that a strict client accepts."""

import ssl
from pathlib import Path

import pytest

from handfast.kit.clock import SystemClock
from handfast.kit.errors import InvalidError
from tests.fakes.authority import TlsIdentity, issue_server, make_authority

NOW_US = SystemClock().now_us()
AUTHORITY = make_authority("a test authority", now_us=NOW_US)


def shake_hands(server: TlsIdentity, authority: TlsIdentity, name: str, folder: Path) -> None:
    """Run a TLS handshake in memory; the client trusts `authority` and expects `name`."""
    chain = folder / "server.pem"
    chain.write_bytes(server.certificate + server.key)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(chain)
    asking = ssl.create_default_context(cadata=authority.certificate.decode())
    asking.verify_flags |= ssl.VERIFY_X509_STRICT
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = asking.wrap_bio(back, there, server_hostname=name)
    other = serving.wrap_bio(there, back, server_side=True)
    for side in (client, other, client, other):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert client.version() == "TLSv1.3"


@pytest.mark.parametrize("name", ["node.example", "localhost", "127.0.0.1", "::1"])
def test_a_server_is_known_by_each_of_its_names(name: str, tmp_path: Path) -> None:
    """Host names and addresses, under the strict rules of RFC 5280."""
    server = issue_server(
        AUTHORITY, ["node.example", "localhost", "127.0.0.1", "::1"], now_us=NOW_US
    )
    shake_hands(server, AUTHORITY, name, tmp_path)


def test_a_server_is_not_known_by_another_name_or_authority(tmp_path: Path) -> None:
    """Nor when its certificate is of last year."""
    server = issue_server(AUTHORITY, ["node.example"], now_us=NOW_US)
    stranger = make_authority("another", now_us=NOW_US)
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(server, AUTHORITY, "other.example", tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match="issuer"):
        shake_hands(server, stranger, "node.example", tmp_path)
    old = issue_server(AUTHORITY, ["node.example"], now_us=NOW_US - 398 * 86_400 * 1_000_000)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        shake_hands(old, AUTHORITY, "node.example", tmp_path)


def test_what_cannot_be_issued_is_refused() -> None:
    """No name, or no authority to sign it."""
    with pytest.raises(InvalidError, match="at least one name"):
        issue_server(AUTHORITY, [], now_us=NOW_US)
    broken = TlsIdentity(certificate=b"no pem", key=AUTHORITY.key)
    with pytest.raises(InvalidError, match="PEM"):
        issue_server(broken, ["node.example"], now_us=NOW_US)


def test_a_key_does_not_show_when_it_is_printed() -> None:
    """A log line with an identity in it gives nothing away."""
    assert "PRIVATE" not in repr(AUTHORITY)
