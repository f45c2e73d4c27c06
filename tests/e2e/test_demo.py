"""`handfast demo` as people run it: from its first start to Ctrl-C, and on from there."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import pytest
from playwright.sync_api import Page

from handfast.cli.bench_glass_city import free_base
from handfast.cli.bench_glass_page import OfficerPage, officer_page
from handfast.cli.demo.city import MADE, City, MadeCity, Ports
from handfast.cli.demo.places import SITES
from handfast.cli.main import FAILED
from tests.e2e.city import SCHOOL, environment
from tests.e2e.waiting import CLOCK, until

pytestmark = pytest.mark.timeout(600)
WARM_START_S = 60
OFFICER = "Aino Rivera"
_MARK = "HANDFAST_TEST_DEMO"
_FRAMES = "ears.frames.length"


@dataclass(kw_only=True)
class Demo:
    """A folder in which the demo is run, and all processes that come of it.

    Each is found by a mark in its environment, whatever session or parent it has.
    """

    city: City
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def said(self) -> Path:
        """What it printed, all starts one after the other."""
        return self.city.folder.with_suffix(".log")

    def start(self) -> "subprocess.Popen[bytes]":
        """Start it in a session of its own, as a terminal would."""
        command = [sys.executable, "-m", "handfast.cli.main", "demo", "--drawn"]
        where = ["--folder", str(self.city.folder), "--port", str(self.city.ports.base)]
        with self.said.open("ab") as output:
            process = subprocess.Popen(
                [*command, *where],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment() | {_MARK: str(self.city.folder)},
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def ready(self, process: "subprocess.Popen[bytes]") -> None:
        """Wait until it says so, and its front door is open."""
        times = len(self.processes)

        def _ready() -> bool:
            assert process.poll() is None, self.said.read_text()
            return self.said.read_text().count("Ready after") == times and self._opens()

        until(_ready, within_s=180, what="the demo is ready")

    def _opens(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(self.city.start_url).is_success
        return False

    def interrupt(self, process: "subprocess.Popen[bytes]") -> int:
        """Press Ctrl-C: everything in the terminal's foreground gets it; returns the status."""
        os.killpg(process.pid, signal.SIGINT)
        return process.wait(120)

    def alive(self) -> dict[int, str]:
        """Return the command lines of all its processes, by their ids."""
        mark, found = f"{_MARK}={self.city.folder}".encode(), {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(folder.name)] = command.decode()
        return found

    def ports_taken(self) -> list[int]:
        """Return which of its ports somebody listens on."""
        ports = self.city.ports
        nodes = [ports.node(site) for site in SITES]
        mine = [ports.hub, ports.bus, ports.cameras, ports.start, ports.agency, *nodes]
        return [port for port in mine if listened_on(port)]

    def logs(self) -> str:
        """Return everything that it and its programs have written."""
        logs = [self.said, *sorted((self.city.folder / "logs").glob("*.log"))]
        return "\n".join(log.read_text(errors="replace") for log in logs)

    def checkpoint(self) -> tuple[str, int]:
        """Return the name of the school's log, which is its node's, and its size."""
        origin, size, *_ = httpx.get(f"{self.city.node_url(SCHOOL)}/log/checkpoint").text.split(
            "\n"
        )
        return origin, int(size)

    def end(self) -> None:
        """End whatever is left."""
        for pid in self.alive():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self.processes:
            process.wait()


def listened_on(port: int) -> bool:
    """Tell whether somebody takes connections there."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def demo_in(folder: Path) -> Iterator[Demo]:
    """Have a demo that is not started yet, and end all that is left of it."""
    demo = Demo(city=City(folder=folder / "demo", ports=Ports(base=free_base())))
    try:
        yield demo
    finally:
        demo.end()


def principal_of(officer: OfficerPage, demo: Demo) -> Page:
    """Come in by the front door as the school's principal, in a browser of their own."""
    browser = officer.page.context.browser
    assert browser is not None
    page = browser.new_context().new_page()
    page.goto(demo.city.start_url)
    page.locator(f"a[href='/{SCHOOL.folder}']").click()
    page.get_by_label("Your name").fill(SCHOOL.principal)
    page.get_by_role("button", name="Pair this device").click()
    page.get_by_role("button", name="Close everything").wait_for(timeout=60_000)
    return page


def sees(officer: OfficerPage, principal: Page) -> None:
    """Raise the alarm as principal, and wait for the first decrypted picture."""
    officer.work(at_once=True, path="wall")
    officer.forget()
    principal.get_by_role("link", name="Alarm").first.click()
    principal.get_by_role("button", name="Raise the alarm").click()
    principal.get_by_role("button", name="Yes, raise it now").click()
    officer.wait(f"{_FRAMES} > 0", seconds=60)


def clear(principal: Page) -> None:
    """Clear the alarm."""
    principal.get_by_role("button", name="Clear the alarm").click()
    principal.get_by_role("button", name="Yes, clear it").click()
    principal.get_by_role("button", name="Raise the alarm").wait_for(timeout=60_000)


def test_the_demo_shows_a_picture_stops_on_ctrl_c_and_goes_on_where_it_was(
    tmp_path: Path,
) -> None:
    """A newcomer's first picture, Ctrl-C, a warm start to a picture in a minute, kill -9."""
    with demo_in(tmp_path) as demo, officer_page(demo.city.agency_url) as officer:
        first = demo.start()
        demo.ready(first)
        officer.page.goto(demo.city.start_url)
        officer.page.get_by_text("A police officer").click()
        officer.page.wait_for_url(f"{demo.city.agency_url}/officer/**")
        officer.enrol(OFFICER)
        principal = principal_of(officer, demo)
        sees(officer, principal)
        clear(principal)
        origin, size = demo.checkpoint()
        assert demo.interrupt(first) == 0
        assert demo.alive() == {}
        assert demo.ports_taken() == []
        # It goes on where it was: the same people, nodes and logs.
        started = CLOCK.monotonic()
        second = demo.start()
        demo.ready(second)
        principal.reload()
        principal.get_by_role("link", name="Alarm").first.wait_for(timeout=60_000)
        sees(officer, principal)
        assert CLOCK.monotonic() - started <= WARM_START_S
        assert demo.checkpoint()[0] == origin
        assert demo.checkpoint()[1] > size
        principal.get_by_role("link", name="Who looked").first.click()
        principal.get_by_text(OFFICER).first.wait_for(timeout=60_000)
        assert "Traceback" not in demo.logs()
        # Nothing outlives it, even when it has no time to stop anything.
        second.kill()
        second.wait()
        until(lambda: not demo.alive(), within_s=60, what=f"all end: {demo.alive()}")
        assert demo.ports_taken() == []
        assert "Traceback" not in demo.logs()


def test_ctrl_c_while_it_still_starts_stops_it(tmp_path: Path) -> None:
    """Nobody has to wait until everything is up to be rid of it."""
    with demo_in(tmp_path) as demo:
        process = demo.start()
        logs = demo.city.folder / "logs"
        until((logs / "hub.log").exists, within_s=180, what="the hub is being started")
        assert demo.interrupt(process) == 0
        assert "Ready after" not in demo.said.read_text()
        assert not (logs / f"node-{SITES[-1].folder}.log").exists()
        assert demo.alive() == {}
        assert demo.ports_taken() == []
        assert "Traceback" not in demo.logs()


@pytest.mark.parametrize("made", [False, True])
def test_a_taken_port_is_named_before_anything_is_made_or_started(
    tmp_path: Path, made: bool
) -> None:
    """One sentence says which port it is, what for, and what to do."""
    with demo_in(tmp_path) as demo, socket.socket() as taken:
        folder, port = demo.city.folder, demo.city.ports.agency
        taken.bind(("127.0.0.1", port))
        taken.listen()
        if made:
            folder.mkdir()
            known = MadeCity(base_port=demo.city.ports.base, cameras=7)
            (folder / MADE).write_bytes(msgspec.json.encode(known))
        assert demo.start().wait(60) == FAILED
        said = demo.said.read_text()
        assert f"port {port} (for the agency) is taken" in said
        assert ("--folder" in said, "--port" in said) == (made, True)
        assert "Traceback" not in said
        assert [path.name for path in tmp_path.glob("demo/*")] == [MADE] * made
