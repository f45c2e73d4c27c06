"""`handfast hub`: make, run and explain a city hub, and admit owners and agencies to it."""

import argparse
import asyncio
import logging
from pathlib import Path
from typing import Final, TypeVar

import uvloop

from handfast.cli.command import Commands, add_command, add_group
from handfast.cli.stderr_log import log_to_stderr
from handfast.hub.app import DATABASE, World
from handfast.hub.config import HubConfig, load
from handfast.hub.serve import serve
from handfast.hub.usecases.admit import (
    Admitted,
    Card,
    admit,
    keep_revocation,
    read_card,
)
from handfast.kit.clock import SystemClock
from handfast.kit.configuration import explain
from handfast.kit.encoding import unb64
from handfast.kit.errors import ConflictError, InvalidError
from handfast.kit.ids import SystemIds
from handfast.seal.identity import fingerprint
from handfast.storage.files import make_directory, write_durably
from handfast.storage.hub_rows import OrganisationKind
from handfast.storage.sqlite_hub import SqliteHubStore

CONFIG: Final = "hub.toml"
_TEMPLATE: Final = """# A city hub. `handfast hub config --explain` lists every key.
id = "{id}"
directory = "data"

[http]
host = "127.0.0.1"
port = 8600
agency_origins = []

[bus]
host = "127.0.0.1"
port = 8622
"""

_Parser = TypeVar("_Parser", bound=argparse.ArgumentParser)


def add_to(commands: Commands) -> None:
    """Add the command group."""
    group = add_group(
        commands,
        "hub",
        summary="Run a city hub: registry, incidents, relay. It can decrypt nothing.",
        example="handfast hub init city && handfast hub run --config city/hub.toml",
    )
    init = add_command(
        group,
        "init",
        summary="Write a configuration with a new hub id.",
        example="handfast hub init city",
        run=_init,
    )
    init.add_argument("directory", type=Path, help="made when missing")
    _with_config(
        add_command(
            group,
            "run",
            summary="Run the hub and its NATS server until Ctrl-C.",
            example="handfast hub run --config city/hub.toml",
            run=_run,
        )
    )
    _add_admit(group)
    shown = add_command(
        group,
        "config",
        summary="Check a configuration, or explain every key.",
        example="handfast hub config --explain\nhandfast hub config --config city/hub.toml",
        run=_config,
    )
    _with_config(shown)
    shown.add_argument("--explain", action="store_true", help="print all keys with defaults")


def run(args: argparse.Namespace) -> int:
    """Run the parsed command."""
    return int(args.run(args))


def _add_admit(group: Commands) -> None:
    parser = _with_config(
        add_command(
            group,
            "admit",
            summary="Enrol an owner or agency, or take a revocation list, from a file.",
            example="handfast hub admit owner owner.json --config city/hub.toml",
            run=_admit,
        )
    )
    parser.add_argument(
        "what", choices=("owner", "agency", "revocation"), help="what the file is"
    )
    parser.add_argument("file", type=Path, help="as the organisation handed it over")
    parser.add_argument("--yes", action="store_true", help="the fingerprint was compared")
    parser.add_argument("--fingerprint", help="the fingerprint it must have")


def _with_config(parser: _Parser) -> _Parser:
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(CONFIG),
        metavar="FILE",
        help=f"the hub's configuration (default: {CONFIG})",
    )
    return parser


def _init(args: argparse.Namespace) -> int:
    path = args.directory / CONFIG
    if path.exists():
        raise ConflictError(f"{path} exists already; edit it or choose another directory")
    make_directory(args.directory)
    id_ = str(SystemIds(SystemClock()).uuid7())
    write_durably(path, _TEMPLATE.format(id=id_).encode(), mode=0o644)
    print(f"wrote {path} for hub {id_}")
    return 0


def _run(args: argparse.Namespace) -> int:
    config = load(args.config)
    log_to_stderr()
    clock = SystemClock()
    world = World(clock=clock, ids=SystemIds(clock), logger=logging.getLogger("handfast.hub"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(config, world))
    return 0


def _config(args: argparse.Namespace) -> int:
    if args.explain:
        print(explain(HubConfig), end="")
        return 0
    config = load(args.config)
    print(f"{args.config}: hub {config.id}, data in {config.directory}")
    return 0


def _admit(args: argparse.Namespace) -> int:
    config = load(args.config)
    try:
        text = args.file.read_bytes()
    except OSError as error:
        raise InvalidError(f"{args.file}: {error.strerror}") from error
    make_directory(Path(config.directory))
    store = SqliteHubStore(Path(config.directory) / DATABASE)
    try:
        if args.what == "revocation":
            row = asyncio.run(store.transact(lambda tables: keep_revocation(tables, text)))
            print(f"{len(row.revoked)} keys are revoked by {row.issuer}, list {row.serial}")
            return 0
        return _admit_organisation(args, store, read_card(text))
    finally:
        store.close()


def _admit_organisation(args: argparse.Namespace, store: SqliteHubStore, card: Card) -> int:
    kind: OrganisationKind = args.what
    name = fingerprint(unb64(card.root))
    print(f"{kind} {card.name} ({card.id})\nroot fingerprint {name}")
    if args.fingerprint is not None and args.fingerprint != name:
        raise InvalidError(f"its fingerprint is not {args.fingerprint}; do not admit it")
    if not (args.yes or args.fingerprint):
        print("Compare it with what they show you outside this system, then add --fingerprint.")
        return 1
    now_us = SystemClock().now_us()
    done: Admitted = asyncio.run(
        store.transact(lambda tables: admit(tables, kind, card, now_us=now_us))
    )
    print(f"admitted, with {len(done.certificates)} certificates")
    return 0
