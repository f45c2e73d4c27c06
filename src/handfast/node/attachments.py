"""Who watches what, live, at this moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from handfast.media.units import KeptTrack, StreamKey
from handfast.model.access import Grant
from handfast.node.open_grants import OpenGrant


class Phase(Enum):
    """How far a viewer is into its stream."""

    WAITING = auto()  # for a run with a keyframe that its grant opens
    CATCHING_UP = auto()  # is given the present group of pictures, run by run
    LIVE = auto()  # gets the key of each run as it starts


@dataclass(slots=True, kw_only=True)
class Attachment:
    """One viewer of one stream; changed by the event loop only.

    Attributes:
        alive_until: Monotonic seconds; from then on it is dropped.
        since: Monotonic seconds at which it attached.
    """

    open_grant: OpenGrant
    alive_until: float
    since: float
    phase: Phase = Phase.WAITING

    @property
    def grant(self) -> Grant:
        """What is watched."""
        return self.open_grant.grant

    @property
    def stream(self) -> StreamKey:
        """Which stream is watched."""
        return stream_of(self.grant)


def stream_of(grant: Grant) -> StreamKey:
    """Name the stream that a live grant shows; one of its own where one track is clear."""
    kept = None
    if grant.track is not None and grant.seen_in is not None:
        kept = KeptTrack(grant.id, grant.track, grant.track_kind, grant.seen_in)
    return StreamKey(UUID(grant.camera), grant.stream.value, grant.rendition, kept)


class Attachments:
    """The attachments by grant. Belongs to one event loop."""

    def __init__(self) -> None:
        """Begin with none."""
        self._by_grant: dict[str, Attachment] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._by_grant)

    def add(self, attachment: Attachment) -> None:
        """Take one, replacing that of the same grant."""
        self._by_grant[attachment.grant.id] = attachment

    def get(self, grant: str) -> Attachment | None:
        """Return the one of a grant."""
        return self._by_grant.get(grant)

    def pop(self, grant: str) -> Attachment | None:
        """Remove and return the one of a grant."""
        return self._by_grant.pop(grant, None)

    def all(self) -> tuple[Attachment, ...]:
        """Return all, in the order in which they came."""
        return tuple(self._by_grant.values())

    def of(self, stream: StreamKey) -> Iterator[Attachment]:
        """Yield those of one stream."""
        return (each for each in self.all() if each.stream == stream)
