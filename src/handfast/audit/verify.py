"""The stand-alone verifier: does a published log hold together, and hold what was shown?

Trusts only the verifier key. Everything else is recomputed from the entries, so no proof and
no tile needs to be believed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from handfast.audit.leaf import LEAF_BYTES, leaf_data
from handfast.audit.note import Checkpoint, NoteKey, open_checkpoint, parse_vkey
from handfast.audit.proof import Proof, verify_proof
from handfast.audit.publish import CHECKPOINT, TILE_LEVELS, TILE_WIDTH, Tile, tiles
from handfast.audit.source import LogSource
from handfast.audit.tree import HASH_BYTES, Edge
from handfast.kit.encoding import read_json, unb64
from handfast.kit.errors import CorruptError, HandfastError

_RECORD = 2 + LEAF_BYTES
_REASONS_LIMIT = 10  # openings named in one finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was checked.

    Attributes:
        check: Short stable name: `checkpoint`, `entries`, `tiles`, `since` or `openings`.
        holds: Whether it is as it must be.
        detail: One sentence.
    """

    check: str
    holds: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a verification found.

    Attributes:
        origin: Name of the log, from the verifier key.
        size: Entries under the checkpoint; `None` when the checkpoint does not hold.
        root: Root hash under the checkpoint, likewise.
        findings: In the order checked; a check that could not be begun is not listed.
    """

    origin: str
    size: int | None
    root: bytes | None
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether everything that was checked holds."""
        return all(finding.holds for finding in self.findings)


class _Recomputed:
    """A log built anew from its entries, with all that the checks compare against."""

    def __init__(self, remember_root_at: int) -> None:
        self._edge = Edge()
        self._remember_at = remember_root_at
        self._leaves = bytearray()
        self._hashes: dict[int, bytearray] = {}  # by tile level
        self.earlier_root: bytes | None = None  # of the first `remember_root_at` entries
        self._remember()

    def add(self, leaf: bytes) -> None:
        """Append one leaf."""
        self._leaves += leaf
        for (level, _), value in self._edge.add(leaf):
            if level % TILE_LEVELS == 0:
                self._hashes.setdefault(level // TILE_LEVELS, bytearray()).extend(value)
        self._remember()

    def _remember(self) -> None:
        if self._edge.size == self._remember_at:
            self.earlier_root = self._edge.root()

    @property
    def size(self) -> int:
        """Entries so far."""
        return self._edge.size

    def root(self) -> bytes:
        """Return the root over the entries so far."""
        return self._edge.root()

    def leaf(self, index: int) -> bytes | None:
        """Return one leaf, `None` when the log is shorter."""
        start = index * LEAF_BYTES
        return bytes(self._leaves[start : start + LEAF_BYTES]) or None

    def tile(self, tile: Tile) -> bytes:
        """Return what a tile of hashes must hold."""
        start = tile.index * TILE_WIDTH * HASH_BYTES
        hashes = self._hashes[tile.level or 0]
        return bytes(hashes[start : start + tile.width * HASH_BYTES])


def verify_log(
    source: LogSource,
    vkey: str,
    *,
    since: str | None = None,
    openings: Iterable[str] | None = None,
) -> Report:
    """Verify a published log from its first entry to its checkpoint.

    Args:
        source: Where it is published.
        vkey: The log's verifier key, obtained from somewhere else.
        since: An earlier checkpoint of the same log, e.g. one kept from last month.
        openings: Proofs as JSON, one a line; each must be in this log.

    Raises:
        InvalidError: `vkey` or `since` is malformed.
        SignatureError: `since` is not signed by this log.
        UnavailableError: The source cannot be read.
    """
    key = parse_vkey(vkey)
    earlier = None if since is None else open_checkpoint(since, key)
    # 1. The checkpoint is signed by the log.
    checkpoint, finding = _check_checkpoint(source, key)
    if checkpoint is None:
        return Report(origin=key.name, size=None, root=None, findings=(finding,))
    findings = [finding]
    # 2. The entries lead to the root that the checkpoint names.
    log = _Recomputed(earlier.size if earlier else 0)
    findings.append(_check_entries(source, checkpoint, log))
    if findings[-1].holds:
        # 3. The published hashes are those of the entries.
        findings.append(_check_tiles(source, log))
        # 4. The log continues the one that somebody saw earlier.
        if earlier is not None:
            findings.append(_check_since(earlier, log))
        # 5. What was shown to people is in it.
        if openings is not None:
            findings.append(_check_openings(openings, vkey, log))
    return Report(
        origin=key.name, size=checkpoint.size, root=checkpoint.root, findings=tuple(findings)
    )


def _holds(check: str, detail: str) -> Finding:
    return Finding(check=check, holds=True, detail=detail)


def _broken(check: str, detail: str) -> Finding:
    return Finding(check=check, holds=False, detail=detail)


def _check_checkpoint(source: LogSource, key: NoteKey) -> tuple[Checkpoint | None, Finding]:
    note = source.read(CHECKPOINT)
    if note is None:
        return None, _broken("checkpoint", "there is no checkpoint here; is this a log?")
    try:
        checkpoint = open_checkpoint(note.decode(), key)
    except (HandfastError, UnicodeDecodeError) as error:
        return None, _broken("checkpoint", str(error))
    return checkpoint, _holds("checkpoint", f"{checkpoint.size} entries, signed by {key.name}")


def _check_entries(source: LogSource, checkpoint: Checkpoint, log: _Recomputed) -> Finding:
    try:
        for leaf in _entries(source, checkpoint.size):
            log.add(leaf)
    except CorruptError as error:
        return _broken("entries", str(error))
    if log.root() != checkpoint.root:
        return _broken("entries", "the entries do not lead to the signed root hash")
    return _holds("entries", f"all {log.size} entries lead to the signed root hash")


def _entries(source: LogSource, size: int) -> Iterator[bytes]:
    for tile in tiles(size):
        if tile.level is not None:
            return
        bundle = _read_tile(source, tile)
        if bundle is None or len(bundle) < tile.width * _RECORD:
            raise CorruptError(f"{tile.path} is missing or cut")
        for start in range(0, tile.width * _RECORD, _RECORD):
            if int.from_bytes(bundle[start : start + 2], "big") != LEAF_BYTES:
                raise CorruptError(f"{tile.path} holds something else than salted hashes")
            yield bundle[start + 2 : start + _RECORD]


def _read_tile(source: LogSource, tile: Tile) -> bytes | None:
    """Read a tile; a partial one may have been filled and removed since."""
    body = source.read(tile.path)
    if body is None and tile.width < TILE_WIDTH:
        return source.read(Tile(level=tile.level, index=tile.index, width=TILE_WIDTH).path)
    return body


def _check_tiles(source: LogSource, log: _Recomputed) -> Finding:
    count = 0
    for tile in tiles(log.size):
        if tile.level is None:
            continue
        published, expected = _read_tile(source, tile), log.tile(tile)
        if published is None or published[: len(expected)] != expected:
            return _broken("tiles", f"{tile.path} is missing or not what the entries give")
        count += 1
    return _holds("tiles", f"all {count} tiles hold the hashes of the entries")


def _check_since(earlier: Checkpoint, log: _Recomputed) -> Finding:
    if earlier.size > log.size:
        lost = earlier.size - log.size
        return _broken("since", f"the log has shrunk: {lost} entries seen earlier are gone")
    if log.earlier_root != earlier.root:
        return _broken(
            "since", f"the first {earlier.size} entries are not those seen earlier: rewritten"
        )
    return _holds("since", f"the first {earlier.size} entries are those seen earlier")


def _check_openings(openings: Iterable[str], vkey: str, log: _Recomputed) -> Finding:
    lines = [(number, line) for number, line in enumerate(openings, start=1) if line.strip()]
    refused = [
        f"line {number}: {reason}"
        for number, line in lines
        if (reason := _refusal(line, vkey, log)) is not None
    ]
    if refused:
        more = f" (and {len(refused) - _REASONS_LIMIT} more)" * (len(refused) > _REASONS_LIMIT)
        return _broken("openings", "; ".join(refused[:_REASONS_LIMIT]) + more)
    return _holds("openings", f"all {len(lines)} opened entries are in the log")


def _refusal(line: str, vkey: str, log: _Recomputed) -> str | None:
    """Say why an opened entry is not in this log; `None` when it is."""
    try:
        proof = read_json(line, Proof)
        entry = verify_proof(proof, vkey)
    except HandfastError as error:
        return str(error)
    published = log.leaf(proof.index)
    if published is None:
        return f"entry {proof.index} was proved before and is gone: the log has shrunk"
    if published != leaf_data(unb64(proof.salt), entry):
        return f"entry {proof.index} was proved before and is another one now: rewritten"
    return None
