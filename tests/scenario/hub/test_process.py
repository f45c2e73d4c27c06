"""`handfast hub run` as a process: it starts, stops cleanly, and survives its own murder."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from handfast.cli.main import main
from handfast.hub.config import load


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Make a hub on free ports."""
    assert main(["hub", "init", str(tmp_path)]) == 0
    path = tmp_path / "hub.toml"
    text = (
        path.read_text().replace("port = 8600", "port = 0").replace("port = 8622", "port = 0")
    )
    path.write_text(text)
    return path


@asynccontextmanager
async def running(config: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run the hub until it says where it is."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "handfast.cli.main", "hub", "run", "--config", str(config)),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(30):
            while b" at http://" not in (line := await process.stderr.readline()):
                assert line, "the hub ended before it was ready"
        yield process, line.split(b" at ", 1)[1].split(b",", 1)[0].decode()
    finally:
        if process.returncode is None:  # the test failed: leave nothing behind
            process.terminate()
        await process.communicate()


def server_of(config: Path) -> int:
    """Return the process id of the hub's NATS server."""
    return int((Path(load(config).directory) / "bus" / "nats.pid").read_text())


def is_alive(pid: int) -> bool:
    """Tell whether a process runs."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


async def test_it_serves_and_stops_with_everything_it_started(config: Path) -> None:
    """A service manager gets a clean end and status 0."""
    async with running(config) as (process, url):
        address = Path(load(config).directory) / "hub.url"
        assert address.read_text().strip() == url
        async with httpx.AsyncClient(base_url=url) as client:
            assert (await client.get("/readyz")).text == "ready\n"
        server = server_of(config)
        assert is_alive(server)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 15) == 0
        assert not is_alive(server)
        assert not address.exists()


async def test_after_a_kill_the_next_one_clears_up_and_starts(config: Path) -> None:
    """The NATS server that was left behind would hold its port for ever."""
    async with running(config) as (process, _):
        left = server_of(config)
        process.kill()
        await process.wait()
        assert is_alive(left)
    async with running(config) as (process, url):
        assert not is_alive(left)
        async with httpx.AsyncClient(base_url=url) as client:
            assert (await client.get("/healthz")).text == "ok\n"
        process.send_signal(signal.SIGINT)  # Ctrl-C
        assert await asyncio.wait_for(process.wait(), 15) == 0
