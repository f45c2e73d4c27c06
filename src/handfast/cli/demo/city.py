"""Make the demo city's files once: roots, hub, agency, three nodes, signed agreements.

Everything is made by the very commands and formats that people use; only the two sides sit
on one machine, so nobody has to carry files.
"""

import argparse
import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import msgspec

from handfast.audit.note import NoteKey
from handfast.cli import agency as agency_cli
from handfast.cli import hub as hub_cli
from handfast.cli import owner as owner_cli
from handfast.cli.command import join_fingerprints
from handfast.cli.demo.places import ADMINISTRATOR, AGENCY, SITES, DemoCamera, DemoSite
from handfast.cli.files import read_signing_key, write_envelope, write_signing_key
from handfast.cli.owner import NodeCard, OwnerCard
from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import CorruptError, UnavailableError
from handfast.kit.ids import Ids
from handfast.node.config import log_origin
from handfast.protocol.ceremony import Subject, certify
from handfast.seal.identity import SigningKey, fingerprint
from handfast.storage.files import make_directory, write_durably

MADE = "demo.json"
ADMINISTRATOR_KEY = "demo-administrator.key"
PANEL = "demo-panel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """TCP ports of the demo, all on loopback, counted from one number."""

    base: int

    @property
    def hub(self) -> int:
        """Where browsers reach the hub."""
        return self.base

    @property
    def bus(self) -> int:
        """Where nodes reach the hub's NATS server."""
        return self.base + 1

    @property
    def start(self) -> int:
        """Where a newcomer begins."""
        return self.base + 5

    @property
    def agency(self) -> int:
        """Where officers reach their agency."""
        return self.base + 10

    @property
    def cameras(self) -> int:
        """Where the simulated cameras are."""
        return self.base + 2

    def node(self, site: DemoSite) -> int:
        """Where an owner reaches their node."""
        return self.base + 21 + SITES.index(site)


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """Where everything lies."""

    folder: Path
    ports: Ports

    @property
    def hub_config(self) -> Path:
        """The hub's configuration."""
        return self.folder / "hub" / "hub.toml"

    @property
    def agency_config(self) -> Path:
        """The agency's configuration."""
        return self.folder / "agency" / agency_cli.CONFIG

    @property
    def agency_root(self) -> Path:
        """Folder of the agency's root, which is kept offline in real life."""
        return self.folder / "roots" / "police"

    def owner_root(self, site: DemoSite) -> Path:
        """Folder of an owner's root, which is kept offline in real life."""
        return self.folder / "roots" / site.folder

    def node(self, site: DemoSite) -> Path:
        """Folder of a site's node."""
        return self.folder / "nodes" / site.folder

    @property
    def start_url(self) -> str:
        """Origin of the demo's front door."""
        return f"http://127.0.0.1:{self.ports.start}"

    @property
    def hub_url(self) -> str:
        """Origin of the hub."""
        return f"http://127.0.0.1:{self.ports.hub}"

    @property
    def agency_url(self) -> str:
        """Origin of the officers' pages."""
        return f"http://127.0.0.1:{self.ports.agency}"

    def node_url(self, site: DemoSite) -> str:
        """Origin of an owner's pages."""
        return f"http://127.0.0.1:{self.ports.node(site)}"


class MadeCity(msgspec.Struct, frozen=True, kw_only=True):
    """`demo.json`: written last, so that a half-made city is made anew."""

    base_port: int
    cameras: int


def made_city(folder: Path) -> City | None:
    """Return the city in `folder` with the ports it was made with; `None` for none.

    Raises:
        CorruptError: What says so cannot be read.
    """
    made = folder / MADE
    if not made.exists():
        return None
    try:
        known = msgspec.json.decode(made.read_bytes(), type=MadeCity)
    except (OSError, msgspec.MsgspecError) as error:
        raise CorruptError(
            f"{made} cannot be read ({error}); delete {folder} to make its city anew, or name "
            "another folder with --folder"
        ) from error
    return City(folder=folder, ports=Ports(base=known.base_port))


def open_or_make(folder: Path, ports: Ports, *, ids: Ids, now_us: int) -> City:
    """Return the city in `folder`, making it when there is none.

    Raises:
        UnavailableError: A step of making it failed.
    """
    made = folder / MADE
    if (known := made_city(folder)) is not None:
        return known
    city = City(folder=folder, ports=ports)
    try:
        make_directory(folder)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UnavailableError(
            f"{folder} cannot be made: {why}; name another folder with --folder"
        ) from error
    _make_hub(city, ids)
    _make_agency(city, ids=ids, now_us=now_us)
    for site in SITES:
        _make_site(city, site, ids)
    cameras = sum(len(site.cameras) for site in SITES)
    text = msgspec.json.encode(MadeCity(base_port=ports.base, cameras=cameras))
    write_durably(made, text, mode=0o644)
    return city


def run_quietly(*arguments: str) -> None:
    """Run one of the program's own commands quietly."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for module in (agency_cli, hub_cli, owner_cli):
        module.add_to(commands)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        parsed = parser.parse_args(join_fingerprints(arguments))
        status = parsed.run(parsed)
    if status != 0:
        raise UnavailableError(f"handfast {' '.join(arguments)} failed:\n{said.getvalue()}")


def _make_hub(city: City, ids: Ids) -> None:
    make_directory(city.hub_config.parent)
    text = f"""id = "{ids.uuid7()}"
directory = "data"

[http]
port = {city.ports.hub}
agency_origins = ["{city.agency_url}"]

[bus]
port = {city.ports.bus}
"""
    write_durably(city.hub_config, text.encode(), mode=0o644)


def _hub_id(city: City) -> str:
    return city.hub_config.read_text("utf-8").split('"')[1]


def _make_agency(city: City, *, ids: Ids, now_us: int) -> None:
    folder, root_folder = city.agency_config.parent, city.agency_root
    if not city.agency_config.exists():
        command = f"agency init {folder} --root {root_folder} --port {city.ports.agency}"
        hub = ("--hub-id", _hub_id(city), "--hub-url", city.hub_url)
        run_quietly(*command.split(), "--name", AGENCY, "--url", city.agency_url, *hub)
        _add_tour(city)
    card = folder / "agency.json"
    run_quietly("hub", "admit", "agency", str(card), "--config", str(city.hub_config), "--yes")
    if (root_folder / ADMINISTRATOR_KEY).exists():
        return
    agency = json.loads(card.read_bytes())
    administrator = SigningKey.generate(ids.secret(32))
    subject = Subject(
        kind="administrator",
        id=str(ids.uuid7()),
        organisation=agency["id"],
        name=ADMINISTRATOR,
        role="administrator",
        sign=administrator.public,
    )
    root = read_signing_key(root_folder / agency_cli.ROOT_KEY)
    certificate = certify(subject, root, serial=now_us, now_us=now_us)
    write_envelope(root_folder / "demo-administrator.cert.json", certificate)
    agency_cli.install_root_certificate(city.agency_config, certificate)
    write_signing_key(root_folder / ADMINISTRATOR_KEY, administrator)


def _add_tour(city: City) -> None:
    """Let the officers' page guide a newcomer through the demo."""
    school, redacted = SITES[0], SITES[-1]
    secret = city.node(school) / "panel.secret"
    command = (
        f"handfast signal raise intrusion --node {city.node_url(school)} "
        f"--panel {PANEL} --secret-file {secret}"
    )
    with city.agency_config.open("a", encoding="utf-8") as file:
        file.write(
            f"\n[tour]\nowner_url = {_quoted(city.start_url + '/' + school.folder)}\n"
            f"signal_command = {_quoted(command)}\n"
            f"redacted_url = {_quoted(city.start_url + '/' + redacted.folder)}\n"
        )


def _make_site(city: City, site: DemoSite, ids: Ids) -> None:
    folder, root = city.node(site), city.owner_root(site)
    for name in ("", "trust/agencies", "trust/certificates", "agreements"):
        make_directory(folder / name)
    if not (root / "owner.json").exists():
        run_quietly("owner", "init", str(root), "--name", site.name)
    key = SigningKey.generate(ids.secret(32))
    node = str(ids.uuid7())
    write_durably(folder / "node.key", key.to_pem())
    origin = log_origin(node)
    card = NodeCard(
        id=node,
        name=site.name,
        sign=b64(key.public),
        log=NoteKey(name=origin, public=key.public).vkey,
    )
    write_durably(folder / "node.json", msgspec.json.encode(card), mode=0o644)
    secret = b64(ids.secret(32)).encode()
    write_durably(folder / "panel.secret", secret)
    owner = msgspec.json.decode((root / "owner.json").read_bytes(), type=OwnerCard)
    write_durably(
        folder / "node.toml", _node_toml(city, site, card, owner, ids).encode(), mode=0o644
    )
    agency_card = (city.agency_config.parent / "agency.json").read_bytes()
    write_durably(folder / "trust" / "agencies" / "police.json", agency_card, mode=0o644)
    _sign(city, site, card)


def _sign(city: City, site: DemoSite, card: NodeCard) -> None:
    """Certify the node, draft the agreement, let both roots sign, install it on both sides."""
    folder, root = city.node(site), city.owner_root(site)
    work = root / "agreement.json"
    agency_card = city.agency_config.parent / "agency.json"
    node_fingerprint = fingerprint(unb64(card.sign))
    certify_node = ("--root", str(root), "--node", "--fingerprint", node_fingerprint)
    out = ("--out", str(folder / "node.cert.json"))
    run_quietly("owner", "certify", str(folder / "node.json"), *certify_node, *out)
    parties = ("--root", str(root), "--node", str(folder / "node.json"))
    draft = ("--agency", str(agency_card), "--out", str(work))
    run_quietly("owner", "agreement", site.template, *parties, *draft)
    signed = folder / "agreements" / "police.json"
    keys = (root / "owner-root.key", city.agency_root / agency_cli.ROOT_KEY)
    for source, key in zip((work, signed), keys, strict=True):
        run_quietly("owner", "sign", str(source), "--key", str(key), "--out", str(signed))
    owner = msgspec.json.decode((root / "owner.json").read_bytes(), type=OwnerCard)
    compared = ("--owner-fingerprint", fingerprint(unb64(owner.root)))
    config = ("--config", str(city.agency_config))
    run_quietly("agency", "install", str(signed), *config, *compared)
    hub = ("--config", str(city.hub_config), "--yes")
    run_quietly("hub", "admit", "owner", str(root / "owner.json"), *hub)


def _node_toml(city: City, site: DemoSite, card: NodeCard, owner: OwnerCard, ids: Ids) -> str:
    cameras = "".join(_camera_toml(city, camera, str(ids.uuid7())) for camera in site.cameras)
    return f"""id = "{card.id}"

[owner]
id = "{owner.id}"
name = {_quoted(owner.name)}
root = "{owner.root}"

[site]
name = {_quoted(site.name)}
kind = "{site.kind}"
lon = {site.place.lon}
lat = {site.place.lat}

[hub]
url = "{city.hub_url}"

[listen]
port = {city.ports.node(site)}
origin = "{city.node_url(site)}"

[retention]
days = 1.0

[[panels]]
id = "{PANEL}"
secret_file = "panel.secret"
signals = ["intrusion"]
{cameras}"""


def _camera_toml(city: City, camera: DemoCamera, id_: str) -> str:
    url = f"rtsp://127.0.0.1:{city.ports.cameras}/cam{camera.source}"
    return f"""
[[cameras]]
id = "{id_}"
name = {_quoted(camera.name)}
lon = {camera.place.lon}
lat = {camera.place.lat}
heading_deg = {float(camera.heading_deg)}
angle_deg = {float(camera.angle_deg)}
range_m = {float(camera.range_m)}
main = "{url}"
sub = "{url}/sub"
"""


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
