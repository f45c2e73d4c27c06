"""The node's heart put together from its ports: the same for the program and for tests.

`app` builds the adapters around it; nothing here opens a file or a socket.
"""

from dataclasses import dataclass

from handfast.media.feed import Event
from handfast.node.attachments import Attachments
from handfast.node.challenges import Challenges
from handfast.node.desk import Desk
from handfast.node.flood import Allowance
from handfast.node.judge import Judge, JudgeParts
from handfast.node.open_grants import GrantParts, OpenGrants
from handfast.node.outside import Outside
from handfast.node.owner_devices import OwnerDevices
from handfast.node.pep import Pep, open_log
from handfast.node.ports import Serials
from handfast.node.redaction.areas import LiveCameras
from handfast.node.shown_tracks import ShownTracks
from handfast.node.signals.announce import SignalAnnouncer
from handfast.node.signals.board import SignalBoard
from handfast.node.signals.report import ReportSignal
from handfast.node.steady import SteadyClock
from handfast.node.usecases.answer_request import AnswerRequest
from handfast.node.usecases.ask_owner import AskOwner, AskOwnerParts
from handfast.node.usecases.close_access import CloseAccess, CloseParts
from handfast.node.usecases.draw_areas import DrawAreas, DrawParts
from handfast.node.usecases.open_access import OpenAccess
from handfast.node.usecases.open_windows import OpenWindows
from handfast.node.usecases.ranges import Ranges
from handfast.node.usecases.read_log import ReadLog
from handfast.node.usecases.redact_range import RangeParts, RedactRange
from handfast.node.usecases.relay_live import RelayLive, RelayParts
from handfast.node.usecases.release_range import ReleaseRange
from handfast.node.usecases.show_still import ShowStill, StillParts
from handfast.node.usecases.stream_live import LiveParts, StreamLive
from handfast.node.usecases.who_looked import WhoLooked

_UNAUTHENTICATED_BURST = 60
_UNAUTHENTICATED_PER_S = 1.0


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
    draw_areas: DrawAreas
    stills: ShowStill
    report_signal: ReportSignal
    ranges: Ranges
    redacted_ranges: RedactRange
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Core:
    """What every use case stands on."""

    steady: SteadyClock
    pep: Pep
    board: SignalBoard
    judge: Judge
    grants: OpenGrants
    announcer: SignalAnnouncer
    challenges: Challenges
    devices: OwnerDevices
    cameras: LiveCameras


def assemble(outside: Outside) -> Heart:
    """Build the node's heart. Reads stored state, so it blocks for the disk."""
    stores, core = outside.stores, _core(outside)
    clear, redacted = _ranges(outside)
    core.grants.on_end(redacted.ended)
    ranges = Ranges(clear, redacted)
    desk = _desk(outside, core, ShownTracks(redacted.kind_of, outside.live_tracks))
    answers = AnswerRequest(desk, OpenAccess(desk, ranges))
    relay, live = _live(outside, core)
    return Heart(
        steady=core.steady,
        challenges=core.challenges,
        pep=core.pep,
        board=core.board,
        announcer=core.announcer,
        grants=core.grants,
        devices=core.devices,
        answers=answers,
        ask_owner=_ask_owner(outside, core, answers),
        close_access=_close_access(outside, core),
        draw_areas=_draw_areas(outside, core),
        stills=_stills(outside, core),
        report_signal=ReportSignal(
            panels=outside.panels,
            serials=stores.serials,
            board=core.board,
            clock=core.steady,
            metrics=outside.metrics,
        ),
        ranges=ranges,
        redacted_ranges=redacted,
        live=live,
        relay=relay,
        who_looked=WhoLooked(accesses=stores.accesses, log=stores.log),
        read_log=ReadLog(stores.log),
        serials=stores.serials,
    )


def _ranges(outside: Outside) -> tuple[ReleaseRange, RedactRange]:
    stores = outside.stores
    clear = ReleaseRange(
        segments=stores.segments,
        files=stores.files,
        periods=stores.periods,
        observer=outside.observer,
    )
    redacted = RedactRange(
        RangeParts(
            workshop=outside.workshop,
            segments=stores.segments,
            periods=stores.periods,
            observer=outside.observer,
            clock=outside.clock,
            ids=outside.ids,
        )
    )
    return clear, redacted


def _core(outside: Outside) -> _Core:
    """Build the core and tie its parts: a change of a signal judges every grant again."""
    stores, site = outside.stores, outside.site
    steady = SteadyClock(outside.clock, seen_us=stores.serials.seen_us())
    log = open_log(stores.log, outside.key, outside.origin, ids=outside.ids)
    pep = Pep(log=log, metrics=outside.metrics)
    cameras = LiveCameras(site.cameras, outside.areas)
    board = SignalBoard(
        store=stores.signals, clock=steady, ids=outside.ids, terms=outside.terms
    )
    judge = Judge(
        JudgeParts(
            pep=pep,
            board=board,
            trusted=outside.trusted,
            requests=stores.requests,
            owner_root=outside.owner_root,
            site=site.place,
            cameras=cameras,
        )
    )
    grants = _grants(outside, steady, judge, pep)
    announcer = SignalAnnouncer(
        node=site.node,
        key=outside.key,
        clock=steady,
        pep=pep,
        hub=outside.hub,
        bell=outside.bell,
    )
    board.on_change(grants.on_signal)
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
    return _Core(
        steady=steady,
        pep=pep,
        board=board,
        judge=judge,
        grants=grants,
        announcer=announcer,
        challenges=challenges,
        devices=devices,
        cameras=cameras,
    )


def _grants(outside: Outside, steady: SteadyClock, judge: Judge, pep: Pep) -> OpenGrants:
    return OpenGrants(
        GrantParts(
            node=outside.site.node,
            key=outside.key,
            clock=steady,
            judge=judge,
            pep=pep,
            accesses=outside.stores.accesses,
            hub=outside.hub,
            bell=outside.bell,
            metrics=outside.metrics,
        )
    )


def _desk(outside: Outside, core: _Core, tracks: ShownTracks) -> Desk:
    allowance = Allowance(
        clock=outside.clock, burst=_UNAUTHENTICATED_BURST, per_s=_UNAUTHENTICATED_PER_S
    )
    return Desk(
        node=outside.site.node,
        key=outside.key,
        clock=core.steady,
        ids=outside.ids,
        cameras=core.cameras,
        trusted=outside.trusted,
        kind_of=tracks.kind_of,
        challenges=core.challenges,
        judge=core.judge,
        pep=core.pep,
        grants=core.grants,
        requests=outside.stores.requests,
        accesses=outside.stores.accesses,
        hub=outside.hub,
        bell=outside.bell,
        metrics=outside.metrics,
        unauthenticated=allowance,
    )


def _ask_owner(outside: Outside, core: _Core, answers: AnswerRequest) -> AskOwner:
    return AskOwner(
        AskOwnerParts(
            clock=core.steady,
            pep=core.pep,
            judge=core.judge,
            grants=core.grants,
            requests=outside.stores.requests,
            devices=core.devices,
            answers=answers,
            cameras=core.cameras,
        )
    )


def _close_access(outside: Outside, core: _Core) -> CloseAccess:
    return CloseAccess(
        CloseParts(
            clock=core.steady,
            pep=core.pep,
            judge=core.judge,
            board=core.board,
            grants=core.grants,
            requests=outside.stores.requests,
            devices=core.devices,
            bell=outside.bell,
        )
    )


def _draw_areas(outside: Outside, core: _Core) -> DrawAreas:
    return DrawAreas(
        DrawParts(
            clock=core.steady,
            pep=core.pep,
            grants=core.grants,
            devices=core.devices,
            drawings=outside.stores.drawings,
            areas=outside.areas,
            cameras=core.cameras,
            live=outside.live_tracks,
            bell=outside.bell,
        )
    )


def _stills(outside: Outside, core: _Core) -> ShowStill:
    return ShowStill(
        StillParts(
            clock=core.steady,
            wall=outside.clock,
            pep=core.pep,
            devices=core.devices,
            cameras=core.cameras,
            workshop=outside.workshop,
            segments=outside.stores.segments,
            periods=outside.stores.periods,
            bell=outside.bell,
        )
    )


def _live(outside: Outside, core: _Core) -> tuple[RelayLive, StreamLive]:
    attachments = Attachments()
    relay = RelayLive(
        RelayParts(
            clock=core.steady,
            wall=outside.clock,
            grants=core.grants,
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
        clock=core.steady,
        pep=core.pep,
        viewers=outside.viewers,
    )
    live = StreamLive(
        LiveParts(
            node=outside.site.node,
            key=outside.key,
            clock=core.steady,
            wall=outside.clock,
            grants=core.grants,
            attachments=attachments,
            windows=windows,
            relay=relay,
            recorder=outside.recorder,
            tracks=outside.live_tracks,
            viewers=outside.viewers,
            metrics=outside.metrics,
        )
    )
    return relay, live
