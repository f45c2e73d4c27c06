"""Panels that report over MQTT: the same reports, the same checks as over HTTP."""

import logging
import ssl
from dataclasses import dataclass, field

import aiomqtt
import anyio

from handfast.kit.errors import HandfastError, InvalidError
from handfast.kit.ids import Ids
from handfast.node.signals.report import ReportSignal

_log = logging.getLogger(__name__)
_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_REPORTS_AHEAD = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker and the topic on it.

    Attributes:
        tls: Trusts the broker; `None` is plain and allowed on loopback only.
    """

    host: str
    port: int
    topic: str
    tls: ssl.SSLContext | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse to speak in the clear beyond this machine."""
        if self.tls is None and self.host not in _LOOPBACK:
            raise InvalidError(f"{self.host}: beyond loopback MQTT needs TLS; set mqtt.tls")


class MqttIntake:
    """Listens to a broker for as long as `run` runs; connects again by itself."""

    def __init__(self, broker: Broker, *, reports: ReportSignal, ids: Ids) -> None:
        """Take the broker, and who checks and acts."""
        self._broker = broker
        self._reports = reports
        self._ids = ids

    async def run(self) -> None:
        """Take reports until cancelled."""
        pause_s = _PAUSE_S
        while True:
            try:
                async with self._client() as client:
                    await client.subscribe(self._broker.topic, qos=1)
                    _log.info("panels are heard on %s", self._broker.topic)
                    pause_s = _PAUSE_S
                    async for message in client.messages:
                        await self._take(message)
            except aiomqtt.MqttError as error:
                _log.warning("the MQTT broker is not reached: %s", type(error).__name__)
            await anyio.sleep(pause_s * self._jitter())
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _client(self) -> aiomqtt.Client:
        broker = self._broker
        return aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            tls_context=broker.tls,
            keepalive=10,
            timeout=10,
            max_queued_incoming_messages=_REPORTS_AHEAD,
        )

    async def _take(self, message: aiomqtt.Message) -> None:
        # A retained report is an old one: panels must not retain, and its sequence is used.
        body = bytes(message.payload)
        try:
            await self._reports.report(body)
        except HandfastError as error:
            _log.info("a report over MQTT was refused: %s", error.kind.value)

    def _jitter(self) -> float:
        return 0.5 + self._ids.secret(1)[0] / 255
