"""Everything that leaves the machine is encrypted: HTTP, WebSocket and bus, with an own CA."""

import asyncio
import ssl
from pathlib import Path

import msgspec
import pytest
from websockets.asyncio.client import connect

from handfast.hub.config import BusSection, HttpSection
from handfast.kit.clock import SystemClock
from handfast.kit.errors import UnavailableError
from tests.city.hub_world import config_in, served_hub
from tests.city.people import GRANT, permit, registration
from tests.fakes.authority import TlsIdentity, issue_server, make_authority


def write_identity(directory: Path) -> tuple[Path, Path, Path]:
    """Write an authority and a server certificate for this machine."""
    now_us = SystemClock().now_us()
    authority: TlsIdentity = make_authority("Test", now_us=now_us)
    server = issue_server(authority, ["127.0.0.1", "localhost"], now_us=now_us)
    paths = directory / "ca.pem", directory / "server.pem", directory / "server.key"
    for path, text in zip(
        paths,
        (authority.certificate, server.certificate + authority.certificate, server.key),
        strict=True,
    ):
        path.write_bytes(text)
    return paths


async def test_pages_and_nodes_connect_over_tls_and_strangers_do_not(tmp_path: Path) -> None:
    """A node that does not know the authority gets nowhere; one that does works as ever."""
    authority, certificate, key = write_identity(tmp_path)
    plain = config_in(tmp_path)
    config = msgspec.structs.replace(
        plain,
        http=HttpSection(port=0, certificate=str(certificate), key=str(key)),
        bus=BusSection(
            port=0, certificate=str(certificate), key=str(key), authority=str(authority)
        ),
    )
    tls = ssl.create_default_context(cafile=authority)
    async with served_hub(tmp_path, config=config, tls=tls) as city:
        assert city.url.startswith("https:")
        assert city.hub.services.bus_url().startswith("tls:")
        now_us = city.clock.now_us()
        node = await city.node(lambda request: permit(request, now_us=now_us))
        await node.commit("registration", registration(city.node_device))
        token = await city.log_in(city.officer)
        said = await city.get("/registry", token)
        assert said.headers["strict-transport-security"].startswith("max-age")
        assert len(said.json()["sites"]) == 1
        url = city.socket_url(f"/grants/{GRANT}/live")
        async with connect(url, ssl=tls) as live:
            await live.send(msgspec.json.encode({"token": "made-up"}).decode())
            await asyncio.wait_for(live.wait_closed(), 10)
            assert live.close_code == 4401
        with pytest.raises(UnavailableError):
            await city.login(tls=None)()
