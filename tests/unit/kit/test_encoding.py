"""Bytes as text, and one canonical form for what is signed."""

import json
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handfast.kit.encoding import Json, b64, canonical, read_json, unb64
from handfast.kit.errors import InvalidError

ALPHABET = set(string.ascii_letters + string.digits + "-_")
SAFE_INTEGER = 2**53 - 1

plain = (
    st.none()
    | st.booleans()
    | st.integers(-SAFE_INTEGER, SAFE_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
documents = st.recursive(
    plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(st.binary())
def test_bytes_survive_base64url(data: bytes) -> None:
    """The text has only characters that need no escape in an address or a file name."""
    text = b64(data)
    assert set(text) <= ALPHABET
    assert unb64(text) == data


@given(st.text())
@example("QQ==")
@example("QR")
@example("-_-+")
@example("A")
@example("QQ\n")
@example("é")
def test_each_value_has_one_text(text: str) -> None:
    """What is read either is exactly what would be written, or is refused."""
    try:
        data = unb64(text)
    except InvalidError:
        return
    assert b64(data) == text


@pytest.mark.parametrize("text", ["QQ==", "QR", "+/+/", "A", "QUJD\n", "Q Q", "é"])
def test_other_base64_is_refused_with_advice(text: str) -> None:
    """Padding, stray bits, the other alphabet, white space: none of them is read."""
    with pytest.raises(InvalidError, match="encode the bytes again"):
        unb64(text)


def test_canonical_json_is_that_of_the_standard() -> None:
    """The example of RFC 8785 section 3.2.2, shortened."""
    value: Json = {"numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 1e-27], "literals": [None]}
    wanted = b'{"literals":[null],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}'
    assert canonical(value) == wanted


@given(documents)
def test_canonical_json_means_the_same(value: Json) -> None:
    """A reader whose numbers are all doubles, as a browser's are, gets the value back."""
    assert json.loads(canonical(value), parse_int=float) == value


@given(st.dictionaries(st.text(), plain))
def test_the_order_of_keys_does_not_matter(value: dict[str, Json]) -> None:
    """Equal values have equal bytes however they were put together."""
    assert canonical(value) == canonical(dict(reversed(value.items())))


@pytest.mark.parametrize(
    "value", [SAFE_INTEGER + 1, -SAFE_INTEGER - 1, float("nan"), float("inf"), "\ud800"]
)
def test_what_has_no_canonical_form_is_refused(value: Json) -> None:
    """Nothing is signed that two readers could read differently."""
    with pytest.raises(InvalidError, match="RFC 8785"):
        canonical({"value": value})


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff", b'"\xff"', b'"a"', b"[" * 100_000, b"1e999", b"9" * 5000]
)
def test_json_from_strangers_is_read_or_refused(text: bytes) -> None:
    """Cut, not UTF-8, another type, too deep, too large: each is one kind of refusal."""
    with pytest.raises(InvalidError, match="no JSON of a dict"):
        read_json(text, dict)


@given(documents)
def test_json_that_is_well_formed_is_read(value: Json) -> None:
    """Any other reader of JSON sees the same value."""
    text = canonical([value])
    assert read_json(text, list) == json.loads(text)
