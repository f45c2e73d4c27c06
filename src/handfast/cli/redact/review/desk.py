"""The review itself: one person's changes, kept after each of them, approved at the end."""

from pathlib import Path
from threading import Lock
from typing import Final

import msgspec

from handfast.cli.redact.edits import Edits
from handfast.cli.redact.kept_review import Approval, Review, reviewed_of, write_review
from handfast.cli.redact.report import Reviewed
from handfast.cli.redact.review.scan import Scan
from handfast.kit.clock import Clock, to_rfc3339
from handfast.kit.errors import ConflictError, InvalidError

_LONGEST_NAME: Final = 200


class Desk:
    """Holds a review. Safe from any thread; every change is durable when it returns."""

    def __init__(self, review: Review, scan: Scan, *, path: Path, clock: Clock) -> None:
        """Go on with a review.

        Args:
            review: As it was left; its edits must fit the scan.
            scan: What the engine found in the same film with the same options.
            path: Where changes are kept.
            clock: For approvals.

        Raises:
            ConflictError: The review names tracks that this scan does not have.
        """
        self._scan = scan
        self._path = path
        self._clock = clock
        self._lock = Lock()
        self._revision = 0
        self._known = {(each.track, each.kind, each.since_us) for each in scan.tracks}
        self._require_known(review.edits)
        self._review = review

    @property
    def path(self) -> Path:
        """Where the review is kept."""
        return self._path

    def state(self) -> tuple[int, Review]:
        """Return the review, and a number that rises with each change."""
        with self._lock:
            return self._revision, self._review

    def change(self, revision: int, edits: Edits) -> int:
        """Replace the edits; whatever was approved no longer is. Returns the new revision.

        Args:
            revision: That the change was made from.
            edits: All of them.

        Raises:
            ConflictError: Another window has changed them meanwhile.
            InvalidError: They do not fit the film.
        """
        edits.check()
        if any(each.last >= len(self._scan.pictures) for each in edits.boxes):
            raise InvalidError("a box lasts longer than the film; end it earlier")
        self._require_known(edits)
        with self._lock:
            if revision != self._revision:
                raise ConflictError(
                    "the review was changed in another window; load this page again"
                )
            self._keep(msgspec.structs.replace(self._review, edits=edits, approval=None))
            self._revision += 1
            return self._revision

    def approve(self, revision: int, name: str) -> Reviewed:
        """Note who answers for the edits as they are, and return what the export is made of.

        Raises:
            ConflictError: They are not as whoever approves saw them.
            InvalidError: No name is given.
        """
        by = " ".join(name.split())
        if not 0 < len(by) <= _LONGEST_NAME or not by.isprintable():
            raise InvalidError("type the name of whoever answers for the result")
        with self._lock:
            if revision != self._revision:
                raise ConflictError(
                    "the review was changed in another window; load this page again"
                )
            at = to_rfc3339(self._clock.now_us())
            self._keep(msgspec.structs.replace(self._review, approval=Approval(by=by, at=at)))
            return reviewed_of(self._review)

    def _keep(self, review: Review) -> None:
        write_review(self._path, review)
        self._review = review

    def _require_known(self, edits: Edits) -> None:
        for each in edits.clear:
            if (each.track, each.kind, each.since_us) not in self._known:
                raise ConflictError(
                    f"track {each.track} is another one than in the review, as happens on "
                    f"another machine; move {self._path.name} away and begin anew"
                )
