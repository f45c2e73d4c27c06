"""The demo's city on free ports: its real programs, which tests may kill and start again."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import httpx
import msgspec

from handfast.cli.bench_glass_city import alarm_opens, free_base
from handfast.cli.demo.city import PANEL, City, Ports, open_or_make
from handfast.cli.demo.clerk import certify_officers
from handfast.cli.demo.clerk_owner import OwnersClerk, agency_id
from handfast.cli.demo.command import programs
from handfast.cli.demo.places import SITES, DemoSite
from handfast.cli.demo.processes import Program, tail
from handfast.cli.demo.start_page import start_page
from handfast.kit.clock import SystemClock
from handfast.kit.ids import SystemIds
from handfast.node.signals.panels import sign_report
from handfast.protocol.wire import PanelReport
from handfast.web.listen import Listen
from handfast.web.serving import server
from tests.e2e.waiting import CLOCK, until

SCHOOL, SHOP, TRANSIT = SITES
LINGER_S = 3
_IDS = SystemIds(CLOCK)


@dataclass(kw_only=True)
class RunningCity:
    """All programs of the demo, each a process of its own."""

    city: City
    programs: dict[str, Program]
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    panel_sequence: int = 0

    def start(self, *names: str) -> None:
        """Start programs side by side and wait until they answer."""
        for name in names:
            self._launch(name)
        for name in names:
            self._await(name)

    def _launch(self, name: str) -> None:
        program, log = self.programs[name], self.log(name)
        command = [sys.executable, "-m", "handfast.cli.main", *program.arguments]
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment(),
                start_new_session=True,
            )
        self.processes[name] = process

    def _await(self, name: str) -> None:
        program, process, log = self.programs[name], self.processes[name], self.log(name)

        def _ready() -> bool:
            assert process.poll() is None, f"{name} ended at once:\n{tail(log)}"
            return answers(program.ready) if program.ready else log.stat().st_size > 0

        until(_ready, within_s=60, what=f"{name} is ready:\n{tail(log)}")

    def start_all(self) -> None:
        """Start everything; nodes may come before their hub."""
        (self.city.folder / "logs").mkdir(exist_ok=True)
        self.start(*self.programs)

    def kill(self, name: str) -> None:
        """End a program as a power cut would."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop_all(self) -> None:
        """Ask everything to end, all at once."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes.clear()
        self.end_bus()

    def end_bus(self) -> None:
        """End a NATS server that outlived a killed hub."""
        if (pid := self.bus_pid()) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def bus_pid(self) -> int | None:
        """Return the process id of the hub's NATS server, `None` when it is not there."""
        folder = self.city.hub_config.parent / "data" / "bus"
        with suppress(OSError, ValueError):
            pid = int((folder / "nats.pid").read_text("ascii"))
            if str(folder / "nats.conf").encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        return None

    def pid(self, name: str) -> int:
        """Return a program's process id."""
        return self.processes[name].pid

    def log(self, name: str) -> Path:
        """Return where a program writes."""
        return self.city.folder / "logs" / f"{name}.log"

    def node_id(self, site: DemoSite) -> str:
        """Return the id of a site's node."""
        card = msgspec.json.decode((self.city.node(site) / "node.json").read_bytes())
        return str(card["id"])

    def panel(self, site: DemoSite, state: str, *, lease_s: int = 120) -> None:
        """Let a site's alarm panel report."""
        report = self.panel_report(site, state, lease_s=lease_s)
        answer = httpx.post(
            f"{self.city.node_url(site)}/api/v1/signals", content=msgspec.json.encode(report)
        )
        assert answer.status_code == 200, answer.text

    def panel_report(self, site: DemoSite, state: str, *, lease_s: int) -> PanelReport:
        """Write and sign a panel's report."""
        now_us = CLOCK.now_us()
        self.panel_sequence = max(now_us, self.panel_sequence + 1)
        unsigned = PanelReport(
            panel=PANEL,
            sequence=self.panel_sequence,
            signal="intrusion",
            state=state,  # type: ignore[arg-type] # tests say "raise", "renew" or "clear"
            test=False,
            lease_s=lease_s,
            at_us=now_us,
            mac="",
        )
        return sign_report(unsigned, (self.city.node(site) / "panel.secret").read_bytes())

    def metric(self, site: DemoSite, name: str) -> float:
        """Return a number that a node counts."""
        text = httpx.get(f"{self.city.node_url(site)}/metrics").text
        return sum(
            float(line.rsplit(" ", 1)[1])
            for line in text.splitlines()
            if line.startswith(name) and line[len(name)] in " {"
        )

    def connected(self, site: DemoSite) -> None:
        """Wait until a node has reached the hub."""
        until(
            lambda: self.metric(site, "handfast_node_hub_connected") == 1,
            within_s=20,
            what=f"{site.name} reaches the hub",
        )

    def hub_again(self) -> None:
        """Start a hub that was killed; every node has come back, also for the tests to come."""
        self.start("hub")
        for site in SITES:
            self.connected(site)

    def recording(self, site: DemoSite) -> None:
        """Wait until a site records each of its cameras."""
        folder = self.city.node(site) / "recordings"
        until(
            lambda: (
                len({path.parts[-4] for path in folder.glob("*/sub-clear/*/*.hfs")})
                == len(site.cameras)
            ),
            within_s=30,
            what=f"{site.name} records its cameras",
        )

    def camera(self, site: DemoSite) -> str:
        """Return the id of one camera of a site, always the same one."""
        return min(path.name for path in (self.city.node(site) / "recordings").iterdir())


def environment() -> dict[str, str]:
    """Return what programs run with: byte code is kept, so that they start quickly."""
    kept = {name: text for name, text in os.environ.items() if "BYTECODE" not in name}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def answers(url: str) -> bool:
    """Tell whether a URL answers 200."""
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=2).status_code == httpx.codes.OK
    return False


def make_city(folder: Path) -> RunningCity:
    """Make the demo's city in a folder: alarms open two sites, and seconds after they close."""
    clock = SystemClock()
    ports = Ports(base=free_base())
    city = open_or_make(folder, ports, ids=_IDS, now_us=clock.now_us())
    for site in (SCHOOL, TRANSIT):
        alarm_opens(city, site, linger_s=LINGER_S)
    return RunningCity(city=city, programs={p.name: p for p in programs(city, drawn=True)})


@contextmanager
def clerks(city: City) -> Iterator[None]:
    """Run the demo's clerks and its front door, on a thread of their own."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would name every request
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = Thread(target=loop.run_until_complete, args=(_serve_people(city, stop),))
    thread.start()
    try:
        until(lambda: answers(city.start_url), within_s=30, what="the front door is open")
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def _serve_people(city: City, stop: asyncio.Event) -> None:
    owners = OwnersClerk(city=city, clock=CLOCK, ids=_IDS)
    front = server(start_page(city, owners, version="0"), Listen(port=city.ports.start))
    serving = asyncio.create_task(front.serve())
    officers = certify_officers(city, agency_id(city), clock=CLOCK, ids=_IDS)
    tasks = [asyncio.create_task(owners.certify_owners()), asyncio.create_task(officers)]
    await stop.wait()
    front.should_exit = True
    await serving
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
