"""P2 on a real node that is killed around every step of an access, one after the other."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from signal import SIGKILL

import httpx
import msgspec
import pytest

from handfast.audit.source import HttpSource
from handfast.audit.verify import verify_log
from handfast.cli.bench_glass_city import alarm_opens, free_base
from handfast.cli.demo.city import Ports, open_or_make
from handfast.cli.demo.command import programs
from handfast.model.agreement import Purpose
from handfast.protocol.statements import LogProof
from tests.e2e.city import SCHOOL, RunningCity, clerks
from tests.e2e.fused import FusedNode, Remains, fused_node
from tests.e2e.fused_node import Fuse
from tests.e2e.officer import IDS, Answer, KnownSite, Officer, officer, open_proof
from tests.e2e.waiting import CLOCK, eventually
from tests.e2e.watching import Watching, watching

pytestmark = pytest.mark.timeout(600)
NEVER = Fuse(step="never", number=0)
ANSWERED = "answer access"
CLEARED = "http /api/v1/signals"
ENDED = "outbox ended"


@pytest.fixture
def small_city(tmp_path: Path) -> Iterator[RunningCity]:
    """Start hub, agency and cameras; the school has one camera, and no node runs."""
    ports = Ports(base=free_base())
    city = open_or_make(tmp_path / "city", ports, ids=IDS, now_us=CLOCK.now_us())
    alarm_opens(city, SCHOOL, linger_s=0)
    config = city.node(SCHOOL) / "node.toml"
    config.write_text("[[cameras]]".join(config.read_text().split("[[cameras]]")[:2]))
    running = RunningCity(city=city, programs={p.name: p for p in programs(city, drawn=True)})
    (city.folder / "logs").mkdir()
    try:
        running.start("cameras", "hub", "agency")
        with clerks(city):
            yield running
    finally:
        running.stop_all()


@dataclass(kw_only=True)
class Seen:
    """What came of one access: to the officer, and to the panel that was cleared."""

    answer: Answer | None = None
    view: Watching | None = None
    cleared: bool = False

    def has_all(self, sent: list[str]) -> bool:
        """Tell whether everything that the node sent before it died has arrived."""
        view = self.view
        if "answer attach" not in sent or view is None:  # the hub passes no frames on
            return self.answer is not None or ANSWERED not in sent
        return (
            len(view.windows) >= sent.count("frame window")
            and len(view.key_frames) >= sent.count("frame key")
            and len(view.ends) >= sent.count("frame end")
            and (self.cleared or CLEARED not in sent)
        )

    def proofs(self) -> list[LogProof]:
        """Return every proof that came from before the node died."""
        found = [] if self.answer is None else [self.answer.decision.log]
        if self.view is not None:
            found += [window.log for window in self.view.windows]
            found += [end.log for end in self.view.ends if end.reason != "node-restarted"]
        return [proof for proof in found if proof is not None]


@dataclass(kw_only=True)
class Story:
    """One access, told again and again to a node that dies each time at another step."""

    city: RunningCity
    node: FusedNode
    rivera: Officer
    known: KnownSite
    copies: Path
    proofs: list[LogProof] = field(default_factory=list)
    before: Remains = field(default_factory=lambda: Remains(entries=[], accesses=[]))
    told: "list[asyncio.Task[None]]" = field(default_factory=list)

    async def dies(self, fuse: Fuse) -> list[str]:
        """Let the node die, start it again, and check; returns the steps up to the last.

        A node that was not to die, or not reached that step, dies when the story is over.
        """
        seen = Seen()
        await self._works()
        self.node.arm(fuse)
        story = asyncio.create_task(self._tell(seen))
        death = asyncio.create_task(asyncio.to_thread(self.node.died))
        await asyncio.wait({story, death}, return_when=asyncio.FIRST_COMPLETED)
        if story.done():
            story.result()
            self.node.kill()
        assert await death == -SIGKILL
        steps, left = self.node.taken(), self.node.remains(self.copies / str(len(self.told)))
        sent = steps[:-1] if blew(fuse, steps) else steps
        if ANSWERED not in sent:
            story.cancel()  # or the hub would tell in its time that nobody answers
        await asyncio.to_thread(self.starts)
        await self._arrived(seen, sent)
        story.cancel()
        self.told.append(story)
        self._explained(seen, left)
        self.before = left
        return steps

    def starts(self) -> None:
        """Start the node, without a fuse, and wait for it and for its way to the hub."""
        self.node.start()
        self.city.connected(SCHOOL)

    async def is_told(self) -> None:
        """Hang up; whatever was wrong with what came is raised here."""
        for result in await asyncio.gather(*self.told, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def _works(self) -> None:
        """Nothing that happened keeps the node from hearing, deciding, logging, answering."""
        await asyncio.to_thread(self.city.panel, SCHOOL, "raise")
        denial = (await self.rivera.asks(self.known, purpose=Purpose.EXERCISE)).decision
        assert denial.outcome == "deny"
        assert denial.log is not None
        self.proofs.append(denial.log)

    async def _tell(self, seen: Seen) -> None:
        """Ask, look, clear the alarm, hear of the end."""
        seen.answer = await self.rivera.asks(self.known)
        assert seen.answer.decision.outcome == "permit"
        async with watching(self.rivera, self.known, seen.answer) as view:
            seen.view = view
            await view.until(lambda: in_second_window(view), 60, "a key of the second window")
            with suppress(httpx.HTTPError):
                await asyncio.to_thread(self.city.panel, SCHOOL, "clear")
                seen.cleared = True
            await view.until(lambda: bool(view.ends), 60, "the end")
            await eventually(self._hub_knows, within_s=60, what="the hub is told")

    async def _hub_knows(self) -> bool:
        """The hub has committed the end, and the node knows it."""
        steps = self.node.taken()
        ended = steps.index(ENDED) if ENDED in steps else len(steps)
        return "commit outbox.db" in steps[ended:]

    async def _arrived(self, seen: Seen, sent: list[str]) -> None:
        """Let come what was on its way when the node died."""

        async def _all() -> bool:
            return seen.has_all(sent)

        def _what() -> str:
            return f"all of {sent} arrives ({seen.view.told() if seen.view else 'no view'})"

        await eventually(_all, within_s=60, what=_what)

    def _explained(self, seen: Seen, left: Remains) -> None:
        """Hold what came from the node against what it left, and against its log now."""
        # No entry is lost, and whatever was open when it died before was ended since.
        assert left.entries[: len(self.before.entries)] == self.before.entries
        assert set(self.before.grants()) <= left.ended()
        # No grant without its entry.
        assert left.opened() <= set(left.grants())
        # What got out was in the log before: decisions, windows, ends, and keys.
        for proof in seen.proofs():
            assert left.entries[proof.index] == open_proof(self.known, proof)
        if seen.view is not None:
            explain_keys(seen.view, left)
        # The log that came back has all that was ever proved, and continues each checkpoint.
        self.proofs += seen.proofs()
        self._verified()

    def _verified(self) -> None:
        shown = [msgspec.json.encode(proof).decode() for proof in self.proofs]
        newest = max(self.proofs, key=lambda proof: proof.size)
        report = verify_log(
            HttpSource(f"{self.city.city.node_url(SCHOOL)}/log"),
            self.known.agreement.node.log,
            since=newest.checkpoint,
            openings=shown,
        )
        assert report.holds, report.findings


def blew(fuse: Fuse, steps: list[str]) -> bool:
    """Tell whether a node died by its fuse: then it did not take the last of the steps."""
    return steps.count(fuse.step) > fuse.number


def in_second_window(view: Watching) -> bool:
    """Tell whether a key has come that the decision's own entry does not explain."""
    starts = [view.runs[place].start_us for place in view.keys if place in view.runs]
    return len(view.windows) > 1 and max(starts, default=0) >= view.windows[1].from_us


def explain_keys(view: Watching, left: Remains) -> None:
    """Each key that came is of a run that begins in a window of its grant's entries."""
    grants = left.grants()
    for frame in view.key_frames:
        windows = grants[str(frame.grant)]
        run = view.runs.get((frame.segment, frame.run))
        if run is not None:  # else the node died before it sent what the key opens
            assert any(since <= run.start_us < until for since, until in windows)


def fuses(steps: list[str]) -> list[Fuse]:
    """Return where to die: before each step, an early and a late one by turns.

    So each restart is followed by another story that gets far. On a slow machine one more
    window and key goes by in each second: of steps of one name the first and last three do.
    """
    counted = [(step, steps[:n].count(step)) for n, step in enumerate(steps)]
    found = [
        Fuse(step=step, number=number)
        for step, number in counted
        if number < 3 or number >= steps.count(step) - 3
    ]
    half = len(found) // 2
    return [*chain.from_iterable(zip(found, found[half:], strict=False)), *found[2 * half :]]


async def test_p2_audit_before_effect_killed_before_every_step_of_an_access(
    small_city: RunningCity, tmp_path: Path
) -> None:
    """From the ask to the end of the grant, whatever left the node is explained by its log."""
    copies = tmp_path / "copies"
    copies.mkdir()
    with fused_node(small_city, SCHOOL) as node:
        node.start()
        small_city.connected(SCHOOL)
        async with officer(small_city.city) as rivera:
            known = await rivera.site(SCHOOL)
            story = Story(city=small_city, node=node, rivera=rivera, known=known, copies=copies)
            steps = await story.dies(NEVER)
            died = [(fuse, await story.dies(fuse)) for fuse in fuses(steps)]
            await story.dies(NEVER)
            await story.is_told()
    assert {fuse.step for fuse, taken in died if blew(fuse, taken)} == set(steps)
