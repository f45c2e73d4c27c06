"""A period root comes back only as what it was wrapped as."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.kit.errors import CorruptError, InvalidError
from handfast.model.media import Rendition, Stream
from handfast.seal.keystore import WRAPPED_ROOT_BYTES, RootIds, unwrap_root, wrap_root
from tests.golden.segment.sample import fixed

KEY, ROOT = fixed("wrapping", 32), fixed("root", 32)
IDS = RootIds(
    camera=UUID(int=1),
    stream=Stream.MAIN,
    rendition=Rendition.CLEAR,
    period=fixed("period", 16),
    started_us=5,
)


def test_a_root_comes_back() -> None:
    """60 bytes, under the same key and names."""
    wrapped = wrap_root(KEY, root=ROOT, **IDS)
    assert len(wrapped) == WRAPPED_ROOT_BYTES == 60
    assert unwrap_root(KEY, wrapped=wrapped, **IDS) == ROOT


@pytest.mark.parametrize(
    "other",
    [
        IDS | {"camera": UUID(int=2)},
        IDS | {"stream": Stream.SUB},
        IDS | {"rendition": Rendition.REDACTED},
        IDS | {"period": bytes(16)},
        IDS | {"started_us": 6},
    ],
)
def test_a_root_is_no_other_ones(other: RootIds) -> None:
    """Swapped rows of a key store are found out (P6: not even between renditions)."""
    wrapped = wrap_root(KEY, root=ROOT, **IDS)
    with pytest.raises(CorruptError, match="key store"):
        unwrap_root(KEY, wrapped=wrapped, **other)


@given(st.integers(0, 59), st.integers(0, 7))
def test_a_changed_root_is_refused(at: int, bit: int) -> None:
    """Any flipped bit, any cut."""
    wrapped = bytearray(wrap_root(KEY, root=ROOT, **IDS))
    with pytest.raises(CorruptError):
        unwrap_root(KEY, wrapped=bytes(wrapped[:at]), **IDS)
    wrapped[at] ^= 1 << bit
    with pytest.raises(CorruptError):
        unwrap_root(KEY, wrapped=bytes(wrapped), **IDS)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=4, unique=True))
def test_two_roots_never_share_a_nonce(roots: list[bytes]) -> None:
    """Also under one id, as after a puncture; the same root wraps to the same bytes."""
    nonces = [wrap_root(KEY, root=root, **IDS)[:12] for root in roots]
    assert len(set(nonces)) == len(roots)
    assert wrap_root(KEY, root=ROOT, **IDS) == wrap_root(KEY, root=ROOT, **IDS)


def test_keys_and_ids_of_another_length_are_refused() -> None:
    """Before anything is written."""
    with pytest.raises(InvalidError):
        wrap_root(KEY, root=bytes(31), **IDS)
    with pytest.raises(InvalidError):
        wrap_root(bytes(16), root=ROOT, **IDS)
    with pytest.raises(InvalidError):
        wrap_root(KEY, root=ROOT, **(IDS | {"period": b""}))
