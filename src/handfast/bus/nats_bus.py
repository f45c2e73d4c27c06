"""The hub's side of the bus on NATS."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as NatsSubscription

from handfast.bus.asking import AskingBus
from handfast.bus.errors import HEADER, failure_body, failure_from
from handfast.bus.link import FAILURES, PENDING_IN, Login, Notice, close, connect, settle
from handfast.bus.ports import NodeHearer, OnFrame
from handfast.bus.verbs import decode
from handfast.kit.errors import HandfastError, InvalidError, UnavailableError
from handfast.protocol import subjects
from handfast.protocol.wire import Committed, Heartbeat, OutboxItem, StreamName

HUB_INBOX: Final = "_INBOX_hub"
_OUTBOX_QUEUE: Final = "hub"  # several hub processes: one of them commits


class FrameSubscription:
    """Removes one listener of one node's frames when closed."""

    def __init__(self, leave: Callable[[], None]) -> None:
        """Take what removes the listener."""
        self._leave = leave
        self._open = True

    async def close(self) -> None:
        """Stop; closing twice is harmless."""
        if self._open:
            self._open = False
            self._leave()


class NodesSubscription:
    """The subscriptions to all nodes' heartbeats and outboxes."""

    def __init__(self, subscriptions: list[NatsSubscription]) -> None:
        """Take the subscriptions."""
        self._subscriptions = subscriptions

    async def close(self) -> None:
        """Stop; closing twice, or after the connection, is harmless."""
        subscriptions, self._subscriptions = self._subscriptions, []
        for each in subscriptions:
            try:
                await each.unsubscribe()
            except FAILURES:
                continue


class NatsHubBus(AskingBus):
    """The hub's connection; it mends itself and keeps its subscriptions.

    All frames of a node come through one subscription: NATS keeps the order of what one
    connection publishes, nats-py only within one subscription, and the key of a run must
    not be overtaken by its units.
    """

    def __init__(self, *, on_notice: Notice) -> None:
        """Take who is told of trouble on the line (the name of an error, nothing else)."""
        self._notice = on_notice
        self._client: Client | None = None
        self._frames: dict[str, NatsSubscription] = {}  # by node
        self._subscribing = asyncio.Lock()  # held while `_frames` grows
        self._listeners: dict[str, list[OnFrame]] = {}  # by subject

    async def open(
        self, url: str, *, user: str, password: str, tls: ssl.SSLContext | None = None
    ) -> None:
        """Connect.

        Raises:
            UnavailableError: The server does not answer or refuses the hub.
        """
        login = Login(url=url, user=user, password=password, inbox_prefix=HUB_INBOX, tls=tls)
        self._client = await connect(
            login, on_notice=self._notice, on_lost=self._lost, on_back=self._back
        )

    async def close(self) -> None:
        """Close the connection and everything that listens through it."""
        if self._client is not None:
            await close(self._client)

    @property
    def connected(self) -> bool:
        """Whether the server is reachable now."""
        return self._client is not None and self._client.is_connected

    async def ask(self, node: str, verb: str, body: bytes, *, timeout_s: float) -> bytes:
        """Carry one ask to a node and return the bytes of its answer."""
        try:
            answer = await self._connection().request(
                subjects.ask(node, verb), body, timeout=timeout_s
            )
        except nats.errors.NoRespondersError as error:
            message = f"node {node} is not connected; try again later"
            raise UnavailableError(message) from error
        except FAILURES as error:
            message = f"node {node} did not answer {verb}: {type(error).__name__}; try again"
            raise UnavailableError(message) from error
        if answer.headers and HEADER in answer.headers:
            raise failure_from(answer.headers[HEADER], answer.data)
        return answer.data

    async def tell(self, node: str, verb: str, body: bytes) -> None:
        """Carry one message to a node that does not answer it."""
        try:
            await self._connection().publish(subjects.ask(node, verb), body)
        except FAILURES as error:
            self._notice(type(error).__name__)

    async def hear_nodes(self, hearer: NodeHearer) -> NodesSubscription:
        """Listen to heartbeats and outboxes of all nodes."""
        client = self._connection()

        async def _heartbeat(message: Msg) -> None:
            node = _node_of(message.subject)
            try:
                hearer.hear_heartbeat(node, decode(message.data, Heartbeat))
            except InvalidError:
                hearer.hear_malformed(node, "heartbeat")

        async def _outbox(message: Msg) -> None:
            await self._commit(hearer, message)

        heard = [
            await client.subscribe(subjects.heartbeat("*"), cb=_heartbeat),
            await client.subscribe(
                subjects.outbox("*"),
                queue=_OUTBOX_QUEUE,
                cb=_outbox,
                pending_bytes_limit=PENDING_IN,
            ),
        ]
        await settle(client)
        return NodesSubscription(heard)

    async def hear_stream(
        self, node: str, name: StreamName, on_frame: OnFrame
    ) -> FrameSubscription:
        """Listen to the frames that all viewers of a stream share."""
        subject = subjects.live(node, name.camera, name.stream, name.rendition)
        return await self._listen(node, subject, on_frame)

    async def hear_grant(self, node: str, grant: str, on_frame: OnFrame) -> FrameSubscription:
        """Listen to the frames of one grant."""
        return await self._listen(node, subjects.grant(node, grant), on_frame)

    async def _listen(self, node: str, subject: str, on_frame: OnFrame) -> FrameSubscription:
        self._listeners.setdefault(subject, []).append(on_frame)
        async with self._subscribing:
            if node not in self._frames:
                # `hf.<n>.*.>` is live and grant frames; heartbeat and outbox are a token
                # shorter. It stays: it costs nothing while the node sends no frames.
                self._frames[node] = await self._connection().subscribe(
                    f"hf.{node}.*.>", cb=self._hear_frame, pending_bytes_limit=PENDING_IN
                )

        def _leave() -> None:
            left = self._listeners[subject]
            left.remove(on_frame)
            if not left:
                del self._listeners[subject]

        return FrameSubscription(_leave)

    async def _hear_frame(self, message: Msg) -> None:
        for on_frame in tuple(self._listeners.get(message.subject, ())):
            on_frame(message.data)

    async def _commit(self, hearer: NodeHearer, message: Msg) -> None:
        node = _node_of(message.subject)
        if not message.reply:
            hearer.hear_malformed(node, "outbox")
            return
        try:
            item = decode(message.data, OutboxItem)
        except InvalidError as error:
            hearer.hear_malformed(node, "outbox")
            await self._reply(message.reply, error)
            return
        try:
            await hearer.commit(node, item)
        except HandfastError as error:
            await self._reply(message.reply, error)
        else:
            await self._reply(message.reply, msgspec.json.encode(Committed(committed=item.id)))

    async def _reply(self, subject: str, said: bytes | HandfastError) -> None:
        try:
            if isinstance(said, bytes):
                await self._connection().publish(subject, said)
            else:
                headers = {HEADER: said.kind.value}
                await self._connection().publish(subject, failure_body(said), headers=headers)
        except FAILURES as error:
            self._notice(type(error).__name__)

    def _connection(self) -> Client:
        if self._client is None:
            raise UnavailableError("the hub's bus is not open yet; try again")
        return self._client

    async def _lost(self) -> None:
        self._notice("connection lost")

    async def _back(self) -> None:
        self._notice("connection back")


def _node_of(subject: str) -> str:
    return subject.split(".", 2)[1]
