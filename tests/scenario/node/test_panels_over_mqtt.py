"""Panels report over a real broker: with TLS and a login, through its restart."""

import asyncio
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiomqtt
import msgspec
import pytest
from anyio.lowlevel import checkpoint

from handfast.kit.clock import SystemClock
from handfast.kit.errors import InvalidError
from handfast.node.signals.mqtt import Broker, MqttIntake
from handfast.protocol.wire import PanelReport
from handfast.storage.files import write_durably
from tests.fakes.authority import issue_server, make_authority
from tests.fakes.steady import CountingIds
from tests.scenario.node.school import School

TOPIC = "handfast/school/signals"


class Mosquitto:
    """A broker on loopback that asks for a login over TLS."""

    def __init__(self, folder: Path) -> None:
        """Write its configuration."""
        now_us = SystemClock().now_us()
        authority = make_authority("test", now_us=now_us)
        server = issue_server(authority, ["127.0.0.1"], now_us=now_us)
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(authority.certificate)
        (folder / "server.pem").write_bytes(server.certificate)
        (folder / "server.key").write_bytes(server.key)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._folder = folder
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\nuser root\n"
            f"password_file {folder}/passwords\ncafile {self.ca}\n"
            f"certfile {folder}/server.pem\nkeyfile {folder}/server.key\n"
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run it until left."""
        await self._passwords()
        process = await asyncio.create_subprocess_exec(
            "mosquitto", "-c", str(self._config), stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await eventually(self._listens)
            yield
        finally:
            process.terminate()
            await process.wait()

    async def _passwords(self) -> None:
        made = await asyncio.create_subprocess_exec(
            "mosquitto_passwd", "-b", "-c", str(self._folder / "passwords"), "panel", "secret"
        )
        assert await made.wait() == 0

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def trust(self) -> ssl.SSLContext:
        """Trust its authority."""
        return ssl.create_default_context(cafile=str(self.ca))

    def client(self) -> aiomqtt.Client:
        """Return a panel's connection."""
        return aiomqtt.Client(
            "127.0.0.1",
            self.port,
            username="panel",
            password="secret",
            tls_context=self.trust(),
        )


async def eventually(holds: Callable[[], bool]) -> None:
    """Let other tasks run until something holds."""
    async with asyncio.timeout(20):
        while not holds():
            await checkpoint()


def is_raised(school: School) -> bool:
    """Tell whether the school's alarm is up."""
    return any(row.signal.state == "raised" for row in school.heart.board.rows())


async def test_a_panel_raises_over_mqtt_and_the_broker_may_restart(tmp_path: Path) -> None:
    """Garbage and forgeries are dropped; the connection comes back by itself."""
    school, broker = School(), Mosquitto(tmp_path)
    intake = MqttIntake(
        Broker(
            host="127.0.0.1",
            port=broker.port,
            topic=TOPIC,
            tls=broker.trust(),
            username="panel",
            password="secret",
        ),
        reports=school.heart.report_signal,
        ids=CountingIds(),
    )
    task = asyncio.create_task(intake.run())
    true = msgspec.json.encode(school.people.report("raise", at_us=school.now_us))
    clear = msgspec.json.encode(school.people.report("clear", at_us=school.now_us))

    async def publish_until(body: bytes, holds: Callable[[], bool]) -> None:
        # The intake may still be connecting; a panel repeats itself as well.
        async with broker.client() as client:
            async with asyncio.timeout(30):
                while not holds():
                    for each in (b"garbage", b"\xff" * 5000, body):
                        await client.publish(TOPIC, each, qos=1)

    async with broker.running():
        await publish_until(true, lambda: is_raised(school))
    async with broker.running():
        await publish_until(clear, lambda: not is_raised(school))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    counted = school.metrics.registry.get_sample_value(
        "handfast_node_panel_reports_total", {"result": "invalid"}
    )
    assert counted is not None
    assert counted >= 2


async def command_line(*words: str, **environment: str) -> tuple[int, str]:
    """Run `handfast` as a process; returns its status and what it complained of."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "handfast.cli.main", *words),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    complaint = (await process.communicate())[1].decode()
    return process.returncode or 0, complaint


async def test_a_panel_at_the_command_line_trusts_the_system_or_its_own_authority(
    tmp_path: Path,
) -> None:
    """`mqtts://` checks the broker's certificate each time; an unknown authority is refused."""
    broker, secret = Mosquitto(tmp_path), tmp_path / "secret"
    write_durably(secret, b"c2VjcmV0\n")
    password = tmp_path / "password"
    write_durably(password, b"secret\n")
    words = ["signal", "raise", "intrusion", "--panel", "hall", "--secret-file", str(secret)]
    words += ["--mqtt-user", "panel", "--mqtt-password-file", str(password)]
    words += ["--mqtt-topic", TOPIC, "--mqtt", f"mqtts://127.0.0.1:{broker.port}"]
    heard: list[aiomqtt.Message] = []
    async with broker.running(), broker.client() as client:
        await client.subscribe(TOPIC, qos=1)
        status, complaint = await command_line(*words)
        assert (status, "certificate verify failed" in complaint) == (1, True)
        assert await command_line(*words, "--ca", str(broker.ca)) == (0, "")
        # Where OpenSSL looks for the system's authorities.
        assert await command_line(*words, SSL_CERT_FILE=str(broker.ca)) == (0, "")
        async with asyncio.timeout(30):
            while len(heard) < 2:
                heard.append(await anext(client.messages))
    reports = [msgspec.json.decode(each.payload, type=PanelReport) for each in heard]
    assert [report.panel for report in reports] == ["hall", "hall"]


def test_a_broker_in_the_clear_is_used_on_loopback_only() -> None:
    """A password does not cross a network unencrypted."""
    Broker(host="127.0.0.1", port=1883, topic=TOPIC)
    with pytest.raises(InvalidError):
        Broker(host="broker.example", port=1883, topic=TOPIC)
