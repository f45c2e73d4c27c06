"""The log keeps its bytes, and what was proved once is proved for ever."""

import json

import msgspec

from handfast.audit.note import open_checkpoint, parse_vkey
from handfast.audit.proof import Proof, verify_proof
from handfast.audit.source import DirectorySource
from handfast.audit.tree import verify_consistency
from handfast.audit.verify import verify_log
from handfast.kit.encoding import unb64
from tests.golden.audit.sample import LOG, OPENED, VECTORS, entry, rendered


def test_a_log_has_the_golden_bytes() -> None:
    """A difference means that proofs in people's hands no longer hold."""
    files, vectors = rendered()
    kept = {
        path.relative_to(LOG).as_posix(): path.read_bytes()
        for path in LOG.rglob("*")
        if path.is_file()
    }
    assert kept == files
    assert json.loads(VECTORS.read_text()) == json.loads(json.dumps(vectors))


def test_the_golden_log_verifies() -> None:
    """With each of its older checkpoints, and all openings."""
    vectors = json.loads(VECTORS.read_text())
    openings = [json.dumps(proof) for proof in vectors["proofs"]]
    for note in vectors["checkpoints"]:
        source = DirectorySource(LOG)
        report = verify_log(source, vectors["vkey"], since=note, openings=openings)
        assert report.holds, report


def test_the_golden_proofs_verify() -> None:
    """Each opens to its entry."""
    vectors = json.loads(VECTORS.read_text())
    for index, proof in zip(OPENED, vectors["proofs"], strict=True):
        read = msgspec.convert(proof, Proof)
        assert verify_proof(read, vectors["vkey"]) == entry(index)


def test_the_golden_checkpoints_are_consistent() -> None:
    """By proof, without looking at any entry."""
    vectors = json.loads(VECTORS.read_text())
    key = parse_vkey(vectors["vkey"])
    heads = {
        head.size: head for head in (open_checkpoint(n, key) for n in vectors["checkpoints"])
    }
    for row in vectors["consistency"]:
        if row["old"] in heads:
            old, new = heads[row["old"]], heads[row["new"]]
            hashes = [unb64(value) for value in row["hashes"]]
            verify_consistency(
                old.size, old.root, new=new.size, new_root=new.root, hashes=hashes
            )
