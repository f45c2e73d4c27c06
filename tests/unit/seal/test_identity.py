"""Signatures hold statements to their words, their kind and their signer."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.kit.encoding import b64
from handfast.kit.errors import CorruptError, DeniedError, HandfastError, InvalidError
from handfast.seal.identity import (
    Envelope,
    Signature,
    SignatureError,
    SigningKey,
    fingerprint,
    join_signatures,
    payload_type,
    sign_statement,
    statement_hash,
    verify,
    verify_statement,
)
from handfast.seal.open import OpeningKey
from tests.golden.segment.sample import fixed

OWNER = SigningKey.generate(fixed("owner", 32))
AGENCY = SigningKey.generate(fixed("agency", 32))
STRANGER = SigningKey.generate(fixed("stranger", 32))
TRUSTED = {key.fingerprint: key.public for key in (OWNER, AGENCY)}
PAYLOAD = b'{"agreement":1}'


def test_signatures_are_those_of_rfc_8032() -> None:
    """Section 7.1, test 1: any library may check what we sign."""
    seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    key = SigningKey.from_bytes(bytes.fromhex(seed))
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.public.hex() == public
    assert key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d8")
    verify(key.public, b"", key.sign(b""))


def test_the_envelope_is_dsse() -> None:
    """The bytes under the signature are those of DSSE 1.0."""
    envelope = sign_statement("agreement", PAYLOAD, OWNER)
    name = b"application/vnd.handfast.agreement.v1+json"
    signed = b"DSSEv1 42 " + name + b" 15 " + PAYLOAD
    assert envelope.payloadType.encode() == name
    assert envelope.payload == b64(PAYLOAD)
    assert envelope.signatures == (
        Signature(keyid=OWNER.fingerprint, sig=b64(OWNER.sign(signed))),
    )


def test_an_envelope_survives_the_wire() -> None:
    """As JSON with the names of DSSE; nothing else may stand in it."""
    envelope = sign_statement("agreement", PAYLOAD, OWNER, AGENCY)
    raw = msgspec.json.encode(envelope)
    assert set(msgspec.json.decode(raw)) == {"payloadType", "payload", "signatures"}
    assert msgspec.json.decode(raw, type=Envelope) == envelope
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(raw[:-1] + b',"more":1}', type=Envelope)


@pytest.mark.parametrize("required", [1, 2, frozenset(TRUSTED), {OWNER.fingerprint}])
def test_both_signers_satisfy_every_demand(required: int | frozenset[str]) -> None:
    """By number or by name."""
    envelope = sign_statement("agreement", PAYLOAD, OWNER, AGENCY)
    assert verify_statement(envelope, "agreement", TRUSTED, required=required) == PAYLOAD


@pytest.mark.parametrize("required", [2, frozenset(TRUSTED), {AGENCY.fingerprint}])
def test_a_missing_signer_is_refused(required: int | frozenset[str]) -> None:
    """One root alone makes no agreement."""
    envelope = sign_statement("agreement", PAYLOAD, OWNER)
    with pytest.raises(DeniedError, match="lacks"):
        verify_statement(envelope, "agreement", TRUSTED, required=required)


@pytest.mark.parametrize("required", [0, frozenset[str]()])
def test_an_unsigned_statement_is_never_accepted(required: int | frozenset[str]) -> None:
    """Whatever was demanded."""
    envelope = Envelope(
        payloadType=payload_type("agreement"), payload=b64(PAYLOAD), signatures=()
    )
    with pytest.raises(DeniedError):
        verify_statement(envelope, "agreement", TRUSTED, required=required)


def test_a_strangers_signature_spoils_the_statement() -> None:
    """Even beside good ones: it does not belong there."""
    envelope = sign_statement("agreement", PAYLOAD, OWNER, STRANGER)
    with pytest.raises(DeniedError, match="not trusted"):
        verify_statement(envelope, "agreement", TRUSTED)


def test_one_key_does_not_count_twice() -> None:
    """Two signatures by one person are one."""
    envelope = sign_statement("agreement", PAYLOAD, OWNER, OWNER)
    with pytest.raises(DeniedError, match="twice"):
        verify_statement(envelope, "agreement", TRUSTED, required=2)


def test_a_statement_of_another_kind_is_refused() -> None:
    """Also when the envelope merely claims the kind."""
    envelope = sign_statement("login", PAYLOAD, OWNER)
    with pytest.raises(InvalidError, match="login"):
        verify_statement(envelope, "agreement", TRUSTED)
    claimed = msgspec.structs.replace(envelope, payloadType=payload_type("agreement"))
    with pytest.raises(SignatureError):
        verify_statement(claimed, "agreement", TRUSTED)


def test_a_key_under_anothers_name_is_refused() -> None:
    """A key store that maps a fingerprint to another key is broken."""
    envelope = sign_statement("agreement", PAYLOAD, OWNER)
    with pytest.raises(DeniedError, match="another key"):
        verify_statement(envelope, "agreement", {OWNER.fingerprint: AGENCY.public})


@given(st.data())
def test_any_change_of_an_envelope_is_refused(data: st.DataObject) -> None:
    """Any character of the JSON replaced: an error, or the very same envelope."""
    envelope = sign_statement("agreement", PAYLOAD, OWNER)
    raw = bytearray(msgspec.json.encode(envelope))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(32, 126))
    try:
        changed = msgspec.json.decode(raw, type=Envelope)
        payload = verify_statement(changed, "agreement", TRUSTED)
    except (HandfastError, msgspec.MsgspecError):
        return
    assert (changed, payload) == (envelope, PAYLOAD)


def test_a_wrong_signature_is_corrupt() -> None:
    """Wrong message, wrong key, wrong length."""
    good = OWNER.sign(b"message")
    for public, message, signature in (
        (OWNER.public, b"another", good),
        (AGENCY.public, b"message", good),
        (OWNER.public, b"message", good[:-1]),
        (b"\xff" * 32, b"message", good),
    ):
        with pytest.raises(CorruptError, match="does not verify"):
            verify(public, message, signature)


def test_signatures_of_two_parties_are_joined() -> None:
    """Each signs at home; the agreement then carries both."""
    owner = sign_statement("agreement", PAYLOAD, OWNER)
    both = join_signatures(owner, sign_statement("agreement", PAYLOAD, AGENCY))
    assert verify_statement(both, "agreement", TRUSTED, required=2) == PAYLOAD
    with pytest.raises(InvalidError, match="different"):
        join_signatures(owner, sign_statement("agreement", b"{}", AGENCY))
    with pytest.raises(InvalidError, match="at least one"):
        sign_statement("agreement", PAYLOAD)


def test_names_are_whole_hashes() -> None:
    """43 characters; nothing is cut for looks."""
    assert len(fingerprint(OWNER.public)) == len(statement_hash(PAYLOAD)) == 43
    assert fingerprint(OWNER.public) != fingerprint(AGENCY.public)
    with pytest.raises(InvalidError):
        fingerprint(b"short")


def test_a_signing_key_survives_its_file() -> None:
    """PEM, with and without a passphrase; never as another kind of key."""
    assert SigningKey.from_pem(OWNER.to_pem()).to_bytes() == OWNER.to_bytes()
    sealed = OWNER.to_pem(b"correct horse")
    assert b"ENCRYPTED" in sealed
    assert SigningKey.from_pem(sealed, b"correct horse").public == OWNER.public
    for pem, passphrase in ((sealed, None), (sealed, b"wrong"), (b"no pem", None)):
        with pytest.raises(InvalidError):
            SigningKey.from_pem(pem, passphrase)
    opening = OpeningKey.generate(fixed("device", 32))
    with pytest.raises(InvalidError, match="Ed25519"):
        SigningKey.from_pem(opening.to_pem())
    with pytest.raises(InvalidError, match="X25519"):
        OpeningKey.from_pem(OWNER.to_pem())
