"""The site node, put together. Read this first: nothing else constructs its parts.

cameras -> ingest processes -> events -> Record (index, manifests) and RelayLive (keys)
        -> pictures in the clear -> Studio (redaction processes) -> events -> RelayLive
        Standby (one process ahead of need) -> Studio, Darkroom
panels  -> HTTP | MQTT -> ReportSignal -> SignalBoard -> judge again, tell, log
agency <- FetchRevocations -> trust folders -> TrustWatch (judge again)
hub    <-> bus <-> HubAnswers -> AnswerRequest -> Judge -> Pep (decide, log) -> release
owner  <-> HTTP -> AskOwner, CloseAccess, DrawAreas, ShowStill, WhoLooked
"""

import logging
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from litestar import Litestar

from handfast.bus.nats_node import NatsNodeBus
from handfast.bus.node_login import HubLogin
from handfast.bus.ports import NodeBus
from handfast.kit.clock import Clock
from handfast.kit.ids import Ids
from handfast.media.ingest_processes import IngestProcesses, IngestSetup, default_count
from handfast.media.units import StreamKey
from handfast.media.worker_link import Configure
from handfast.model.camera import CameraId
from handfast.model.signal import LeaseTerms
from handfast.node.agency_link import AgencyLink
from handfast.node.assembly import Heart, assemble
from handfast.node.bell import OwnerBell
from handfast.node.config import NodeConfig, read_secret
from handfast.node.disk import Disk, open_disk
from handfast.node.http.doors import Doors
from handfast.node.http.site import build_http
from handfast.node.hub_link import BusViewers, HubOutbox
from handfast.node.identity import about_self, read_certificate, read_key
from handfast.node.ingest_process import ingest_command
from handfast.node.metrics import NodeMetrics
from handfast.node.no_hub import NoHub
from handfast.node.observe import Unobserved
from handfast.node.outside import Outside
from handfast.node.redaction.areas import ProtectedAreas
from handfast.node.redaction.child import redaction_command
from handfast.node.redaction.darkroom import Darkroom
from handfast.node.redaction.orders import Begin, Making, Prepare
from handfast.node.redaction.renditions import Renditions
from handfast.node.redaction.standby import Standby, StandbySetup
from handfast.node.redaction.studio import Studio, StudioSetup
from handfast.node.signals.mqtt import Broker, MqttIntake
from handfast.node.trust import TrustFolders
from handfast.node.trust_watch import TrustWatch
from handfast.node.usecases.fetch_revocations import FetchRevocations
from handfast.node.usecases.keep_room import KeepRoom, RoomPolicy, keep_days
from handfast.node.usecases.pair_device import PairDevice
from handfast.node.usecases.record import Record, RecordParts
from handfast.node.usecases.redact_range import Workshop
from handfast.node.usecases.watch_site import WatchSite
from handfast.seal.identity import SigningKey
from handfast.web.allowance import Allowance
from handfast.web.sessions import Challenges, Sessions

PAIRING = "pairing"
SCRATCH = "redaction"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the node is given from outside: time and chance."""

    clock: Clock
    ids: Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the node stands on: its files, what it believes, its cameras, the way out."""

    config: NodeConfig
    world: World
    key: SigningKey
    disk: Disk
    areas: ProtectedAreas
    trust: TrustWatch
    recorder: IngestProcesses
    standby: Standby
    studio: Studio
    renditions: Renditions
    bus: NodeBus
    outbox: HubOutbox
    viewers: BusViewers
    bell: OwnerBell
    metrics: NodeMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Everything that runs; `run` runs it."""

    ground: Ground
    heart: Heart
    record: Record
    room: KeepRoom
    revocations: FetchRevocations
    mqtt: MqttIntake | None
    http: Litestar


def build_node(config: NodeConfig, world: World, *, bus: NodeBus | None = None) -> Node:
    """Put the parts together; nothing runs yet. Blocks for the disk.

    Args:
        config: The checked configuration.
        world: Time and chance.
        bus: The way to the hub; by default the one the configuration names.

    Raises:
        InvalidError: A file the configuration names is missing or wrong.
        CorruptError: A database or the log is damaged.
    """
    ground = _ground(config, world, bus)
    heart = _heart(ground)
    disk = ground.disk
    record = Record(
        RecordParts(
            node=config.site.node,
            key=ground.key,
            index=disk.index,
            scan=disk.scan,
            bell=ground.bell,
        )
    )
    doors = _doors(ground, heart, record)
    return Node(
        ground=ground,
        heart=heart,
        record=record,
        room=_room(ground, heart),
        revocations=_revocations(ground),
        mqtt=_mqtt(config, heart, world.ids),
        http=build_http(config, doors, node_key=ground.key.public, log=heart.pep.log_vkey),
    )


def _ground(config: NodeConfig, world: World, bus: NodeBus | None) -> Ground:
    key, disk = read_key(config), open_disk(config, ids=world.ids)
    folders = config.table.folders
    trust = TrustFolders(
        config.path(folders.trust),
        config.path(folders.agreements),
        self_=about_self(config, key),
        serials=disk.serials,
    )
    metrics = NodeMetrics()
    recorder = _recorder(config, disk, world.clock)
    standby = _standby(config, disk, world.clock)
    areas = _areas(config, disk)
    studio = _studio(partial(_making, config, areas), disk, standby, clock=world.clock)
    way = bus or _bus(config, world, key)
    return Ground(
        config=config,
        world=world,
        key=key,
        disk=disk,
        areas=areas,
        trust=TrustWatch(trust),
        recorder=recorder,
        standby=standby,
        studio=studio,
        renditions=Renditions(recorder, studio),
        bus=way,
        outbox=HubOutbox(disk.outbox, ids=world.ids, keep=bool(config.table.hub.url)),
        viewers=BusViewers(way, metrics=metrics),
        bell=OwnerBell(),
        metrics=metrics,
    )


def _heart(ground: Ground) -> Heart:
    config = ground.config
    return assemble(
        Outside(
            site=config.site,
            owner_root=config.owner_root,
            key=ground.key,
            origin=config.log_origin,
            clock=ground.world.clock,
            ids=ground.world.ids,
            trusted=ground.trust.now,
            panels=config.panels(),
            terms=LeaseTerms(),
            stores=ground.disk.stores,
            hub=ground.outbox,
            recorder=ground.renditions,
            live_tracks=ground.studio,
            areas=ground.areas,
            workshop=_workshop(ground),
            viewers=ground.viewers,
            observer=Unobserved(),
            bell=ground.bell,
            metrics=ground.metrics,
        )
    )


def _doors(ground: Ground, heart: Heart, record: Record) -> Doors:
    clock, ids = ground.world.clock, ground.world.ids
    site = ground.config.site
    return Doors(
        site=site,
        heart=heart,
        watch=WatchSite(
            site=site,
            clock=heart.steady,
            board=heart.board,
            grants=heart.grants,
            live=heart.live,
            closing=heart.close_access,
            record=record,
            hub_connected=lambda: ground.bus.connected,
        ),
        bell=ground.bell,
        log=ground.disk.log if ground.config.table.log.public else None,
        pairing=PairDevice(ground.disk.data / PAIRING, clock=clock, ids=ids),
        certificate=ground.trust.certificate,
        agreements=ground.trust.agreements,
        metrics=ground.metrics,
        challenges=Challenges(clock, ids),
        sessions=Sessions(clock, ids),
        strangers=Allowance(clock, burst=30, per_minute=30),
        panels=Allowance(clock, burst=60, per_minute=600),
    )


def _recorder(config: NodeConfig, disk: Disk, clock: Clock) -> IngestProcesses:
    sources = config.sources()
    cores = max(1, len(os.sched_getaffinity(0)))
    recorder = IngestProcesses(
        IngestSetup(
            command=ingest_command(disk.periods_file, disk.key_file),
            configure=Configure(
                owner=UUID(config.site.owner), roots=tuple(map(str, disk.roots))
            ),
            count=config.table.media.processes or default_count(len(sources), cores),
            predecessor=disk.newest_segment,
        ),
        clock=clock,
    )
    for number, source in enumerate(sources):
        recorder.add(source, disk.roots[number % len(disk.roots)])
    return recorder


def _standby(config: NodeConfig, disk: Disk, clock: Clock) -> Standby:
    """Return who gives out redaction processes; none waits before somebody may need one."""
    covers = (config.redaction(UUID(each.id)).covers for each in config.table.cameras)
    return Standby(
        StandbySetup(
            command=redaction_command(disk.periods_file, disk.key_file),
            prepare=Prepare(covers=frozenset().union(*covers), models=_models(config)),
        ),
        clock=clock,
    )


def _areas(config: NodeConfig, disk: Disk) -> ProtectedAreas:
    installed = {each.id: config.redaction(UUID(each.id)) for each in config.site.cameras}
    return ProtectedAreas(installed, disk.stores.drawings.all())


def _studio(
    making: Callable[[StreamKey], Making], disk: Disk, standby: Standby, *, clock: Clock
) -> Studio:
    """Return what makes redacted renditions; it starts nothing before somebody looks."""
    scratch = disk.data / SCRATCH
    scratch.mkdir(mode=0o700, exist_ok=True)

    def _begin(stream: StreamKey) -> Begin:
        return Begin(making=making(stream), scratch=str(scratch))

    return Studio(StudioSetup(standby=standby, begin=_begin), clock=clock)


def _workshop(ground: Ground) -> Workshop:
    config, disk = ground.config, ground.disk
    return Workshop(
        making=partial(_making, config, ground.areas),
        find_file=disk.files.find,
        darkroom=Darkroom(ground.standby),
        folder=disk.data / SCRATCH / "ranges",
    )


def _making(config: NodeConfig, areas: ProtectedAreas, stream: StreamKey) -> Making:
    return Making(
        stream=stream,
        owner=UUID(config.site.owner),
        how=areas.redaction(CameraId(str(stream.camera))),
        models=_models(config),
    )


def _models(config: NodeConfig) -> str:
    models = config.table.media.models
    return str(config.path(models)) if models else ""


def _bus(config: NodeConfig, world: World, key: SigningKey) -> NodeBus:
    hub = config.table.hub
    if not hub.url:
        return NoHub()
    tls = ssl.create_default_context(cafile=str(config.path(hub.ca)) if hub.ca else None)
    return NatsNodeBus(
        config.site.node,
        fetch_access=HubLogin(
            hub.url,
            key=key,
            certificate=read_certificate(config),
            clock=world.clock,
            tls=tls,
        ),
        ids=world.ids,
        on_notice=_notice,
        tls=tls,
    )


def _room(ground: Ground, heart: Heart) -> KeepRoom:
    table, disk = ground.config.table.retention, ground.disk
    return KeepRoom(
        retention=disk.retention,
        files=disk.files,
        pep=heart.pep,
        clock=heart.steady,
        metrics=ground.metrics,
        policy=RoomPolicy(keep_us=keep_days(table.days), min_free_bytes=table.min_free_bytes),
    )


def _revocations(ground: Ground) -> FetchRevocations:
    return FetchRevocations(
        trust=ground.trust,
        serials=ground.disk.serials,
        link=AgencyLink(),
        clock=ground.world.clock,
        metrics=ground.metrics,
    )


def _mqtt(config: NodeConfig, heart: Heart, ids: Ids) -> MqttIntake | None:
    table = config.table.mqtt
    if not table.host:
        return None
    tls = None
    if table.tls:
        cafile = str(config.path(table.ca)) if table.ca else None
        tls = ssl.create_default_context(cafile=cafile)
    password = None
    if table.password_file:
        password = read_secret(config.path(table.password_file)).decode()
    broker = Broker(
        host=table.host,
        port=table.port,
        topic=table.topic or f"handfast/{config.site.node}/signals",
        tls=tls,
        username=table.username or None,
        password=password,
    )
    return MqttIntake(broker, reports=heart.report_signal, ids=ids)


def _notice(text: str) -> None:
    _log.warning("bus: %s", text)
