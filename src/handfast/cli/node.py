"""`handfast node`: make, run and explain a site node, and pair the owner's devices with it."""

import argparse
from pathlib import Path

import anyio
import msgspec
import segno

from handfast.cli.command import Commands, add_command, add_group
from handfast.cli.files import read_json, write_signing_key
from handfast.cli.stderr_log import log_to_stderr
from handfast.kit.clock import SystemClock
from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import ConflictError
from handfast.kit.ids import SystemIds
from handfast.node.app import PAIRING, World
from handfast.node.config import explain_config, log_origin, read_config
from handfast.node.identity import node_card
from handfast.node.serve import serve
from handfast.node.usecases.pair_device import PairDevice, pairing_link
from handfast.seal.identity import SigningKey, fingerprint
from handfast.storage.files import make_directory, write_durably

CONFIG = "node.toml"
_PANEL_SECRET_BYTES = 32
_FOLDERS = ("trust/agencies", "trust/certificates", "trust/revocations", "agreements")
_TEMPLATE = """# A site node. `handfast node config --explain` lists every key.
id = {id}

[owner]
id = {owner_id}
name = {owner_name}
root = {owner_root}

[site]
name = {name}
kind = {kind}
lon = {lon}
lat = {lat}

[hub]
url = {hub_url}

[listen]
host = "127.0.0.1"
port = {port}

[[panels]]
id = "hall"
secret_file = "panel-hall.secret"
signals = ["intrusion"]

# One [[cameras]] table for each camera.
"""


class OwnerCard(msgspec.Struct, frozen=True, kw_only=True):
    """The owner's public side, `owner.json`, as `handfast owner init` writes it."""

    id: str
    name: str
    root: str


def add_to(commands: Commands) -> None:
    """Add `handfast node ...`."""
    group = add_group(
        commands,
        "node",
        summary="Run a site node: it records, decides, logs and releases.",
        example="handfast node run --config /etc/handfast/node.toml",
    )
    _add_init(group)
    parser = add_command(
        group,
        "run",
        summary="Record and serve until stopped.",
        example="handfast node run --config /etc/handfast/node.toml",
        run=run_node,
    )
    parser.add_argument("--config", type=Path, required=True, help="the node.toml")
    parser = add_command(
        group,
        "pair",
        summary="Print a one-time code with which a new device of the owner's may ask.",
        example="handfast node pair --config /etc/handfast/node.toml",
        run=pair,
    )
    parser.add_argument("--config", type=Path, required=True, help="the node.toml")
    parser = add_command(
        group,
        "config",
        summary="Check a configuration, or explain every key.",
        example="handfast node config --explain\nhandfast node config --config node.toml",
        run=config,
    )
    parser.add_argument("--config", type=Path, help="check this node.toml")
    parser.add_argument("--explain", action="store_true", help="print every key")


def run(arguments: argparse.Namespace) -> int:
    """Run the parsed command."""
    return int(arguments.run(arguments))


def _add_init(group: Commands) -> None:
    parser = add_command(
        group,
        "init",
        summary="Make a node: its key, its public card, a configuration to complete.",
        example="handfast node init /etc/handfast/kallio --owner owner.json "
        "--name 'Kallio school' --kind school --lon 24.9506 --lat 60.1841",
        run=init,
    )
    parser.add_argument("folder", type=Path, help="where the node keeps its files")
    parser.add_argument("--owner", type=Path, required=True, help="the owner's owner.json")
    parser.add_argument("--name", required=True, help="what people call the place")
    parser.add_argument("--kind", default="site", help="school, shop, transit, ...")
    parser.add_argument("--lon", type=float, required=True, help="degrees east")
    parser.add_argument("--lat", type=float, required=True, help="degrees north")
    parser.add_argument("--hub-url", default="", help="the city's hub; empty: work alone")
    parser.add_argument("--port", type=int, default=8720, help="port (default: 8720)")


def init(arguments: argparse.Namespace) -> int:
    """Run `handfast node init`."""
    ids = SystemIds(SystemClock())
    folder: Path = arguments.folder
    if (folder / CONFIG).exists():
        raise ConflictError(f"{folder / CONFIG} exists already; choose another folder")
    owner = read_json(arguments.owner, OwnerCard)
    for each in _FOLDERS:
        make_directory(folder / each)
    key, node = SigningKey.generate(ids.secret(32)), str(ids.uuid7())
    write_signing_key(folder / "node.key", key)
    card = node_card(node, arguments.name, origin=log_origin(node), key=key)
    write_durably(folder / "node.json", msgspec.json.encode(card) + b"\n", mode=0o644)
    secret = b64(ids.secret(_PANEL_SECRET_BYTES)).encode()
    write_durably(folder / "panel-hall.secret", secret + b"\n")
    values = {
        "id": node,
        "owner_id": owner.id,
        "owner_name": owner.name,
        "owner_root": owner.root,
        "name": arguments.name,
        "kind": arguments.kind,
        "lon": arguments.lon,
        "lat": arguments.lat,
        "hub_url": arguments.hub_url,
        "port": arguments.port,
    }
    # JSON strings and numbers are TOML strings and numbers.
    text = _TEMPLATE.format(**{k: msgspec.json.encode(v).decode() for k, v in values.items()})
    write_durably(folder / CONFIG, text.encode(), mode=0o644)
    print(f"Made the node of {arguments.name} in {folder}. Add its cameras to {CONFIG}.")
    print(f"Its fingerprint, for the owner to compare: {key.fingerprint}")
    print("Next: handfast owner certify --node node.json, then install node.cert.json here.")
    return 0


def run_node(arguments: argparse.Namespace) -> int:
    """Run `handfast node run`."""
    log_to_stderr()
    clock = SystemClock()
    world = World(clock=clock, ids=SystemIds(clock))
    settings = read_config(arguments.config)
    options = {"use_uvloop": True}
    anyio.run(serve, settings, world, backend="asyncio", backend_options=options)
    return 0


def pair(arguments: argparse.Namespace) -> int:
    """Run `handfast node pair`."""
    clock = SystemClock()
    settings = read_config(arguments.config)
    folder = settings.path(settings.table.folders.data) / PAIRING
    code = PairDevice(folder, clock=clock, ids=SystemIds(clock)).new_code()
    listen = settings.table.listen
    scheme = "https" if listen.certificate else "http"
    origin = listen.origin or f"{scheme}://{listen.host}:{listen.port}"
    root = fingerprint(unb64(settings.table.owner.root))
    link = pairing_link(origin, code, root=root)
    segno.make(link, micro=False).terminal(compact=True)
    print(f"On the device scan this, or open: {link}")
    print(f"Or open {origin}/owner/ and enter the code {code}, good for 15 minutes.")
    print("The owner's root, which the link brings along; compare it with the owner's card:")
    print(f"    {' '.join(root[at : at + 4] for at in range(0, len(root), 4))}")
    print("Then certify the device's request, which appears in")
    print(f"{folder / 'requests'}, with: handfast owner certify")
    return 0


def config(arguments: argparse.Namespace) -> int:
    """Run `handfast node config`."""
    if arguments.explain or arguments.config is None:
        print(explain_config())
        return 0
    settings = read_config(arguments.config)
    cameras, panels = len(settings.site.cameras), len(settings.panels())
    print(f"{arguments.config}: {cameras} cameras, {panels} panels; nothing is wrong with it")
    return 0
