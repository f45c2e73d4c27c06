"""The owner reads their own log: who was refused or shown a picture, and that it continues."""

from collections.abc import Callable
from typing import Literal

import msgspec
from anyio import to_thread

from handfast.audit.leaf import Opening
from handfast.audit.note import parse_checkpoint
from handfast.audit.ports import LogReader
from handfast.audit.proof import Proof, prove
from handfast.audit.tree import Tree
from handfast.kit.encoding import b64
from handfast.kit.errors import ConflictError

MOST = 200
_BLOCK = 512
_MOST_BLOCKS = 100  # read in one call; `next` tells where to go on


class Refusals(msgspec.Struct, frozen=True, kw_only=True):
    """Proofs of `decision` entries that deny, newest first.

    Attributes:
        next: Give this as `before` to read on; `None` when the log's first entry was reached.
    """

    refusals: list[Proof]
    next: int | None


class Stills(msgspec.Struct, frozen=True, kw_only=True):
    """Proofs of `still` entries, newest first; `next` as in `Refusals`."""

    stills: list[Proof]
    next: int | None


class Continuation(msgspec.Struct, frozen=True, kw_only=True):
    """The newest checkpoint, and a proof that one tree continues another (RFC 9162 2.1.4).

    Attributes:
        checkpoint: `None` while the log is empty.
    """

    checkpoint: str | None
    hashes: list[str]


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """As much of an entry as tells what is sought from the rest."""

    kind: str
    outcome: Literal["permit", "pending", "deny"] | None = None


class ReadLog:
    """Reads the owner's log. Safe for concurrent callers on one event loop."""

    def __init__(self, log: LogReader) -> None:
        """Take the log's reading side."""
        self._log = log

    async def refusals(self, *, before: int, limit: int) -> Refusals:
        """Return at most `limit` (200) refusals with an index below `before`."""
        found, reached = await self._search(_refuses, before=before, limit=limit)
        return Refusals(refusals=found, next=reached)

    async def stills(self, *, before: int, limit: int) -> Stills:
        """Return at most `limit` (200) wishes for a picture with an index below `before`."""
        found, reached = await self._search(_shows_still, before=before, limit=limit)
        return Stills(stills=found, next=reached)

    async def continues(self, first: int, *, size: int | None = None) -> Continuation:
        """Prove that the log of `size` entries (default: all) continues that of `first`.

        Raises:
            ConflictError: It is shorter than either: for whoever saw more, it has shrunk.
        """
        return await to_thread.run_sync(lambda: self._continues(first, size))

    async def _search(
        self, wanted: Callable[[Opening], bool], *, before: int, limit: int
    ) -> tuple[list[Proof], int | None]:
        most = max(1, min(limit, MOST))
        return await to_thread.run_sync(lambda: self._find(wanted, before, most))

    def _find(
        self, wanted: Callable[[Opening], bool], before: int, limit: int
    ) -> tuple[list[Proof], int | None]:
        """Return what is found from the end on, and where to go on, if anywhere."""
        end = min(before, self._log.size())
        found: list[Proof] = []
        for _ in range(_MOST_BLOCKS):
            start = max(0, end - _BLOCK)
            for opening in reversed(self._log.openings(start, end)):
                if not wanted(opening):
                    continue
                found.append(prove(self._log, opening.index))
                if len(found) == limit:
                    return found, opening.index
            if start == 0:
                return found, None
            end = start
        return found, end

    def _continues(self, first: int, size: int | None) -> Continuation:
        checkpoint = self._log.checkpoint()
        newest = 0 if checkpoint is None else parse_checkpoint(checkpoint.split("\n")).size
        end = newest if size is None else size
        if not first <= end <= newest:
            raise ConflictError(f"the log has {newest} entries; {end} cannot continue {first}")
        hashes = Tree(end, self._log.hashes).consistency(first) if first else ()
        return Continuation(checkpoint=checkpoint, hashes=[b64(value) for value in hashes])


def _refuses(opening: Opening) -> bool:
    head = msgspec.json.decode(opening.entry, type=_Head)
    return head.kind == "decision" and head.outcome == "deny"


def _shows_still(opening: Opening) -> bool:
    return msgspec.json.decode(opening.entry, type=_Head).kind == "still"
