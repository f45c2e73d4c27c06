"""`handfast demo`: start the city, say where to look, stop on Ctrl-C."""

import argparse
import asyncio
import logging
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from handfast import __version__
from handfast.cli.command import Commands, add_command
from handfast.cli.demo.city import City, Ports, made_city, open_or_make
from handfast.cli.demo.clerk import certify_officers
from handfast.cli.demo.clerk_owner import OwnersClerk, agency_id
from handfast.cli.demo.free_ports import require_free
from handfast.cli.demo.places import SITES
from handfast.cli.demo.processes import Program, Running, first_to_end, running, tail
from handfast.cli.demo.start_page import start_page
from handfast.kit.cache import cache_directory
from handfast.kit.clock import Clock, SystemClock
from handfast.kit.errors import UnavailableError
from handfast.kit.ids import Ids, SystemIds
from handfast.storage.files import make_directory
from handfast.vision.registry import read_registry
from handfast.vision.store import State, state_of
from handfast.web.listen import Listen
from handfast.web.serving import server


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demo:
    city: City
    clock: Clock
    ids: Ids
    drawn: bool
    bars: bool


def add_to(commands: Commands) -> None:
    """Add `handfast demo`."""
    parser = add_command(
        commands,
        "demo",
        summary="Run a small city on this machine: hub, agency, three sites, cameras.",
        example="handfast demo",
        run=run,
    )
    parser.add_argument(
        "--folder", type=Path, default=default_folder(), help="where the city keeps its files"
    )
    parser.add_argument("--port", type=int, default=8700, help="first of its ports")
    parser.add_argument(
        "--drawn",
        action="store_true",
        help="draw a test pattern with bar codes instead of fetching footage",
    )
    parser.add_argument(
        "--bars",
        action="store_true",
        help="show each picture's number as a bar code, as tests and benchmarks need it",
    )


def default_folder() -> Path:
    """Return where the demo's files go: the user's data folder (XDG base directories)."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "handfast" / "demo"


def run(arguments: argparse.Namespace) -> int:
    """Run the demo until Ctrl-C; a second start finds its data."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    clock = SystemClock()
    ids = SystemIds(clock)
    print("Handfast demo: a city of three sites on this machine.", flush=True)
    folder: Path = arguments.folder
    made = made_city(folder)
    wanted = made or City(folder=folder, ports=Ports(base=arguments.port))
    require_free(wanted, made=made is not None)
    city = open_or_make(folder, wanted.ports, ids=ids, now_us=clock.now_us())
    bars = arguments.bars or arguments.drawn
    demo = _Demo(city=city, clock=clock, ids=ids, drawn=arguments.drawn, bars=bars)
    _prepare_footage(drawn=arguments.drawn, bars=bars)
    if not arguments.drawn:
        _install_models()
    return asyncio.run(_run(demo))


def _install_models() -> None:
    """Install what finds people to cover; without it redacted pictures are covered whole."""
    cache = cache_directory(os.environ)
    if all(state_of(each, cache) is State.INSTALLED for each in read_registry().model):
        return
    command = [sys.executable, "-m", "handfast.cli.main", "models", "install"]
    if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode != 0:
        print(
            "The models are missing (see above), so redacted pictures are covered as a whole; "
            "later: handfast models install",
            flush=True,
        )


def _prepare_footage(*, drawn: bool, bars: bool) -> None:
    """Fetch and encode what the cameras play, in sight of whoever waits for it.

    Raises:
        UnavailableError: It cannot be had; the command's own words have been printed.
    """
    arguments = ("sim", "footage", *_pictures(drawn=drawn, bars=bars))
    command = [sys.executable, "-m", "handfast.cli.main", *arguments]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise UnavailableError(
            "the footage could not be prepared (see above); "
            "`handfast demo --drawn` runs with drawn pictures instead"
        )


def _pictures(*, drawn: bool, bars: bool) -> tuple[str, ...]:
    """Return the options of `handfast sim` that say what the cameras play."""
    count = sum(len(site.cameras) for site in SITES)
    options = ("--count", str(count), "--h265", "1", "--bars", "on" if bars else "off")
    return (*options, "--drawn") if drawn else options


def programs(city: City, *, drawn: bool, bars: bool = True) -> list[Program]:
    """Return the demo's programs in the order in which they start.

    Args:
        city: Where their files are.
        drawn: Cameras play a drawn test pattern, nothing is fetched.
        bars: Pictures show their numbers as bar codes, for whoever measures.
    """
    cameras = ("sim", "cameras", *_pictures(drawn=drawn, bars=bars))
    return [
        Program(name="cameras", arguments=(*cameras, "--port", str(city.ports.cameras))),
        Program(
            name="hub",
            arguments=("hub", "run", "--config", str(city.hub_config)),
            ready=f"{city.hub_url}/healthz",
        ),
        Program(
            name="agency",
            arguments=("agency", "run", "--config", str(city.agency_config)),
            ready=f"{city.agency_url}/config.json",
        ),
        *(
            Program(
                name=f"node-{site.folder}",
                arguments=("node", "run", "--config", str(city.node(site) / "node.toml")),
                ready=f"{city.node_url(site)}/healthz",
            )
            for site in SITES
        ),
    ]


async def _run(demo: _Demo) -> int:
    logs = demo.city.folder / "logs"
    make_directory(logs)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    started_at = demo.clock.monotonic()
    chosen = programs(demo.city, drawn=demo.drawn, bars=demo.bars)
    async with running(chosen, logs=logs, clock=demo.clock, stop=stop) as started:
        ended = None
        if not stop.is_set():
            _welcome(demo, demo.clock.monotonic() - started_at)
            ended = await _serve_people(demo, started, stop)
        print("\nStopping ...", flush=True)
    if ended is not None:
        raise UnavailableError(
            f"{ended.program.name} ended by itself; {ended.log} says:\n{tail(ended.log)}"
        )
    print("Stopped. `handfast demo` continues where it was.", flush=True)
    return 0


async def _serve_people(
    demo: _Demo, started: list[Running], stop: asyncio.Event
) -> Running | None:
    """Be front door and clerks until Ctrl-C, or until a program has ended by itself."""
    clerk = OwnersClerk(city=demo.city, clock=demo.clock, ids=demo.ids)
    page = start_page(demo.city, clerk, version=__version__)
    front = server(page, Listen(port=demo.city.ports.start))
    officers = certify_officers(demo.city, agency_id(demo.city), clock=demo.clock, ids=demo.ids)
    tasks = [
        asyncio.create_task(front.serve()),
        asyncio.create_task(clerk.certify_owners()),
        asyncio.create_task(officers),
    ]
    ended = await _until(stop, started)
    front.should_exit = True
    for task in tasks[1:]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return ended


async def _until(stop: asyncio.Event, started: list[Running]) -> Running | None:
    """Wait for Ctrl-C, or for a program that ended by itself."""
    waits = {asyncio.create_task(stop.wait()), asyncio.create_task(first_to_end(started))}
    done, waiting = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waiting:
        wait.cancel()
    result = next(iter(done)).result()
    return result if isinstance(result, Running) else None


def _welcome(demo: _Demo, seconds: float) -> None:
    city = demo.city
    print(f"Ready after {seconds:.0f} s. Open this page and choose who to be:\n")
    print(f"    http://127.0.0.1:{city.ports.start}/\n")
    print(f"  officer   {city.agency_url}/officer/")
    for site in SITES:
        print(f"  {site.folder:9} http://127.0.0.1:{city.ports.start}/{site.folder}")
    print(f"  logs      {city.folder / 'logs'}")
    print("\nCtrl-C stops everything; nothing is lost.", flush=True)
