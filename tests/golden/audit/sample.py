"""The log of the golden vectors: 260 entries in three commits, from fixed bytes."""

import json
from pathlib import Path

import msgspec

from handfast.audit.append import Log
from handfast.audit.proof import prove_range
from handfast.audit.publish import publish, tiles
from handfast.audit.tree import Tree
from handfast.kit.encoding import b64, canonical
from handfast.seal.identity import SigningKey
from tests.fakes.log_store import FakeLogStore
from tests.golden.segment.sample import fixed
from tests.unit.audit.people import CountingIds

ORIGIN = "school.example/log"
COMMITS = (3, 257, 260)  # size after each
OPENED = (0, 2, 255, 256, 259)
HERE = Path(__file__).parent
LOG = HERE / "log"
VECTORS = HERE / "vectors.json"


def entry(index: int) -> bytes:
    """Return a made-up entry."""
    return canonical({"kind": "decision", "number": index, "outcome": "permit"})


def rendered() -> tuple[dict[str, bytes], dict[str, object]]:
    """Return the published files by path, and what the vectors say of them."""
    store = FakeLogStore()
    key = SigningKey.from_bytes(fixed("golden/log", 32))
    log = Log(store, key, ORIGIN, ids=CountingIds())
    first = 0
    for end in COMMITS:
        log.append([entry(index) for index in range(first, end)])
        first = end
    paths = ["checkpoint", *(tile.path for tile in tiles(first))]
    files = {path: publish(store, path).body for path in paths}
    proofs = {proof.index: proof for proof in prove_range(store, 0, first)}
    return files, {
        "what": "docs/reference/audit-log.md; the published log is in the folder log/",
        "vkey": log.vkey,
        "checkpoints": [batch.checkpoint for batch in store.batches],
        "consistency": [
            {
                "old": old,
                "new": first,
                "hashes": [b64(value) for value in Tree(first, store.hashes).consistency(old)],
            }
            for old in (*COMMITS[:-1], 1, 128, 256)
        ],
        "proofs": [json.loads(msgspec.json.encode(proofs[index])) for index in OPENED],
    }
