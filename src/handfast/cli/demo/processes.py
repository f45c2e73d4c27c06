"""Start the demo's programs as separate processes, watch them, and stop them in order."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from handfast.kit.clock import Clock
from handfast.kit.errors import UnavailableError

_READY_S = 60
_STOP_S = 8
_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One program of the demo.

    Attributes:
        arguments: What follows `handfast` on its command line.
        ready: URL that answers 200 once it is up; empty when its first output line says so.
    """

    name: str
    arguments: tuple[str, ...]
    ready: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A program that has been started; its output goes to `log`."""

    program: Program
    process: asyncio.subprocess.Process
    log: Path


@asynccontextmanager
async def running(
    programs: Sequence[Program], *, logs: Path, clock: Clock, stop: asyncio.Event
) -> AsyncIterator[list[Running]]:
    """Start programs in order, each once the one before is ready; stop all at the end.

    When `stop` is set on the way no further one is started.

    Raises:
        UnavailableError: One of them ended or was not ready in time; its log says why.
    """
    started: list[Running] = []
    try:
        for program in programs:
            if stop.is_set():
                break
            started.append(await _start(program, logs))
            await _until_ready(started[-1], clock, stop)
        yield started
    finally:
        for each in reversed(started):
            await _stop(each)


async def first_to_end(started: Sequence[Running]) -> Running:
    """Wait until one program has ended by itself, and return it."""
    waits = {asyncio.ensure_future(each.process.wait()): each for each in started}
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        return waits[next(iter(done))]
    finally:
        for wait in waits:
            wait.cancel()


async def _start(program: Program, logs: Path) -> Running:
    log = logs / f"{program.name}.log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "handfast.cli.demo.kept",
            *program.arguments,
            stdin=asyncio.subprocess.PIPE,  # closed by the system when the demo is killed
            stdout=output,
            stderr=output,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            # Ctrl-C reaches only the demo itself, which then stops its programs in order.
            start_new_session=True,
        )
    return Running(program=program, process=process, log=log)


async def _until_ready(each: Running, clock: Clock, stop: asyncio.Event) -> None:
    until = clock.monotonic() + _READY_S
    async with httpx.AsyncClient(timeout=2) as client:
        while clock.monotonic() < until:
            if each.process.returncode is not None:
                raise UnavailableError(f"{each.program.name} ended at once:\n{tail(each.log)}")
            if stop.is_set() or await _answers(client, each):
                return
            await asyncio.sleep(_PAUSE_S)
    raise UnavailableError(
        f"{each.program.name} was not ready within {_READY_S} s:\n{tail(each.log)}"
    )


async def _answers(client: httpx.AsyncClient, each: Running) -> bool:
    if not each.program.ready:
        return each.log.stat().st_size > 0
    with suppress(httpx.HTTPError):
        return (await client.get(each.program.ready)).status_code == httpx.codes.OK
    return False


async def _stop(each: Running) -> None:
    if each.process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        each.process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(each.process.wait(), _STOP_S)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(each.process.pid, signal.SIGKILL)
        await each.process.wait()


def tail(log: Path, lines: int = 12) -> str:
    """Return the last lines of a log, indented."""
    text = log.read_text("utf-8", errors="replace").splitlines()[-lines:]
    return "\n".join(f"    {line}" for line in text)
