"""A school's node with everything real but disk, network, cameras and time."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import msgspec

from handfast.audit.ports import LogStore
from handfast.kit.encoding import b64, unb64
from handfast.model.agreement import Clause
from handfast.model.camera import CameraId
from handfast.model.media import Rendition, Stream, View
from handfast.model.signal import LeaseTerms, Signal
from handfast.node.assembly import Heart, assemble
from handfast.node.chain import Revoked
from handfast.node.metrics import NodeMetrics
from handfast.node.outside import Outside, Stores
from handfast.node.ports import Accesses, Drawings, Requests, Serials, Signals, Viewers
from handfast.node.redaction.areas import ProtectedAreas
from handfast.node.redaction.orders import Making
from handfast.node.signals.panels import Panel
from handfast.node.trust import Standing, Trusted
from handfast.node.usecases.redact_range import Workshop
from handfast.policy.compile import compile_agreement
from handfast.protocol.agreement_document import to_document
from handfast.protocol.signing import hash_of, verify
from handfast.protocol.statements import (
    AccessRequestStatement,
    DecisionStatement,
    End,
    GrantStatement,
)
from handfast.protocol.wire import AliveAnswer, AliveAsk, Attached
from handfast.seal.format import FrameType, KeyFrame, decode_frame
from handfast.seal.identity import Envelope
from handfast.seal.open import open_release
from handfast.seal.release import release_info
from tests.fakes.darkroom import FakeDarkroom
from tests.fakes.log_store import FakeLogStore
from tests.fakes.node_media import (
    FakeCamera,
    FakeRecorder,
    FakeTracks,
    FakeViewers,
    KeyCounter,
    MemoryPeriods,
    Rings,
)
from tests.fakes.node_stores import (
    MemoryAccesses,
    MemoryDrawings,
    MemoryOutbox,
    MemoryRequests,
    MemorySerials,
    MemorySignals,
)
from tests.fakes.steady import CountingIds, HandClock
from tests.scenario.node.people import (
    GATE,
    INCIDENT,
    NODE,
    ON_ALARM,
    SECRET,
    SITE,
    Officer,
    People,
)
from tests.viewing import run_key_of

ORIGIN = "log.kallio.example"
FRAME_US = 40_000
NOWHERE = Path("/dev/null/ranges")  # for stories that make no redacted ranges


@dataclass(kw_only=True)
class Memory:
    """What survives a restart."""

    log: LogStore = field(default_factory=FakeLogStore)
    signals: Signals = field(default_factory=MemorySignals)
    serials: Serials = field(default_factory=MemorySerials)
    requests: Requests = field(default_factory=MemoryRequests)
    accesses: Accesses = field(default_factory=MemoryAccesses)
    drawings: Drawings = field(default_factory=MemoryDrawings)
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)


class School:
    """A site in a story. Time passes with `passes`; pictures come with `films`."""

    def __init__(
        self,
        *clauses: Clause,
        memory: Memory | None = None,
        viewers: Viewers | None = None,
        ranges: Path = NOWHERE,
    ) -> None:
        """Open the school at noon with an agreement of these clauses."""
        self._ranges = ranges
        self.disk = FakeLogStore()
        self.clock = HandClock()
        self.people = People(now_us=self.clock.now_us())
        self.memory = memory or Memory(log=self.disk)
        self.recorder = FakeRecorder()
        self.live_tracks = FakeTracks()
        self.darkroom = FakeDarkroom()
        self.viewers = FakeViewers()
        self._to = viewers or self.viewers
        self.keys = KeyCounter()
        self.bell = Rings()
        self.metrics = NodeMetrics()
        self.periods = MemoryPeriods()
        self.camera = FakeCamera(
            UUID(GATE), self.periods, started_us=self.clock.now_us() - 100_000_000
        )
        self.trusted = Trusted()
        self.heart = self.start()
        self.terms_of(*(clauses or (ON_ALARM,)))
        self._frames = 0
        self._asked = 0

    def start(self) -> Heart:
        """Start the node, again if need be."""
        memory = self.memory
        self.areas = areas = ProtectedAreas({}, memory.drawings.all())
        outside = Outside(
            site=SITE,
            owner_root=self.people.owner_root.public,
            key=self.people.node,
            origin=ORIGIN,
            clock=self.clock,
            ids=CountingIds(),
            trusted=lambda: self.trusted,
            panels={
                "hall": Panel(id="hall", secret=SECRET, signals=frozenset({"intrusion"})),
            },
            terms=LeaseTerms(),
            stores=Stores(
                log=memory.log,
                signals=memory.signals,
                serials=memory.serials,
                requests=memory.requests,
                drawings=memory.drawings,
                accesses=memory.accesses,
                segments=self.camera,
                files=self.camera,
                periods=self.periods,
            ),
            hub=memory.outbox,
            recorder=self.recorder,
            live_tracks=self.live_tracks,
            areas=areas,
            workshop=Workshop(
                making=lambda stream: Making(
                    stream=stream,
                    owner=UUID(int=1),
                    how=areas.redaction(CameraId(str(stream.camera))),
                ),
                find_file=Path,
                darkroom=self.darkroom,
                folder=self._ranges,
            ),
            viewers=self._to,
            observer=self.keys,
            bell=self.bell,
            metrics=self.metrics,
        )
        self.heart = assemble(outside)
        return self.heart

    def terms_of(self, *clauses: Clause, serial: int = 1) -> None:
        """Put an agreement in force, replacing the one before."""
        agreement = self.people.agreement(*clauses, log=self.heart.pep.log_vkey, serial=serial)
        self.agreement = hash_of(to_document(agreement))
        standing = Standing(hash=self.agreement, compiled=compile_agreement(agreement))
        people = self.people
        devices = {k.fingerprint: people.owner_device(k) for k in (people.phone, people.tablet)}
        self.trusted = Trusted(standing={self.agreement: standing}, devices=devices)

    def revoke(self, revoked: Revoked) -> None:
        """Put revocations in force."""
        self.trusted = replace(self.trusted, revoked=revoked)

    @property
    def now_us(self) -> int:
        """Wall time of the story."""
        return self.clock.now_us()

    async def passes(self, seconds: float, *, tick_s: float = 0.25) -> None:
        """Let time pass without pictures."""
        left = seconds
        while left > 0:
            step = min(tick_s, left)
            self.clock.move(step)
            left -= step
            await self.heart.tick()

    async def films(self, seconds: float, *, group_s: float = 2.0, ticks: bool = True) -> None:
        """Let the gate's camera deliver 25 pictures a second while time passes."""
        per_group = int(group_s * 25)
        for number in range(int(seconds * 25)):
            self.clock.move(FRAME_US / 1_000_000)
            for event in self.camera.picture(self.now_us, key=self._frames % per_group == 0):
                await self.heart.hear(event)
            self._frames += 1
            if ticks and number % 6 == 0:
                await self.heart.tick()

    async def alarm(
        self, state: str = "raise", *, lease_s: int = 120, test: bool = False
    ) -> Signal:
        """Let the panel speak."""
        report = self.people.report(state, at_us=self.now_us, lease_s=lease_s, test=test)
        return await self.heart.report_signal.report(msgspec.json.encode(report))

    def question(
        self,
        officer: Officer,
        change: Callable[[AccessRequestStatement], AccessRequestStatement] | None = None,
    ) -> AccessRequestStatement:
        """Write a live request for the gate, with a fresh challenge."""
        self._asked += 1
        statement = AccessRequestStatement(
            request=str(UUID(int=self._asked)),
            node=NODE,
            agreement=self.agreement,
            camera=GATE,
            stream=Stream.MAIN,
            view=View.LIVE,
            rendition=Rendition.CLEAR,
            purpose="emergency",
            incident=INCIDENT,
            from_us=None,
            until_us=None,
            comment="",
            challenge=self.heart.challenges.issue().challenge,
            device=officer.sign.fingerprint,
            asked_us=self.now_us,
        )
        return statement if change is None else change(statement)

    async def asks(
        self,
        officer: Officer,
        change: Callable[[AccessRequestStatement], AccessRequestStatement] | None = None,
        *,
        incident: Envelope | None = None,
    ) -> DecisionStatement:
        """Ask, and return the node's signed decision."""
        statement = self.question(officer, change)
        return self.read(await self.heart.answers.answer(officer.ask(statement, incident)))

    def read(self, envelope: Envelope) -> DecisionStatement:
        """Check the node's signature on a decision."""
        node = self.people.node
        return verify(envelope, DecisionStatement, trusted={node.fingerprint: node.public})

    async def watches(self, officer: Officer) -> "Watching":
        """Ask, be permitted and attach; the recorder repeats the present group."""
        decision = await self.asks(officer)
        assert decision.outcome == "permit", decision
        watching = Watching(school=self, officer=officer, decision=decision)
        assert await watching.attach() == Attached(ok=True)
        return watching


@dataclass(kw_only=True)
class Watching:
    """An officer's player: opens what it was sent, and nothing else."""

    school: School
    officer: Officer
    decision: DecisionStatement

    @property
    def grant(self) -> GrantStatement:
        """The grant in the decision."""
        assert self.decision.grant is not None
        return self.decision.grant

    async def attach(self) -> Attached:
        """Attach and hear the present group."""
        answer = await self.school.heart.live.attach(self.grant.id)
        if answer.ok and self.school.camera.files:
            for event in self.school.camera.catch_up():
                await self.school.heart.hear(event)
        return answer

    def alive(self) -> AliveAnswer:
        """Send a nonce."""
        ask = AliveAsk(grant=self.grant.id, nonce=b64(bytes(16)))
        return self.school.heart.live.alive(ask)

    def opened(self) -> object:
        """Open the release with the device's key."""
        decision = self.decision
        assert decision.sealed is not None
        assert decision.log is not None
        info = release_info(decision.request, UUID(self.grant.id), decision.log.checkpoint)
        plain = open_release(self.officer.open, info, unb64(decision.sealed))
        return msgspec.json.decode(plain)

    def run_keys(self) -> list[bytes]:
        """Unwrap every run key sent so far."""
        released = self.opened()
        assert isinstance(released, dict)
        live_key = unb64(released["live_key"])
        return [run_key_of(live_key, frame) for frame in self.key_frames()]

    def key_frames(self) -> list[KeyFrame]:
        """Return the key frames sent for this grant."""
        return [each for each in self.frames(FrameType.KEY) if isinstance(each, KeyFrame)]

    def frames(self, kind: FrameType) -> list[object]:
        """Return the frames of one type sent for this grant."""
        sent = self.school.viewers.of(self.grant.id)
        return [decode_frame(frame) for frame in sent if frame[0] == kind]

    def ends(self) -> list[End]:
        """Return the end statements sent for this grant."""
        node = self.school.people.node
        sent = self.school.viewers.of(self.grant.id)
        envelopes = [
            msgspec.json.decode(frame[1:], type=Envelope)
            for frame in sent
            if frame[0] == FrameType.END
        ]
        trusted = {node.fingerprint: node.public}
        return [verify(each, End, trusted=trusted) for each in envelopes]
