"""What a recorder needs, for tests that hold the clock: periods in memory, events in a list."""

from dataclasses import dataclass, field
from uuid import UUID

from handfast.kit.errors import NotFoundError, UnavailableError
from handfast.media.feed import Event
from handfast.model.media import Rendition, Stream
from tests.fakes.steady import CountingIds


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPeriod:
    """A key period that nobody stores."""

    id: bytes
    root: bytes = field(repr=False)
    camera: UUID
    stream: Stream
    rendition: Rendition
    started_us: int
    monotonic: float


class MemoryPeriods:
    """A period store in a dictionary.

    Attributes:
        broken: While set, new periods are refused, as a full disk would.
    """

    def __init__(self, ids: CountingIds) -> None:
        """Take where ids and roots come from."""
        self.broken = False
        self._ids = ids
        self._periods: dict[bytes, MemoryPeriod] = {}

    def new_period(
        self,
        camera: UUID,
        stream: Stream,
        rendition: Rendition,
        *,
        started_us: int,
        monotonic: float,
    ) -> MemoryPeriod:
        """Make a period with a fresh root."""
        if self.broken:
            raise UnavailableError("the period store is full; make room")
        period = MemoryPeriod(
            id=self._ids.secret(16),
            root=self._ids.secret(32),
            camera=camera,
            stream=stream,
            rendition=rendition,
            started_us=started_us,
            monotonic=monotonic,
        )
        self._periods[period.id] = period
        return period

    def find(self, period: bytes) -> MemoryPeriod:
        """Return a period with its root."""
        try:
            return self._periods[period]
        except KeyError:
            raise NotFoundError(f"period {period.hex()} is not here") from None

    def root(self, period: bytes) -> bytes:
        """Return the root of a period."""
        return self.find(period).root

    def __len__(self) -> int:
        """Return how many periods there are."""
        return len(self._periods)


class CollectedFeed:
    """A feed that keeps its events.

    Attributes:
        congested: Set it to play a node that does not read.
        events: In order.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.congested = False
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        """Keep an event."""
        self.events.append(event)
