"""What hub and node ask of the bus, in our words.

Nothing here has authority: envelopes pass unread, live frames are ciphertext. Every call
runs on the event loop that made the bus; nothing here is safe from another thread.
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias

import msgspec

from handfast.protocol.wire import (
    AliveAnswer,
    AliveAsk,
    Ask,
    Attach,
    Attached,
    BytesAsk,
    Challenge,
    DecisionAnswer,
    Heartbeat,
    OutboxItem,
    Recordings,
    RecordingsAsk,
    StreamName,
)

MAX_PAYLOAD = 8 * 1024 * 1024  # bytes of one message; the server refuses more
MAX_PIECE = 1024 * 1024  # bytes of a segment in one answer
ASK_TIMEOUT_S = 5.0
ACCESS_TIMEOUT_S = 10.0  # the node decides, logs durably and seals before it answers

OnFrame: TypeAlias = Callable[[bytes], None]
OnConnection: TypeAlias = Callable[[bool], None]


class BusAccess(msgspec.Struct, frozen=True, kw_only=True):
    """What a node's login at the hub yields: where the bus is and a token good for once.

    Attributes:
        token: Password on the bus of exactly this node; a secret.
        url: `nats://` (loopback) or `tls://` address of the bus.
        expires_us: The token opens no connection from here on.
    """

    node: str
    token: str
    url: str
    expires_us: int


class Subscription(Protocol):
    """Something being listened to."""

    async def close(self) -> None:
        """Stop; nothing is called after it returns. Closing twice is harmless."""
        ...


class NodeHearer(Protocol):
    """What the hub does with what nodes say unasked. Nothing raised here ends the bus."""

    def hear_heartbeat(self, node: str, heartbeat: Heartbeat) -> None:
        """Take note that `node`, authenticated by the bus, is there; must not block."""
        ...

    async def commit(self, node: str, item: OutboxItem) -> None:
        """Make an outbox item durable; items of one node come one at a time, in order.

        Raises:
            HandfastError: The node gets its kind and message; `UnavailableError` means
                that it should try again, everything else that it never will succeed.
        """
        ...

    def hear_malformed(self, node: str, what: str) -> None:
        """Count a message that could not be read; `what` is its kind, never its text."""
        ...


class HubBus(Protocol):
    """The hub's side.

    Asks raise `UnavailableError` when the node is not there, does not answer in time or
    answers what cannot be read; otherwise what the node itself raised.
    """

    async def challenge(self, node: str) -> Challenge:
        """Fetch a single-use challenge for an access request."""
        ...

    async def access(self, node: str, ask: Ask) -> DecisionAnswer:
        """Forward an access request and await the node's decision."""
        ...

    async def attach(self, node: str, ask: Attach) -> Attached:
        """Ask for the live frames of a grant; listen to them first."""
        ...

    async def alive(self, node: str, ask: AliveAsk) -> AliveAnswer:
        """Ask for a signed sign of life of a grant's stream."""
        ...

    async def detach(self, node: str, ask: Attach) -> None:
        """Tell the node that nobody looks any more; without an answer."""
        ...

    async def recordings(self, node: str, ask: RecordingsAsk) -> Recordings:
        """Ask which segments hold a range."""
        ...

    async def read_bytes(self, node: str, ask: BytesAsk) -> bytes:
        """Fetch a piece of a segment; shorter than asked only at its end."""
        ...

    async def hear_nodes(self, hearer: NodeHearer) -> Subscription:
        """Listen to heartbeats and outboxes of all nodes."""
        ...

    async def hear_stream(self, node: str, name: StreamName, on_frame: OnFrame) -> Subscription:
        """Listen to the frames that all viewers of a stream share.

        Frames of one node arrive in the order in which it sent them, those of its streams
        and those of its grants among each other as well; `on_frame` must not block.
        """
        ...

    async def hear_grant(self, node: str, grant: str, on_frame: OnFrame) -> Subscription:
        """Listen to the frames of one grant; order as in `hear_stream`."""
        ...


class NodeAnswers(Protocol):
    """What a node answers when the hub asks. A `HandfastError` travels back by kind."""

    async def challenge(self) -> Challenge:
        """Issue a single-use challenge."""
        ...

    async def access(self, ask: Ask) -> DecisionAnswer:
        """Decide."""
        ...

    async def attach(self, ask: Attach) -> Attached:
        """Begin to send the live frames of a grant."""
        ...

    async def alive(self, ask: AliveAsk) -> AliveAnswer:
        """Sign a nonce."""
        ...

    async def detach(self, ask: Attach) -> None:
        """Stop sending."""
        ...

    async def recordings(self, ask: RecordingsAsk) -> Recordings:
        """List the segments of a range."""
        ...

    async def read_bytes(self, ask: BytesAsk) -> bytes:
        """Read a piece of a segment file, at most `MAX_PIECE` bytes."""
        ...


class NodeBus(Protocol):
    """The node's side: one outbound connection, made again for as long as `run` runs."""

    @property
    def connected(self) -> bool:
        """Whether the hub can be reached now, as far as is known."""
        ...

    async def run(self, answers: NodeAnswers) -> None:
        """Stay connected and answer asks until cancelled."""
        ...

    def on_connection(self, changed: OnConnection) -> None:
        """Be told of each connection gained (`True`) and lost (`False`)."""
        ...

    async def send_live(self, name: StreamName, frame: bytes) -> bool:
        """Send a frame to all viewers of a stream; `False` when it was dropped."""
        ...

    async def send_grant(self, grant: str, frame: bytes) -> bool:
        """Send a frame of one grant; `False` when it was dropped."""
        ...

    async def send_heartbeat(self, heartbeat: Heartbeat) -> bool:
        """Tell that the node is there; `False` when nobody could be told."""
        ...

    async def commit(self, item: OutboxItem) -> None:
        """Hand over an outbox item; on return the hub's database has committed it.

        Raises:
            UnavailableError: Not now; keep the item and try again with back-off.
            HandfastError: Of another kind: the hub will never take it; drop it and log.
        """
        ...
