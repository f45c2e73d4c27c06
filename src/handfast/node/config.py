"""The node's configuration: one TOML file, checked at start, unknown keys refused.

Relative paths are relative to the file's folder. Secrets stand in files of their own (0600).
"""

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec

from handfast.kit.configuration import explain, read_table
from handfast.kit.encoding import unb64
from handfast.kit.errors import InvalidError
from handfast.media.rtsp_auth import Credentials
from handfast.media.source import CameraSource, TlsTrust
from handfast.media.units import StreamKey
from handfast.model.camera import Camera, CameraId, NodeId, OwnerId, Place, Site
from handfast.model.media import Stream
from handfast.node.redaction.orders import Area, CameraRedaction, Covers
from handfast.node.signals.panels import Panel
from handfast.web.listen import Listen

_SHORTEST_SECRET = 16
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def _said(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class OwnerTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[owner]`: whose node it is; copy it from the owner's `owner.json`."""

    id: Annotated[str, _said("the owner's UUID")]
    name: Annotated[str, _said("what people call the owner")]
    root: Annotated[str, _said("the owner root's public key, base64url")]


class SiteTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[site]`: the premises on the map."""

    name: Annotated[str, _said("what people call the place")]
    kind: Annotated[str, _said("what it is to people: school, shop, transit, ...")]
    lon: Annotated[float, _said("degrees east, WGS 84")]
    lat: Annotated[float, _said("degrees north, WGS 84")]


class HubTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[hub]`: the city's hub; the node dials out to it and works without it."""

    url: Annotated[str, _said("address, https://...; empty: the node works alone")] = ""
    ca: Annotated[str, _said("PEM file of the hub's authority; empty: the system's")] = ""


class ListenTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[listen]`: where panels and the owner's devices reach the node."""

    host: Annotated[str, _said("address; plain HTTP on loopback only")] = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(description="TCP port", ge=0, le=65535)] = 8720
    certificate: Annotated[str, _said("PEM chain; empty: plain HTTP")] = ""
    key: Annotated[str, _said("PEM private key of the certificate")] = ""
    origin: Annotated[str, _said("address the owner types, e.g. https://school.local:8720")] = (
        ""
    )


class LogTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[log]`: the owner's log."""

    origin: Annotated[str, _said("its name for ever; empty: handfast/<node id>")] = ""
    public: Annotated[bool, _said("serve checkpoint and tiles under /log/ to anybody")] = True


class MqttTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[mqtt]`: a broker that panels report to."""

    host: Annotated[str, _said("host of the broker; empty: no MQTT")] = ""
    port: Annotated[int, msgspec.Meta(description="TCP port", ge=1, le=65535)] = 8883
    tls: Annotated[bool, _said("encrypt; without it only a broker on loopback is used")] = True
    ca: Annotated[str, _said("PEM file of the broker's authority; empty: the system's")] = ""
    username: Annotated[str, _said("login; empty: none")] = ""
    password_file: Annotated[str, _said("file (0600) with the password")] = ""
    topic: Annotated[str, _said("empty: handfast/<node id>/signals")] = ""


class FoldersTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[folders]`: where the node keeps things."""

    data: Annotated[str, _said("databases and the wrapping key; out of backups")] = "data"
    recordings: Annotated[tuple[str, ...], _said("one folder per disk")] = ("recordings",)
    trust: Annotated[str, _said("agencies/, certificates/, revocations/")] = "trust"
    agreements: Annotated[str, _said("countersigned agreements, *.json")] = "agreements"


class RetentionTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[retention]`: when recordings go, oldest unfrozen first; each removal is logged."""

    days: Annotated[float, msgspec.Meta(description="recordings older than this go", gt=0)] = (
        14.0
    )
    min_free_bytes: Annotated[int, msgspec.Meta(description="kept free on each disk", ge=0)] = (
        2_000_000_000
    )


Corners: TypeAlias = list[tuple[float, float]]
"""Three or more corners of an area, as shares of the picture's width and height, 0 to 1."""


class MediaTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[media]`: the ingest processes, and what finds people to cover."""

    processes: Annotated[
        int, msgspec.Meta(description="how many; 0: as many as the cameras need", ge=0)
    ] = 0
    models: Annotated[
        str, _said("file with detectors of your own (docs/reference/models.md); empty: ours")
    ] = ""


class CameraTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[cameras]]`."""

    id: Annotated[str, _said("a UUID; never changes, recordings bear it")]
    name: Annotated[str, _said("what people call it")]
    lon: Annotated[float, _said("where it stands, degrees east")]
    lat: Annotated[float, _said("where it stands, degrees north")]
    heading_deg: Annotated[float, _said("where it looks, clockwise from north, 0..360")]
    angle_deg: Annotated[float, _said("horizontal field of view, degrees")]
    range_m: Annotated[float, _said("how far a person can be made out, metres")]
    main: Annotated[str, _said("rtsp:// or rtsps:// address without a login")]
    sub: Annotated[str, _said("address of the small stream; empty: none")] = ""
    credentials_file: Annotated[str, _said("file (0600) with user:password; empty: none")] = ""
    reader: Annotated[Literal["handfast", "pyav"], _said("pyav for odd cameras")] = "handfast"
    audio: Annotated[bool, _said("record sound when the camera offers it")] = True
    ca: Annotated[str, _said("rtsps: PEM file of the camera's authority")] = ""
    sha256: Annotated[str, _said("rtsps: fingerprint of its certificate, hexadecimal")] = ""
    unverified: Annotated[bool, _said("rtsps: accept any certificate")] = False
    covers: Annotated[
        tuple[Covers, ...], _said("what redaction covers: persons, faces, vehicles")
    ] = (Covers.PERSONS, Covers.FACES)
    fixed: Annotated[bool, _said("it never moves: cover what moves, too")] = True
    mosaic: Annotated[bool, _said("coarse cells where redaction fills solidly")] = False
    masks: Annotated[list[Corners], _said("areas that are always covered")] = []
    children: Annotated[list[Corners], _said("areas with children: strictest redaction")] = []


class PanelTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[panels]]`."""

    id: Annotated[str, _said("the panel's name in its reports")]
    secret_file: Annotated[str, _said("file (0600) with the shared secret, 16 bytes or more")]
    signals: Annotated[list[str], _said("signals it may raise, e.g. intrusion")]


class NodeTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    id: Annotated[str, _said("the node's UUID")]
    key: Annotated[str, _said("PEM file (0600) of the node's signing key")] = "node.key"
    certificate: Annotated[str, _said("the owner root's certificate of the node")] = (
        "node.cert.json"
    )
    owner: OwnerTable
    site: SiteTable
    hub: HubTable = HubTable()
    listen: ListenTable = ListenTable()
    log: LogTable = LogTable()
    mqtt: MqttTable = MqttTable()
    folders: FoldersTable = FoldersTable()
    retention: RetentionTable = RetentionTable()
    media: MediaTable = MediaTable()
    cameras: list[CameraTable] = []
    panels: list[PanelTable] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig:
    """The file with the folder it lies in."""

    folder: Path
    table: NodeTable

    def path(self, name: str) -> Path:
        """Return where a file or folder of the configuration lies."""
        return self.folder / name

    @property
    def listen(self) -> Listen:
        """Where to listen; refuses plain HTTP beyond loopback."""
        table = self.table.listen
        return Listen(
            host=table.host,
            port=table.port,
            certificate=self.path(table.certificate) if table.certificate else None,
            key=self.path(table.key) if table.key else None,
        )

    @property
    def log_origin(self) -> str:
        """Name of the owner's log."""
        return self.table.log.origin or log_origin(self.table.id)

    @property
    def site(self) -> Site:
        """The premises with their cameras.

        Raises:
            InvalidError: A camera stands nowhere, or an id is none.
        """
        table = self.table
        try:
            return Site(
                node=NodeId(str(UUID(table.id))),
                owner=OwnerId(str(UUID(table.owner.id))),
                name=table.site.name,
                kind=table.site.kind,
                place=Place(lon=table.site.lon, lat=table.site.lat),
                cameras=tuple(_camera(each) for each in table.cameras),
            )
        except ValueError as error:
            raise InvalidError(f"{self.folder}: {error}; correct node.toml") from error

    @property
    def owner_root(self) -> bytes:
        """The owner root's public key."""
        return unb64(self.table.owner.root)

    def sources(self) -> list[CameraSource]:
        """Return how to reach each stream.

        Raises:
            InvalidError: An address can never work, or a file is missing or open to others.
        """
        return [
            _source(self, camera, stream, url)
            for camera in self.table.cameras
            for stream, url in ((Stream.MAIN, camera.main), (Stream.SUB, camera.sub))
            if url
        ]

    def redaction(self, camera: UUID) -> CameraRedaction:
        """Return how a camera's pictures are redacted."""
        table = next(each for each in self.table.cameras if UUID(each.id) == camera)
        return CameraRedaction(
            covers=frozenset(table.covers),
            fixed=table.fixed,
            mosaic=table.mosaic,
            masks=tuple(Area(points=tuple(corners)) for corners in table.masks),
            children=tuple(Area(points=tuple(corners)) for corners in table.children),
        )

    def panels(self) -> Mapping[str, Panel]:
        """Return the panels by id; errors as in `read_secret`."""
        return {
            each.id: Panel(
                id=each.id,
                secret=_panel_secret(self.path(each.secret_file)),
                signals=frozenset(each.signals),
            )
            for each in self.table.panels
        }


def read_config(path: Path) -> NodeConfig:
    """Read `node.toml`.

    Raises:
        InvalidError: It is missing, no TOML, or has unknown or wrong keys.
    """
    return NodeConfig(folder=path.parent, table=read_table(path, NodeTable))


def explain_config() -> str:
    """Write every key with its default and meaning, as TOML."""
    lists: dict[str, type[msgspec.Struct]] = {"cameras": CameraTable, "panels": PanelTable}
    text = explain(NodeTable)
    passed_over = {"#", *(f"{name} = []" for name in lists)}
    kept = [line for line in text.splitlines() if line not in passed_over]
    tables = [f"[[{name}]]\n{explain(table)}" for name, table in lists.items()]
    return "\n".join([*kept, "", *tables])


def log_origin(node: str) -> str:
    """Return the name of a node's log when its configuration gives none."""
    return f"handfast/{node}"


def read_secret(path: Path) -> bytes:
    """Read a file that only its owner may read, without its last line end.

    Raises:
        InvalidError: It is missing or others may read it.
    """
    try:
        if path.stat().st_mode & _OTHERS:
            raise InvalidError(f"{path}: others may read this secret; chmod 600 it")
        return path.read_bytes().removesuffix(b"\n")
    except OSError as error:
        raise InvalidError(f"{path}: {error.strerror}; make the file, mode 0600") from error


def _panel_secret(path: Path) -> bytes:
    secret = read_secret(path)
    if len(secret) < _SHORTEST_SECRET:
        raise InvalidError(f"{path}: a panel's secret has at least 16 bytes")
    return secret


def _camera(table: CameraTable) -> Camera:
    return Camera(
        id=CameraId(str(UUID(table.id))),
        name=table.name,
        place=Place(lon=table.lon, lat=table.lat),
        heading_deg=table.heading_deg,
        angle_deg=table.angle_deg,
        range_m=table.range_m,
        streams=(Stream.MAIN, Stream.SUB) if table.sub else (Stream.MAIN,),
        children=bool(table.children),
    )


def _source(config: NodeConfig, camera: CameraTable, stream: Stream, url: str) -> CameraSource:
    credentials = None
    if camera.credentials_file:
        text = read_secret(config.path(camera.credentials_file)).decode()
        user, _, password = text.partition(":")
        credentials = Credentials(user=user, password=password)
    return CameraSource(
        key=StreamKey(UUID(camera.id), stream.value),
        url=url,
        credentials=credentials,
        trust=TlsTrust(
            ca_file=str(config.path(camera.ca)) if camera.ca else "",
            sha256=bytes.fromhex(camera.sha256),
            unverified=camera.unverified,
        ),
        audio=camera.audio and stream is Stream.MAIN,
        reader=camera.reader,
    )
