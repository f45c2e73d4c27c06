"""The node's heart put together from its ports: the same for the program and for tests.

`app` builds the adapters around it; nothing here opens a file or a socket.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from handfast.audit.ports import LogStore
from handfast.kit.clock import Clock
from handfast.kit.ids import Ids
from handfast.media.feed import Event
from handfast.model.camera import Site
from handfast.model.signal import LeaseTerms
from handfast.node.attachments import Attachments
from handfast.node.challenges import Challenges
from handfast.node.flood import Allowance
from handfast.node.judge import Judge
from handfast.node.metrics import NodeMetrics
from handfast.node.open_grants import OpenGrants
from handfast.node.owner_devices import OwnerDevices
from handfast.node.pep import Pep, open_log
from handfast.node.ports import (
    Accesses,
    Bell,
    Observer,
    Periods,
    Recorder,
    Requests,
    SegmentBytes,
    Segments,
    Serials,
    Signals,
    ToHub,
    Viewers,
)
from handfast.node.signals.announce import SignalAnnouncer
from handfast.node.signals.board import SignalBoard
from handfast.node.signals.panels import Panel
from handfast.node.steady import SteadyClock
from handfast.node.trust import Trusted
from handfast.node.usecases.answer_request import AnswerRequest, Desk
from handfast.node.usecases.ask_owner import AskOwner, AskOwnerParts
from handfast.node.usecases.close_access import CloseAccess, CloseParts
from handfast.node.usecases.open_windows import OpenWindows
from handfast.node.usecases.read_log import ReadLog
from handfast.node.usecases.relay_live import RelayLive, RelayParts
from handfast.node.usecases.release_range import ReleaseRange
from handfast.node.usecases.report_signal import ReportSignal
from handfast.node.usecases.stream_live import LiveParts, StreamLive
from handfast.node.usecases.who_looked import WhoLooked
from handfast.seal.identity import SigningKey
from handfast.storage.sqlite_node import SignalRow

_UNAUTHENTICATED_BURST = 60
_UNAUTHENTICATED_PER_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Everything durable."""

    log: LogStore
    signals: Signals
    serials: Serials
    requests: Requests
    accesses: Accesses
    segments: Segments
    files: SegmentBytes
    periods: Periods


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything around the heart.

    Attributes:
        key: The node's signing key, which signs the owner's log too.
        origin: Name of the owner's log.
        trusted: Returns what is believed now.
        panels: By id.
    """

    site: Site
    owner_root: bytes
    key: SigningKey
    origin: str
    clock: Clock
    ids: Ids
    trusted: Callable[[], Trusted]
    panels: Mapping[str, Panel]
    terms: LeaseTerms
    stores: Stores
    hub: ToHub
    recorder: Recorder
    viewers: Viewers
    observer: Observer
    bell: Bell
    metrics: NodeMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Heart:
    """The node's use cases, ready to be called."""

    steady: SteadyClock
    challenges: Challenges
    pep: Pep
    board: SignalBoard
    announcer: SignalAnnouncer
    grants: OpenGrants
    devices: OwnerDevices
    answers: AnswerRequest
    ask_owner: AskOwner
    close_access: CloseAccess
    report_signal: ReportSignal
    ranges: ReleaseRange
    live: StreamLive
    relay: RelayLive
    who_looked: WhoLooked
    read_log: ReadLog
    serials: Serials

    async def start(self) -> None:
        """End what a stop interrupted, and make signals known again."""
        await self.grants.recover()
        for row in self.board.rows():
            await self.announcer.changed(row)

    async def tick(self) -> None:
        """Do what time demands; call it several times a second."""
        await self.board.expire()
        await self.grants.tick()
        await self.live.tick()
        await self.ask_owner.tick()
        await self.announcer.tick()

    async def hear(self, event: Event) -> None:
        """Take one event of the recorder."""
        await self.relay.hear(event)


def assemble(outside: Outside) -> Heart:
    """Build the node's heart. Reads stored state, so it blocks for the disk."""
    stores, site = outside.stores, outside.site
    steady = SteadyClock(outside.clock, seen_us=stores.serials.seen_us())
    log = open_log(stores.log, outside.key, outside.origin, ids=outside.ids)
    pep = Pep(log=log, metrics=outside.metrics)
    board = SignalBoard(
        store=stores.signals, clock=steady, ids=outside.ids, terms=outside.terms
    )
    judge = Judge(
        pep=pep,
        board=board,
        trusted=outside.trusted,
        requests=stores.requests,
        owner_root=outside.owner_root,
        site=site.place,
    )
    grants = OpenGrants(
        node=site.node,
        key=outside.key,
        clock=steady,
        judge=judge,
        pep=pep,
        accesses=stores.accesses,
        hub=outside.hub,
        bell=outside.bell,
        metrics=outside.metrics,
    )
    announcer = SignalAnnouncer(
        node=site.node,
        key=outside.key,
        clock=steady,
        pep=pep,
        hub=outside.hub,
        bell=outside.bell,
    )

    async def judge_all_again(_row: SignalRow) -> None:
        await grants.tick()

    board.on_change(judge_all_again)
    board.on_change(announcer.changed)
    challenges = Challenges(clock=steady, ids=outside.ids)
    steady.on_step_back(challenges.forget)
    steady.on_step_back(judge.step_back)
    devices = OwnerDevices(
        node=site.node,
        owner=site.owner,
        owner_root=outside.owner_root,
        trusted=outside.trusted,
        clock=steady,
        challenges=challenges,
    )
    ranges = ReleaseRange(
        segments=stores.segments,
        files=stores.files,
        periods=stores.periods,
        observer=outside.observer,
    )
    cameras = {camera.id: camera for camera in site.cameras}
    answers = AnswerRequest(
        Desk(
            node=site.node,
            key=outside.key,
            clock=steady,
            ids=outside.ids,
            cameras=cameras,
            trusted=outside.trusted,
            challenges=challenges,
            judge=judge,
            pep=pep,
            grants=grants,
            requests=stores.requests,
            accesses=stores.accesses,
            ranges=ranges,
            hub=outside.hub,
            bell=outside.bell,
            metrics=outside.metrics,
            unauthenticated=Allowance(
                clock=outside.clock,
                burst=_UNAUTHENTICATED_BURST,
                per_s=_UNAUTHENTICATED_PER_S,
            ),
        )
    )
    relay, live = _live(outside, steady, pep, grants)
    return Heart(
        steady=steady,
        challenges=challenges,
        pep=pep,
        board=board,
        announcer=announcer,
        grants=grants,
        devices=devices,
        answers=answers,
        ask_owner=AskOwner(
            AskOwnerParts(
                clock=steady,
                pep=pep,
                judge=judge,
                grants=grants,
                requests=stores.requests,
                devices=devices,
                answers=answers,
                cameras=cameras,
            )
        ),
        close_access=CloseAccess(
            CloseParts(
                clock=steady,
                pep=pep,
                judge=judge,
                board=board,
                grants=grants,
                requests=stores.requests,
                devices=devices,
                bell=outside.bell,
            )
        ),
        report_signal=ReportSignal(
            panels=outside.panels,
            serials=stores.serials,
            board=board,
            clock=steady,
            metrics=outside.metrics,
        ),
        ranges=ranges,
        live=live,
        relay=relay,
        who_looked=WhoLooked(accesses=stores.accesses, log=stores.log),
        read_log=ReadLog(stores.log),
        serials=stores.serials,
    )


def _live(
    outside: Outside, steady: SteadyClock, pep: Pep, grants: OpenGrants
) -> tuple[RelayLive, StreamLive]:
    attachments = Attachments()
    relay = RelayLive(
        RelayParts(
            clock=steady,
            wall=outside.clock,
            grants=grants,
            attachments=attachments,
            periods=outside.stores.periods,
            recorder=outside.recorder,
            viewers=outside.viewers,
            observer=outside.observer,
            metrics=outside.metrics,
        )
    )
    windows = OpenWindows(
        node=outside.site.node,
        key=outside.key,
        clock=steady,
        pep=pep,
        viewers=outside.viewers,
    )
    live = StreamLive(
        LiveParts(
            node=outside.site.node,
            key=outside.key,
            clock=steady,
            wall=outside.clock,
            grants=grants,
            attachments=attachments,
            windows=windows,
            relay=relay,
            recorder=outside.recorder,
            viewers=outside.viewers,
            metrics=outside.metrics,
        )
    )
    return relay, live
