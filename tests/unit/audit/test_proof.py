"""A proof that travels is believed only as a whole."""

from functools import cache

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.audit.proof import Proof, verify_proof
from handfast.audit.tree import ProofError
from handfast.kit.encoding import b64
from handfast.kit.errors import HandfastError, InvalidError
from handfast.seal.identity import SigningKey
from tests.fakes.log_store import FakeLogStore
from tests.golden.segment.sample import fixed
from tests.unit.audit.people import fill, open_log


@cache
def example() -> tuple[Proof, str]:
    """Return the proof of entry 5 of 11, and the log's vkey."""
    store = FakeLogStore()
    return fill(store, 5, 11)[5].proof, open_log(store).vkey


def test_a_proof_survives_the_wire() -> None:
    """As JSON with the names of the page; nothing else may stand in it."""
    proof, vkey = example()
    raw = msgspec.json.encode(proof)
    names = ["origin", "index", "salt", "entry", "size", "hashes", "checkpoint"]
    assert list(msgspec.json.decode(raw)) == names
    assert verify_proof(msgspec.json.decode(raw, type=Proof), vkey) == b'{"entry":5}'
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(raw[:-1] + b',"more":1}', type=Proof)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("origin", "other.example/log"),
        ("index", 6),
        ("index", -1),
        ("index", 11),
        ("size", 12),
        ("entry", b64(b'{"entry":6}')),
        ("salt", b64(bytes(32))),
        ("hashes", ()),
    ],
)
def test_a_proof_with_another_part_is_refused(field: str, value: object) -> None:
    """Each part is held by the signature over the root, or by the checkpoint."""
    proof, vkey = example()
    with pytest.raises(ProofError):
        verify_proof(msgspec.structs.replace(proof, **{field: value}), vkey)


@pytest.mark.parametrize(
    ("field", "value"), [("salt", "AA"), ("entry", "="), ("hashes", ("x",))]
)
def test_a_malformed_proof_is_refused(field: str, value: object) -> None:
    """Before anything is computed with it."""
    proof, vkey = example()
    with pytest.raises(InvalidError):
        verify_proof(msgspec.structs.replace(proof, **{field: value}), vkey)


def test_a_proof_of_another_log_is_refused() -> None:
    """The same name does not help, the key decides."""
    proof, _ = example()
    thief = open_log(FakeLogStore(), SigningKey.generate(fixed("thief", 32)))
    with pytest.raises(HandfastError):
        verify_proof(proof, thief.vkey)


@given(st.data())
def test_any_change_of_a_proof_is_refused(data: st.DataObject) -> None:
    """Any character of the JSON replaced: an error, or the very same proof."""
    proof, vkey = example()
    raw = bytearray(msgspec.json.encode(proof))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(32, 126))
    try:
        changed = msgspec.json.decode(raw, type=Proof)
        entry = verify_proof(changed, vkey)
    except (HandfastError, msgspec.MsgspecError, UnicodeDecodeError):
        return  # msgspec says it so of half a character; `read_json` is what strangers meet
    assert (changed, entry) == (proof, b'{"entry":5}')
