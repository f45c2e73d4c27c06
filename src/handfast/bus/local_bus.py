"""The bus inside one process: the same promises, the same bytes, no server.

For tests, and for a hub and nodes that run as one program.
"""

import asyncio
from collections.abc import Callable

import msgspec

from handfast.bus.asking import AskingBus
from handfast.bus.errors import failure_body, failure_from
from handfast.bus.ports import (
    MAX_PAYLOAD,
    NodeAnswers,
    NodeHearer,
    OnConnection,
    OnFrame,
)
from handfast.bus.verbs import answer, decode
from handfast.kit.errors import HandfastError, UnavailableError
from handfast.protocol import subjects
from handfast.protocol.wire import Committed, Heartbeat, OutboxItem, StreamName

COMMIT_TIMEOUT_S = 10.0


class LocalSubscription:
    """Removes a listener when closed."""

    def __init__(self, remove: Callable[[], None]) -> None:
        """Take what removes the listener."""
        self._remove = remove
        self._open = True

    async def close(self) -> None:
        """Stop; closing twice is harmless."""
        if self._open:
            self._open = False
            self._remove()


class LocalBus(AskingBus):
    """The hub's side, and where nodes get theirs (`node`)."""

    def __init__(self) -> None:
        """Begin with nobody connected."""
        self._answering: dict[str, NodeAnswers] = {}
        self._listeners: dict[str, list[OnFrame]] = {}
        self._hearer: NodeHearer | None = None

    def node(self, node: str) -> "LocalNodeBus":
        """Return the side of node `node`; it is authenticated by being handed out."""
        return LocalNodeBus(self, node)

    async def ask(self, node: str, verb: str, body: bytes, *, timeout_s: float) -> bytes:
        """Carry one ask to a node and return the bytes of its answer."""
        answers = self._answering.get(node)
        if answers is None:
            raise UnavailableError(f"node {node} is not connected; try again later")
        try:
            async with asyncio.timeout(timeout_s):
                return await answer(answers, verb, body)
        except TimeoutError as error:
            raise UnavailableError(f"node {node} did not answer {verb} in time") from error
        except HandfastError as error:
            raise failure_from(error.kind, failure_body(error)) from error

    async def tell(self, node: str, verb: str, body: bytes) -> None:
        """Carry one message to a node that does not answer it."""
        if (answers := self._answering.get(node)) is not None:
            await answer(answers, verb, body)

    async def hear_nodes(self, hearer: NodeHearer) -> LocalSubscription:
        """Listen to heartbeats and outboxes of all nodes; one hearer at a time."""
        self._hearer = hearer
        return LocalSubscription(self._forget_hearer)

    async def hear_stream(
        self, node: str, name: StreamName, on_frame: OnFrame
    ) -> LocalSubscription:
        """Listen to the frames that all viewers of a stream share."""
        return self._listen(
            subjects.live(node, name.camera, name.stream, name.rendition), on_frame
        )

    async def hear_grant(self, node: str, grant: str, on_frame: OnFrame) -> LocalSubscription:
        """Listen to the frames of one grant."""
        return self._listen(subjects.grant(node, grant), on_frame)

    def join(self, node: str, answers: NodeAnswers) -> None:
        """Let a node be asked from now on."""
        self._answering[node] = answers

    def leave(self, node: str) -> None:
        """Let a node be asked no more."""
        self._answering.pop(node, None)

    def carry(self, subject: str, frame: bytes) -> bool:
        """Hand a frame to all who listen to `subject`."""
        if len(frame) > MAX_PAYLOAD:
            return False
        for on_frame in tuple(self._listeners.get(subject, ())):
            on_frame(frame)
        return True

    def hear_heartbeat(self, node: str, body: bytes) -> bool:
        """Hand a heartbeat to the hub."""
        if self._hearer is None:
            return False
        self._hearer.hear_heartbeat(node, decode(body, Heartbeat))
        return True

    async def commit(self, node: str, body: bytes) -> bytes:
        """Hand an outbox item to the hub and return its answer."""
        if self._hearer is None:
            raise UnavailableError("the hub is not there; keep the item and try again")
        item = decode(body, OutboxItem)
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                await self._hearer.commit(node, item)
        except TimeoutError as error:
            raise UnavailableError("the hub did not commit in time; try again") from error
        except HandfastError as error:
            raise failure_from(error.kind, failure_body(error)) from error
        return msgspec.json.encode(Committed(committed=item.id))

    def _listen(self, subject: str, on_frame: OnFrame) -> LocalSubscription:
        self._listeners.setdefault(subject, []).append(on_frame)

        def _remove() -> None:
            left = self._listeners[subject]
            left.remove(on_frame)
            if not left:
                del self._listeners[subject]

        return LocalSubscription(_remove)

    def _forget_hearer(self) -> None:
        self._hearer = None


class LocalNodeBus:
    """One node's side of a `LocalBus`."""

    def __init__(self, bus: LocalBus, node: str) -> None:
        """Belong to `node`."""
        self._bus = bus
        self._node = node
        self._connected = False
        self._changed: list[OnConnection] = []

    @property
    def connected(self) -> bool:
        """Whether `run` runs."""
        return self._connected

    async def run(self, answers: NodeAnswers) -> None:
        """Answer asks until cancelled."""
        self._bus.join(self._node, answers)
        self._tell(connected=True)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._bus.leave(self._node)
            self._tell(connected=False)

    def on_connection(self, changed: OnConnection) -> None:
        """Be told of each connection gained and lost."""
        self._changed.append(changed)

    async def send_live(self, name: StreamName, frame: bytes) -> bool:
        """Send a frame to all viewers of a stream."""
        subject = subjects.live(self._node, name.camera, name.stream, name.rendition)
        return self._connected and self._bus.carry(subject, frame)

    async def send_grant(self, grant: str, frame: bytes) -> bool:
        """Send a frame of one grant."""
        return self._connected and self._bus.carry(subjects.grant(self._node, grant), frame)

    async def send_heartbeat(self, heartbeat: Heartbeat) -> bool:
        """Tell that the node is there."""
        body = msgspec.json.encode(heartbeat)
        return self._connected and self._bus.hear_heartbeat(self._node, body)

    async def commit(self, item: OutboxItem) -> None:
        """Hand over an outbox item; on return the hub has committed it."""
        if not self._connected:
            raise UnavailableError("the hub is not connected; keep the item and try again")
        await self._bus.commit(self._node, msgspec.json.encode(item))

    def _tell(self, *, connected: bool) -> None:
        self._connected = connected
        for changed in self._changed:
            changed(connected)
