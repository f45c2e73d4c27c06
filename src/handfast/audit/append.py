"""The only way into the log, for the enforcement points of node and hub alone (P2).

Group commit: whoever comes first writes for all who wait, with one fsync and one signature.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from handfast.audit.leaf import SALT_BYTES, Opening, leaf_data
from handfast.audit.note import Checkpoint, NoteKey, open_checkpoint, sign_checkpoint
from handfast.audit.ports import Batch, LogStore
from handfast.audit.proof import Proof, make_proof
from handfast.audit.tree import Coordinate, Edge, Tree, peak_coordinates
from handfast.kit.errors import CorruptError, HandfastError, InvalidError, UnavailableError
from handfast.kit.ids import Ids
from handfast.seal.identity import SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """One entry that is durable in the log, under a checkpoint that is durable too."""

    opening: Opening
    hashes: tuple[bytes, ...] = field(repr=False)
    checkpoint: str

    @property
    def index(self) -> int:
        """Position in the log, from 0."""
        return self.opening.index

    @property
    def salt(self) -> bytes:
        """The salt of the leaf, 32 bytes."""
        return self.opening.salt

    @property
    def proof(self) -> Proof:
        """The proof in the form that travels."""
        return make_proof(self.opening, self.checkpoint, self.hashes)


class _Ticket:
    """One caller's entries on their way into the log."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self.entries = tuple(entries)
        self.appended: list[Appended] | None = None  # written by whoever commits
        self.error: BaseException | None = None  # likewise

    def result(self) -> list[Appended]:
        """Return what was appended, or raise why it was not."""
        if self.appended is not None:
            return self.appended
        if isinstance(self.error, HandfastError):
            raise type(self.error)(str(self.error)) from self.error
        raise UnavailableError("the log was not written; try again") from self.error


class Log:
    """An append-only log with one writer process.

    `append` blocks for an fsync: call it from worker threads, any number of them at once
    (in asyncio through `anyio.to_thread.run_sync`); they share commits. Never on the loop.
    """

    def __init__(self, store: LogStore, key: SigningKey, origin: str, *, ids: Ids) -> None:
        """Continue the log in `store`, or begin it when it is empty.

        Args:
            store: Nobody else may write to it.
            key: Signs the checkpoints, under the name `origin`.
            origin: The log's name: no spaces, no plus; the same for ever.
            ids: Where salts come from.

        Raises:
            CorruptError: What is stored is not what its checkpoint says.
            SignatureError: The stored checkpoint is by another key.
        """
        self._store = store
        self._key = key
        self._name = NoteKey(name=origin, public=key.public)
        self._ids = ids
        self._commit_lock = threading.Lock()
        self._queue_lock = threading.Lock()
        self._waiting: list[_Ticket] = []  # under _queue_lock
        self._edge: Edge | None = self._load()  # under _commit_lock; None: read it again

    @property
    def vkey(self) -> str:
        """The verifier key that auditors need."""
        return self._name.vkey

    def append(self, entries: Sequence[bytes]) -> list[Appended]:
        """Append entries, next to each other and in order, durable when it returns.

        Either all of them are in the log or none. Entries of callers that wait at the same
        time go into one commit and share its checkpoint.

        Args:
            entries: Canonical JSON (RFC 8785), at least one.

        Raises:
            InvalidError: There are no entries.
            UnavailableError: The disk is full or failed; nothing was appended.
            ConflictError: Somebody else writes to the store.
        """
        if not entries:
            raise InvalidError("nothing to append to the log; give at least one entry")
        ticket = _Ticket(entries)
        with self._queue_lock:
            self._waiting.append(ticket)
        with self._commit_lock:
            if ticket.appended is None and ticket.error is None:
                self._commit_waiting()
        return ticket.result()

    def _commit_waiting(self) -> None:
        with self._queue_lock:
            tickets, self._waiting = self._waiting, []
        try:
            appended = self._commit([entry for ticket in tickets for entry in ticket.entries])
        except BaseException as error:
            # Whether the disk has it is unknown after a failed commit: read it again.
            self._edge = None
            for ticket in tickets:
                ticket.error = error
            raise
        first = 0
        for ticket in tickets:
            ticket.appended = appended[first : first + len(ticket.entries)]
            first += len(ticket.entries)

    def _commit(self, entries: Sequence[bytes]) -> list[Appended]:
        # 1. Where the log ends now.
        edge = self._edge or self._load()
        first = edge.size
        # 2. The new leaves, and the subtrees they complete.
        openings = tuple(
            Opening(index=index, salt=self._ids.secret(SALT_BYTES), entry=entry)
            for index, entry in enumerate(entries, start=first)
        )
        leaves = tuple(leaf_data(opening.salt, opening.entry) for opening in openings)
        hashes = tuple(complete for leaf in leaves for complete in edge.add(leaf))
        # 3. The checkpoint over all of it; nobody sees it before it is durable.
        head = Checkpoint(origin=self._name.name, size=edge.size, root=edge.root())
        checkpoint = sign_checkpoint(head, self._key)
        # 4. Entries, hashes and checkpoint in one transaction, fsynced.
        self._store.append(
            Batch(
                first=first,
                leaves=leaves,
                openings=openings,
                hashes=hashes,
                checkpoint=checkpoint,
            )
        )
        self._edge = edge
        # 5. Only now the proofs.
        tree = Tree(edge.size, _Remembered(self._store, dict(hashes)).read)
        return [
            Appended(
                opening=opening, hashes=tree.inclusion(opening.index), checkpoint=checkpoint
            )
            for opening in openings
        ]

    def _load(self) -> Edge:
        """Read the right edge and hold it against the stored checkpoint."""
        size = self._store.size()
        note = self._store.checkpoint()
        edge = Edge(size, self._store.hashes(peak_coordinates(size)))
        if note is None:
            if size:
                raise CorruptError(f"the log {self._name.name} has entries but no checkpoint")
            return edge
        checkpoint = open_checkpoint(note, self._name)
        if (checkpoint.size, checkpoint.root) != (size, edge.root()):
            raise CorruptError(
                f"the log {self._name.name} is not what its checkpoint says; "
                "restore the store from a copy that verifies (handfast log verify)"
            )
        return edge


class _Remembered:
    """Reads hashes just written from memory, older ones from the store."""

    def __init__(self, store: LogStore, fresh: dict[Coordinate, bytes]) -> None:
        self._store = store
        self._known = fresh

    def read(self, coordinates: Sequence[Coordinate]) -> list[bytes]:
        """Return hashes in the order asked; each is fetched once."""
        missing = [place for place in coordinates if place not in self._known]
        if missing:
            self._known.update(zip(missing, self._store.hashes(missing), strict=True))
        return [self._known[place] for place in coordinates]
