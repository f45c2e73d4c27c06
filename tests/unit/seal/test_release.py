"""Keys are handed to one device, for one cause, one run at a time."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handfast.kit.encoding import canonical
from handfast.kit.errors import InvalidError
from handfast.seal.open import OpenError, OpeningKey, open_release, unwrap_run_key
from handfast.seal.release import (
    ENCAPSULATED_BYTES,
    release_info,
    seal_release,
    wrap_run_key,
)
from handfast.seal.suite import TAG_BYTES
from tests.examples import scaled
from tests.golden.segment.sample import fixed

GRANT = UUID(int=7)
DEVICE = OpeningKey.generate(fixed("a device", 32))
OTHER = OpeningKey.generate(fixed("another device", 32))
INFO = release_info("request", GRANT, "checkpoint")


@given(st.binary(max_size=500))
@settings(max_examples=scaled(30))
def test_a_release_opens_on_its_device(plain: bytes) -> None:
    """For the same cause, and at the promised size."""
    sealed = seal_release(DEVICE.public, INFO, plain)
    assert len(sealed) == ENCAPSULATED_BYTES + len(plain) + TAG_BYTES
    assert open_release(DEVICE, INFO, sealed) == plain


@pytest.mark.parametrize(
    "info",
    [
        release_info("another request", GRANT, "checkpoint"),
        release_info("request", UUID(int=8), "checkpoint"),
        release_info("request", GRANT, "another checkpoint"),
        b"",
    ],
)
def test_a_release_opens_for_no_other_cause(info: bytes) -> None:
    """Request, grant and checkpoint are each bound."""
    with pytest.raises(OpenError, match="ask again"):
        open_release(DEVICE, info, seal_release(DEVICE.public, INFO, b"keys"))


def test_a_release_opens_on_no_other_device() -> None:
    """Whoever copies it on the way has nothing."""
    with pytest.raises(OpenError):
        open_release(OTHER, INFO, seal_release(DEVICE.public, INFO, b"keys"))


@given(st.data())
def test_a_changed_release_opens_nowhere(data: st.DataObject) -> None:
    """Any bit flipped, any byte cut."""
    sealed = bytearray(seal_release(DEVICE.public, INFO, b"keys"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises(OpenError):
        open_release(DEVICE, INFO, bytes(sealed[:at]))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    # X25519 ignores the top bit of a public key (RFC 7748), HPKE's key schedule does not.
    with pytest.raises(OpenError):
        open_release(DEVICE, INFO, bytes(sealed))


@pytest.mark.parametrize("public", [b"", bytes(31), bytes(32)])
def test_an_unusable_device_key_is_refused(public: bytes) -> None:
    """Of the wrong length, or the point that would make the secret known to all."""
    with pytest.raises(InvalidError):
        seal_release(public, INFO, b"keys")


def test_the_cause_is_the_hash_of_canonical_json() -> None:
    """So that browsers can compute it from the page."""
    text = canonical({"suite": 1, "request": "r", "grant": str(GRANT), "checkpoint": "c — \n"})
    assert text.startswith(b'{"checkpoint":"c')
    assert len(release_info("r", GRANT, "c — \n")) == 32


@given(
    st.fixed_dictionaries(
        {
            "grant": st.uuids(),
            "segment": st.binary(min_size=16, max_size=16),
            "run": st.integers(0, 9),
            "leaf": st.integers(0, 9),
        }
    ),
    st.integers(0, (1 << 64) - 1),
)
@settings(max_examples=scaled(30))
def test_a_wrapped_run_key_opens_for_its_grant(bound: dict[str, object], counter: int) -> None:
    """48 bytes that open under the live key and the same names."""
    live, key = fixed("live", 32), fixed("run", 32)
    wrapped = wrap_run_key(live, counter=counter, run_key=key, **bound)  # type: ignore[arg-type] # drawn together
    assert len(wrapped) == 48
    assert unwrap_run_key(live, counter=counter, wrapped=wrapped, **bound) == key  # type: ignore[arg-type] # as above
    with pytest.raises(OpenError):
        unwrap_run_key(key, counter=counter, wrapped=wrapped, **bound)  # type: ignore[arg-type] # as above
    with pytest.raises(OpenError):
        unwrap_run_key(live, counter=counter, wrapped=wrapped[:5], **bound)  # type: ignore[arg-type] # as above


def test_a_live_key_of_another_length_is_refused() -> None:
    """16 bytes would quietly be AES-128."""
    short, key = bytes(16), fixed("run", 32)
    with pytest.raises(InvalidError, match="live key"):
        wrap_run_key(
            short, counter=0, run_key=key, grant=GRANT, segment=key[:16], run=0, leaf=0
        )
    with pytest.raises(InvalidError, match="live key"):
        unwrap_run_key(
            short, counter=0, wrapped=bytes(48), grant=GRANT, segment=key[:16], run=0, leaf=0
        )


def test_an_opening_key_survives_its_file() -> None:
    """PEM, with and without a passphrase; never as another kind of key."""
    assert OpeningKey.from_pem(DEVICE.to_pem()).public == DEVICE.public
    sealed = DEVICE.to_pem(b"correct horse")
    assert OpeningKey.from_pem(sealed, b"correct horse").to_bytes() == DEVICE.to_bytes()
    for passphrase in (None, b"wrong"):
        with pytest.raises(InvalidError, match="passphrase"):
            OpeningKey.from_pem(sealed, passphrase)
