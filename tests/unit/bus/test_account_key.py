"""The key that vouches for nodes, in the text form NATS expects."""

from handfast.bus.callout import AccountKey


def test_the_public_key_is_written_as_nats_writes_it() -> None:
    """The text was made by NATS's own library from the same 32 bytes."""
    written = AccountKey(bytes(range(32))).public
    assert written == "AAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QPZV"
