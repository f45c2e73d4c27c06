"""A demo city of a benchmark's own: made in a folder, started, asked and told, stopped."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import httpx
import msgspec

from handfast.cli.agency import ROOT_KEY as AGENCY_ROOT
from handfast.cli.demo.city import PANEL, City, Ports, open_or_make, run_quietly
from handfast.cli.demo.places import SITES, DemoSite
from handfast.cli.files import read_signing_key, write_envelope
from handfast.cli.owner import ROOT_KEY as OWNER_ROOT
from handfast.kit.clock import Clock
from handfast.kit.errors import UnavailableError
from handfast.kit.ids import Ids
from handfast.model import templates
from handfast.model.agreement import Clause, WhileSignal
from handfast.node.signals.panels import sign_report
from handfast.protocol.agreement_document import AgreementDocument, to_agreement, to_document
from handfast.protocol.signing import sign
from handfast.protocol.wire import PanelReport
from handfast.seal.identity import fingerprint

SCHOOL = SITES[0]
_OFFSETS = (0, 1, 2, 5, 10, 21, 22, 23)
_READY_S = 180
_LOOK_S = 0.1
_INCIDENT_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchCity:
    """A running demo whose school an alarm panel can be played for."""

    city: City
    clock: Clock

    def panel(self, state: str, *, lease_s: int = 900) -> int:
        """Let the school's panel report; returns when the report was sent, us."""
        now_us = self.clock.now_us()
        unsigned = PanelReport(
            panel=PANEL,
            sequence=now_us,
            signal="intrusion",
            state="raise" if state == "raise" else "clear",
            test=False,
            lease_s=lease_s,
            at_us=now_us,
            mac="",
        )
        secret = (self.city.node(SCHOOL) / "panel.secret").read_bytes()
        body = msgspec.json.encode(sign_report(unsigned, secret))
        url = f"{self.city.node_url(SCHOOL)}/api/v1/signals"
        sent_us = self.clock.now_us()
        answer = httpx.post(url, content=body, timeout=10)
        if answer.is_error:
            raise UnavailableError(f"the school's node refused its panel: {answer.text}")
        return sent_us

    def incident(self, token: str) -> str:
        """Wait for an open incident at the hub, and return its id.

        Raises:
            UnavailableError: None was opened in time.
        """
        end, pause = self.clock.monotonic() + _INCIDENT_S, Event()
        while not (found := self._open_incidents(token)):
            if self.clock.monotonic() > end:
                raise UnavailableError("the hub opened no incident for the alarm")
            pause.wait(_LOOK_S)
        return found[0]

    def close_incidents(self, token: str) -> None:
        """Close what is open, as an officer does, so that the next alarm opens its own."""
        for incident in self._open_incidents(token):
            url = f"{self.city.hub_url}/api/v1/incidents/{incident}/close"
            httpx.post(url, headers={"authorization": token}).raise_for_status()

    def _open_incidents(self, token: str) -> list[str]:
        url = f"{self.city.hub_url}/api/v1/incidents"
        answer = httpx.get(url, headers={"authorization": token})
        answer.raise_for_status()
        listed = answer.json()["incidents"]
        return [str(each["id"]) for each in listed if each["closed_us"] is None]

    @property
    def school(self) -> Path:
        """The school's node's folder."""
        return self.city.node(SCHOOL)


@contextmanager
def bench_city(
    folder: Path, *, drawn: bool, clock: Clock, ids: Ids, linger_s: int
) -> Iterator[BenchCity]:
    """Make a city whose school closes `linger_s` after an alarm, run it, stop it.

    Raises:
        UnavailableError: It did not start; the end of its output says why.
    """
    city = open_or_make(folder, Ports(base=free_base()), ids=ids, now_us=clock.now_us())
    alarm_opens(city, SCHOOL, linger_s=linger_s)
    command = [sys.executable, "-m", "handfast.cli.main", "demo", "--bars"]
    said = folder / "demo.log"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--folder", str(folder), *(["--drawn"] if drawn else [])],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _await_ready(process, city, said, clock)
        yield BenchCity(city=city, clock=clock)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _await_ready(
    process: "subprocess.Popen[bytes]", city: City, said: Path, clock: Clock
) -> None:
    end, pause = clock.monotonic() + _READY_S, Event()
    while not _answers(city.start_url):
        if process.poll() is not None or clock.monotonic() > end:
            text = said.read_text("utf-8", errors="replace")[-2000:]
            raise UnavailableError(f"the demo city did not start:\n{text}")
        pause.wait(_LOOK_S)


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=2).status_code == httpx.codes.OK
    return False


def free_base() -> int:
    """Return a number from which all of the demo's ports are free.

    Raises:
        UnavailableError: There is none.
    """
    for base in range(20_000 + os.getpid() % 500 * 40, 60_000, 40):
        with suppress(OSError):
            for offset in _OFFSETS:
                with socket.socket() as tried:
                    tried.bind(("127.0.0.1", base + offset))
            return base
    raise UnavailableError("no free TCP ports; end other programs and try again")


def alarm_opens(city: City, site: DemoSite, *, linger_s: int) -> None:
    """Put a newer agreement in force: open while the alarm is up, and `linger_s` after."""
    when = WhileSignal(kind="intrusion", linger_us=linger_s * 1_000_000)
    school = templates.school()
    put_in_force(
        city, site, *(replace(clause, when=when, needs_incident=False) for clause in school)
    )


def put_in_force(city: City, site: DemoSite, *clauses: Clause) -> None:
    """Let both sides sign a newer agreement of these clauses, and give it to both."""
    root = city.owner_root(site)
    draft = msgspec.json.decode((root / "agreement.json").read_bytes(), type=AgreementDocument)
    before = to_agreement(draft)
    newer = to_document(replace(before, serial=before.serial + 1, clauses=clauses))
    keys = (root / OWNER_ROOT, city.agency_root / AGENCY_ROOT)
    signed = city.node(site) / "agreements" / "police.json"
    write_envelope(signed, sign(newer, *(read_signing_key(key) for key in keys)))
    run_quietly(
        *("agency", "install", str(signed), "--config", str(city.agency_config)),
        *("--owner-fingerprint", fingerprint(before.owner_root)),
    )
