"""A proof that travels: an opened leaf, its inclusion proof and the signed checkpoint."""

from collections.abc import Iterator, Sequence

import msgspec

from handfast.audit.leaf import Opening, leaf_data
from handfast.audit.note import open_checkpoint, parse_checkpoint, parse_vkey
from handfast.audit.ports import LogReader
from handfast.audit.tree import ProofError, Tree, leaf_hash, verify_inclusion
from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import NotFoundError


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `proof` of docs/reference/protocol.md; bytes are b64.

    Attributes:
        origin: Which log.
        index: Position of the entry.
        salt: 32 bytes.
        entry: Canonical JSON of the entry.
        size: Entries of the log under `checkpoint`.
        hashes: Inclusion proof, lowest first.
        checkpoint: Signed note.
    """

    origin: str
    index: int
    salt: str
    entry: str
    size: int
    hashes: tuple[str, ...]
    checkpoint: str


def make_proof(opening: Opening, checkpoint: str, hashes: Sequence[bytes]) -> Proof:
    """Put together what travels; the checkpoint must be one of ours."""
    head = parse_checkpoint(checkpoint.split("\n"))
    return Proof(
        origin=head.origin,
        index=opening.index,
        salt=b64(opening.salt),
        entry=b64(opening.entry),
        size=head.size,
        hashes=tuple(b64(value) for value in hashes),
        checkpoint=checkpoint,
    )


def prove_range(reader: LogReader, first: int, end: int) -> Iterator[Proof]:
    """Prove the entries `first <= index < end` against the newest checkpoint, in order.

    Erased entries are passed over, and so are those that the log does not have.
    """
    checkpoint = reader.checkpoint()
    if checkpoint is None:
        return
    size = parse_checkpoint(checkpoint.split("\n")).size
    tree = Tree(size, reader.hashes)
    for opening in reader.openings(first, min(end, size)):
        yield make_proof(opening, checkpoint, tree.inclusion(opening.index))


def prove(reader: LogReader, index: int) -> Proof:
    """Prove an entry against the newest checkpoint.

    Raises:
        NotFoundError: The log has no such entry, or its opening was erased.
    """
    proof = next(prove_range(reader, index, index + 1), None)
    if proof is None:
        raise NotFoundError(f"the log cannot open entry {index}: not there, or erased")
    return proof


def verify_proof(proof: Proof, vkey: str) -> bytes:
    """Return the entry if the log with this vkey signed a checkpoint that includes it.

    Raises:
        InvalidError: Parts are malformed, or the proof is of another log.
        SignatureError: The log did not sign the checkpoint.
        ProofError: The entry is not where the proof says.
    """
    checkpoint = open_checkpoint(proof.checkpoint, parse_vkey(vkey))
    if (proof.origin, proof.size) != (checkpoint.origin, checkpoint.size):
        raise ProofError(f"the proof of entry {proof.index} and its checkpoint differ")
    entry = unb64(proof.entry)
    verify_inclusion(
        leaf_hash(leaf_data(unb64(proof.salt), entry)),
        proof.index,
        size=checkpoint.size,
        hashes=[unb64(value) for value in proof.hashes],
        root=checkpoint.root,
    )
    return entry
