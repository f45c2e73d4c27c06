"""A hub that lies: whoever runs the hub's machine, with all of the hub's secrets."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg

from handfast.seal.format import FrameType
from tests.e2e.city import RunningCity
from tests.e2e.waiting import CLOCK

_CIPHERTEXT = (FrameType.SEGMENT, FrameType.RUN, FrameType.UNITS, FrameType.KEY)


@dataclass(kw_only=True)
class LyingHub:
    """It hears everything that nodes send, and asks them whatever it likes."""

    client: Client
    heard: list[tuple[int, str, bytes]] = field(default_factory=list)

    async def ask(self, node: str, verb: str, body: object) -> dict[str, Any]:
        """Ask a node as the hub does; a failure comes back as an empty answer."""
        text = body if isinstance(body, bytes) else msgspec.json.encode(body)
        answer = await self.client.request(f"hub.{node}.{verb}", text, timeout=10)
        if answer.headers:
            return {}
        read: dict[str, Any] = msgspec.json.decode(answer.data)
        return read

    def frames_since(self, at_us: int, *kinds: FrameType) -> list[tuple[int, str]]:
        """Return when and where live frames came; of all kinds of ciphertext by default."""
        wanted = kinds or _CIPHERTEXT
        return [
            (when, subject)
            for when, subject, frame in self.heard
            if when >= at_us and frame[:1] and frame[0] in wanted
        ]


@asynccontextmanager
async def lying_hub(city: RunningCity) -> AsyncIterator[LyingHub]:
    """Log in to the hub's NATS server as the hub, whether the hub itself lives or not."""
    configuration = (city.city.hub_config.parent / "data" / "bus" / "nats.conf").read_text()
    found = re.search(r'user: hub, password: "([^"]+)"', configuration)
    assert found is not None
    client = Client()
    await client.connect(
        servers=f"nats://127.0.0.1:{city.city.ports.bus}", user="hub", password=found[1]
    )
    liar = LyingHub(client=client)

    async def _hear(message: Msg) -> None:
        liar.heard.append((CLOCK.now_us(), message.subject, message.data))

    await client.subscribe("hf.*.live.>", cb=_hear)
    await client.subscribe("hf.*.grant.>", cb=_hear)
    await client.flush()
    try:
        yield liar
    finally:
        await client.close()
