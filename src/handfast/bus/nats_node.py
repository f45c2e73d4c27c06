"""The node's side of the bus on NATS: dials out, logs in anew for each connection."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg

from handfast.bus.errors import HEADER, failure_body, failure_from
from handfast.bus.link import (
    FAILURES,
    PENDING_IN,
    RECONNECT_S,
    Login,
    Notice,
    close,
    connect,
    settle,
)
from handfast.bus.ports import (
    MAX_PAYLOAD,
    BusAccess,
    NodeAnswers,
    OnConnection,
)
from handfast.bus.verbs import SILENT, answer
from handfast.kit.errors import HandfastError, UnavailableError
from handfast.kit.ids import Ids
from handfast.protocol import subjects
from handfast.protocol.wire import Heartbeat, OutboxItem, StreamName

COMMIT_TIMEOUT_S: Final = 10.0
_LONGEST_PAUSE_S: Final = 5.0
_ASKS_AT_ONCE: Final = 64

FetchAccess: TypeAlias = Callable[[], Awaitable[BusAccess]]


class NatsNodeBus:
    """One node's connection.

    Tokens are good for one connection, so a lost one is not mended but made again, after
    a pause of 0.25 s that doubles to 5 s, each jittered by half.
    """

    def __init__(
        self,
        node: str,
        *,
        fetch_access: FetchAccess,
        ids: Ids,
        on_notice: Notice,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Take what is needed to connect.

        Args:
            node: Id of the node.
            fetch_access: Logs in at the hub (`node_login.HubLogin`).
            ids: Where the jitter comes from.
            on_notice: Told of trouble in a few words without any content.
            tls: Trusts the bus's certificate; needed unless it is on loopback.
        """
        self._node = node
        self._fetch_access = fetch_access
        self._ids = ids
        self._notice = on_notice
        self._tls = tls
        self._client: Client | None = None  # set while connected, by `_stay` alone
        self._changed: list[OnConnection] = []
        self._room = asyncio.Semaphore(_ASKS_AT_ONCE)

    @property
    def connected(self) -> bool:
        """Whether the bus is reachable now, as far as is known."""
        return self._client is not None and self._client.is_connected

    def on_connection(self, changed: OnConnection) -> None:
        """Be told of each connection gained and lost."""
        self._changed.append(changed)

    async def run(self, answers: NodeAnswers) -> None:
        """Stay connected and answer asks until cancelled."""
        pause = RECONNECT_S
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    await self._stay(answers, tasks)
                    pause = RECONNECT_S
                except HandfastError as error:
                    self._notice(str(error))
                    pause = min(pause * 2, _LONGEST_PAUSE_S)
                except FAILURES as error:
                    self._notice(type(error).__name__)
                    pause = min(pause * 2, _LONGEST_PAUSE_S)
                await asyncio.sleep(pause * self._jitter())

    async def send_live(self, name: StreamName, frame: bytes) -> bool:
        """Send a frame to all viewers of a stream."""
        subject = subjects.live(self._node, name.camera, name.stream, name.rendition)
        return await self._publish(subject, frame)

    async def send_grant(self, grant: str, frame: bytes) -> bool:
        """Send a frame of one grant."""
        return await self._publish(subjects.grant(self._node, grant), frame)

    async def send_heartbeat(self, heartbeat: Heartbeat) -> bool:
        """Tell that the node is there."""
        return await self._publish(
            subjects.heartbeat(self._node), msgspec.json.encode(heartbeat)
        )

    async def commit(self, item: OutboxItem) -> None:
        """Hand over an outbox item; on return the hub's database has committed it."""
        client = self._client
        if client is None:
            raise UnavailableError("the hub is not connected; keep the item and try again")
        try:
            said = await client.request(
                subjects.outbox(self._node), msgspec.json.encode(item), timeout=COMMIT_TIMEOUT_S
            )
        except FAILURES as error:
            message = f"the hub did not commit: {type(error).__name__}; keep it and try again"
            raise UnavailableError(message) from error
        if said.headers and HEADER in said.headers:
            raise failure_from(said.headers[HEADER], said.data)

    async def _stay(self, answers: NodeAnswers, tasks: asyncio.TaskGroup) -> None:
        access = await self._fetch_access()
        login = Login(
            url=access.url,
            user=self._node,
            password=access.token,
            inbox_prefix=subjects.inbox_prefix(self._node),
            tls=self._tls if access.url.startswith("tls:") else None,
        )
        gone = asyncio.Event()

        async def _lost() -> None:
            gone.set()

        client = await connect(login, on_notice=self._notice, on_lost=_lost)
        try:
            await self._serve(client, answers, tasks)
            await settle(client)
            self._client = client
            self._tell(connected=True)
            await gone.wait()
        finally:
            was, self._client = self._client, None
            if was is not None:
                self._tell(connected=False)
            await close(client)

    async def _serve(
        self, client: Client, answers: NodeAnswers, tasks: asyncio.TaskGroup
    ) -> None:
        async def _asked(message: Msg) -> None:
            # One slow ask must not hold up the signs of life of other viewers.
            await self._room.acquire()
            tasks.create_task(self._answer(client, answers, message))

        await client.subscribe(
            subjects.ask(self._node, "*"), cb=_asked, pending_bytes_limit=PENDING_IN
        )

    async def _answer(self, client: Client, answers: NodeAnswers, message: Msg) -> None:
        verb = message.subject.rsplit(".", 1)[-1]
        headers: dict[str, str] | None = None
        try:
            body = await answer(answers, verb, message.data)
        except HandfastError as error:
            headers, body = {HEADER: error.kind.value}, failure_body(error)
        except Exception as error:  # noqa: BLE001 - top of the loop: one ask must not end the rest
            self._notice(f"{verb} failed: {type(error).__name__}")
            failure = UnavailableError(f"the node failed to answer {verb}; try again")
            headers, body = {HEADER: failure.kind.value}, failure_body(failure)
        finally:
            self._room.release()
        if verb in SILENT or not message.reply:
            return
        try:
            await client.publish(message.reply, body, headers=headers)
        except FAILURES as error:
            self._notice(type(error).__name__)

    async def _publish(self, subject: str, body: bytes) -> bool:
        client = self._client
        if client is None or len(body) > MAX_PAYLOAD:
            return False
        try:
            await client.publish(subject, body)
        except FAILURES:
            return False
        return True

    def _tell(self, *, connected: bool) -> None:
        for changed in self._changed:
            changed(connected)

    def _jitter(self) -> float:
        return 0.5 + int.from_bytes(self._ids.secret(2), "big") / 0xFFFF
