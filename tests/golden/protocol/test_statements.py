"""Statements keep their bytes, hashes and signatures for ever."""

import json
from pathlib import Path

import msgspec
import pytest

from handfast.kit.encoding import b64
from handfast.kit.errors import HandfastError, InvalidError
from handfast.protocol.agreement_document import read_agreement, to_agreement, to_document
from handfast.protocol.signing import hash_of, parse, sign, statement_bytes, verify
from handfast.protocol.statements import Statement
from handfast.seal.identity import Envelope
from tests.golden.protocol.samples import SAMPLES
from tests.unit.policy.samples import SCHOOL
from tests.unit.protocol.people import key

GOLDEN = Path(__file__).with_name("statements.json")
SIGNER = key("signer")


def rendered() -> dict[str, object]:
    """Return what the golden file must hold, for this code's statements."""
    rows = [
        {
            "kind": sample.kind_name,
            "statement": b64(statement_bytes(sample)),
            "hash": hash_of(sample),
            "envelope": msgspec.to_builtins(sign(sample, SIGNER)),
        }
        for sample in SAMPLES
    ]
    return {"signer": b64(SIGNER.public), "statements": rows}


def test_every_statement_has_the_golden_bytes() -> None:
    """A difference changes what signatures and hashes mean: it needs a new version."""
    assert json.loads(GOLDEN.read_text()) == json.loads(json.dumps(rendered()))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: str(sample.kind_name))
def test_every_statement_survives_signing_and_reading(sample: Statement) -> None:
    """What was signed is what is read."""
    envelope = sign(sample, SIGNER)
    assert verify(envelope, type(sample), trusted={SIGNER.fingerprint: SIGNER.public}) == sample


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: str(sample.kind_name))
def test_no_statement_passes_for_another_kind_or_signer(sample: Statement) -> None:
    """The payload type is signed, and keys come from the verifier."""
    envelope = sign(sample, SIGNER)
    renamed = Envelope(
        payloadType="application/vnd.handfast.other.v1+json",
        payload=envelope.payload,
        signatures=envelope.signatures,
    )
    for wrong, trusted in ((renamed, SIGNER), (envelope, key("somebody"))):
        with pytest.raises(HandfastError):
            verify(wrong, type(sample), trusted={trusted.fingerprint: trusted.public})


@pytest.mark.parametrize("change", [b" ", b"\n", b'{"more":1,'])
def test_bytes_that_are_not_canonical_are_refused(change: bytes) -> None:
    """Two texts of one meaning would have two hashes."""
    payload = statement_bytes(SAMPLES[0])
    changed = change + payload[1:] if change.startswith(b"{") else payload + change
    with pytest.raises(InvalidError, match="enrolment"):
        parse(changed, type(SAMPLES[0]))


def test_an_agreement_needs_both_roots_confirmed_here() -> None:
    """One signature, or a root nobody compared, is not an agreement."""
    owner, agency = key("owner root"), key("agency root")
    document = to_document(SCHOOL)
    document = msgspec.structs.replace(
        document,
        owner=msgspec.structs.replace(document.owner, root=b64(owner.public)),
        agency=msgspec.structs.replace(document.agency, root=b64(agency.public)),
    )
    roots = {agency.fingerprint: agency.public}
    signed = sign(document, owner, agency)
    read = read_agreement(signed, owner_root=owner.public, agency_roots=roots)
    assert read == to_agreement(document)
    for wrong, trusted in (
        (sign(document, owner), roots),
        (sign(document, agency), roots),
        (signed, {}),
        (sign(document, owner, key("hub")), roots),
    ):
        with pytest.raises(HandfastError):
            read_agreement(wrong, owner_root=owner.public, agency_roots=trusted)
