"""What the site node needs from the outside, in its own words.

Each docstring is the contract that adapters and fakes are tested against in
tests/contract/. Synchronous calls may block for one fsync; from the event loop they are made
in worker threads, unless a docstring says that they never block.
"""

from collections.abc import AsyncIterator
from typing import Protocol, TypeAlias
from uuid import UUID

from handfast.media.feed import Event
from handfast.media.units import StreamKey
from handfast.model.media import TrackKind
from handfast.protocol.wire import OutboxKind
from handfast.seal.identity import Envelope
from handfast.storage.segments import BegunRun, IndexedSegment, Recording
from handfast.storage.sqlite_drawings import DrawingRow
from handfast.storage.sqlite_node import (
    Access,
    ApprovalRow,
    ClosingRow,
    RequestRow,
    SignalRow,
)
from handfast.storage.sqlite_periods import Period

OutboxBody: TypeAlias = Envelope | str


class Signals(Protocol):
    """The newest state of each signal, durable."""

    def put(self, row: SignalRow) -> None:
        """Store the state of one kind, replacing the one before. Durable on return."""
        ...

    def all(self) -> tuple[SignalRow, ...]:
        """Return every kind that ever rose, in order of their names."""
        ...


class Serials(Protocol):
    """Numbers that only grow, and the latest time acted on; durable."""

    def highest(self, name: str) -> int | None:
        """Return the highest value seen under a name, or `None`."""
        ...

    def advance(self, name: str, value: int) -> bool:
        """Take `value` if it is above the highest; `False` (and no change) if not. Durable."""
        ...

    def seen_us(self) -> int:
        """Return the latest decision time that was stored; 0 for none."""
        ...

    def set_seen_us(self, value: int) -> None:
        """Store the decision time, which may be lower after the clock was set back."""
        ...


class Requests(Protocol):
    """Requests that asked the owner, their approvals, and closings; durable."""

    def put(self, row: RequestRow) -> None:
        """Store a request, replacing its earlier state. Durable on return."""
        ...

    def get(self, request: str) -> RequestRow | None:
        """Return a request by its hash."""
        ...

    def waiting(self) -> tuple[RequestRow, ...]:
        """Return the requests that wait for approvals, the most urgent first."""
        ...

    def approve(self, row: ApprovalRow) -> None:
        """Store a device's answer, replacing its earlier one. Durable on return."""
        ...

    def approvals(self, request: str) -> tuple[ApprovalRow, ...]:
        """Return the answers to a request, one per device."""
        ...

    def close(self, row: ClosingRow) -> None:
        """Store an owner's closing. Durable on return."""
        ...

    def closings(self, *, since_us: int) -> tuple[ClosingRow, ...]:
        """Return the closings at or after an instant, oldest first."""
        ...


class Accesses(Protocol):
    """Every grant there ever was; durable."""

    def put(self, access: Access) -> None:
        """Store an access, replacing its earlier state. Durable on return."""
        ...

    def get(self, grant: str) -> Access | None:
        """Return one access."""
        ...

    def unfinished(self) -> tuple[Access, ...]:
        """Return what is opening or open, oldest first."""
        ...

    def unlogged(self) -> tuple[Access, ...]:
        """Return what has ended without an expiry entry in the log yet."""
        ...

    def before(self, before_us: int, limit: int) -> tuple[Access, ...]:
        """Return at most `limit` accesses opened before an instant, newest first."""
        ...


class Drawings(Protocol):
    """The newest drawing of each camera; durable."""

    def put(self, row: DrawingRow) -> None:
        """Store a drawing, replacing the camera's earlier one. Durable on return."""
        ...

    def all(self) -> tuple[DrawingRow, ...]:
        """Return the newest drawing of each camera that has one, by camera."""
        ...


class ToHub(Protocol):
    """The way to the hub for what must arrive: an outbox."""

    def put(self, kind: OutboxKind, body: OutboxBody) -> None:
        """Queue an item behind those before it. Durable on return; sent when possible."""
        ...


class Periods(Protocol):
    """Where period roots are kept."""

    def find(self, period: bytes) -> Period:
        """Return a period with its root.

        Raises:
            NotFoundError: It never was, or was forgotten; what it sealed stays sealed.
        """
        ...


class Segments(Protocol):
    """What is known of the segments on disk and what was signed about them."""

    def find(self, segment: bytes) -> IndexedSegment | None:
        """Return one segment, open or closed, there or removed."""
        ...

    def overlapping(
        self, recording: Recording, *, since_us: int, until_us: int
    ) -> tuple[IndexedSegment, ...]:
        """Return readable segments with pictures of `[since_us, until_us)`, oldest first."""
        ...

    def begun(self, recording: Recording) -> tuple[BegunRun, ...]:
        """Return the runs that have begun and cannot be read yet; ask before `overlapping`."""
        ...

    def manifest(self, segment: bytes) -> bytes | None:
        """Return the signed manifest, envelope as JSON; `None` before there is one."""
        ...


class SegmentBytes(Protocol):
    """The segment files."""

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Return bytes of a segment file, fewer at its end.

        Raises:
            NotFoundError: The file is on no volume.
        """
        ...


class Recorder(Protocol):
    """The ingest processes. Nothing here blocks."""

    def events(self) -> AsyncIterator[Event]:
        """Yield what happens, in order for each stream, until the recorder has stopped."""
        ...

    def attach(self, stream: StreamKey) -> None:
        """Send the units of a stream too; first the present group, marked `catch_up`."""
        ...

    def detach(self, stream: StreamKey) -> None:
        """Send its units no longer."""
        ...

    def request_keyframe(self, stream: StreamKey) -> None:
        """Ask the camera for a keyframe; it may not obey."""
        ...


class LiveTracks(Protocol):
    """The live redacted renditions and whom they follow. Nothing here blocks."""

    def renew(self, camera: UUID) -> None:
        """Make a camera's live renditions anew, with what is covered now.

        Whatever was made before and is not told yet is never told. Numbers of tracks that it
        gave mean nothing any more.
        """
        ...

    def kind_of(self, stream: StreamKey) -> TrackKind | None:
        """Return what the track is that a stream keeps.

        Returns:
            `None`, and for ever, when the number means nothing (any more): its process has
            gone, has lost sight of it, or has never given it.
        """
        ...


class Viewers(Protocol):
    """The way to viewers; nothing here blocks, what cannot be sent is dropped."""

    def stream(self, stream: StreamKey, frame: bytes) -> None:
        """Send a live frame that all viewers of a stream share."""
        ...

    def grant(self, grant: str, frame: bytes) -> None:
        """Send a live frame of one grant, after everything sent before it."""
        ...


class Observer(Protocol):
    """Sees every key that leaves the node, at the moment it does; for counts and tests."""

    def run_key_released(self, grant: str, *, since_us: int, until_us: int) -> None:
        """A run with pictures of `[since_us, until_us)` was opened for a live grant."""
        ...

    def range_released(self, grant: str, *, since_us: int, until_us: int) -> None:
        """Recorded pictures of `[since_us, until_us)` were opened."""
        ...


class Bell(Protocol):
    """Tells the owner's pages that something changed; never blocks."""

    def ring(self, what: str) -> None:
        """Tell that `site`, `inbox` or `accesses` changed."""
        ...
